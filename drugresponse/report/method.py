"""What was joined and lost, how the model was made, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.report.page import Html, count, list_items, number, paragraph, section, table, text
from drugresponse.report.wording import learner_words, measure_of, measure_words, scheme_words

__all__ = ["joined_rows", "joining_section", "method_section", "plain"]

_JOINED = {
    "samples": "Samples with genotype and response",
    "drugs": "Drugs",
    "pairs": "Measured pairs of sample and drug",
    "samples_without_genotype": "Samples left out: response, no genotype",
    "samples_without_response": "Samples left out: genotype, no response",
    "drugs_without_structure": "Drugs without a structure",
    "repeated_rows": "Rows averaged into another of the same pair",
}
_FEATURES = {
    "given": "Genotype features given",
    "varying": "Genotype features that vary and enter the learner",
    "used": "Genotype features that bear weight in the model",
}


def joined_rows(counts: Mapping[str, int]) -> list[list[str]]:
    """Rows of a table on what a join kept and lost."""
    return [[words, f"{counts[key]:,}"] for key, words in _JOINED.items() if key in counts]


def joining_section(manifest: Mapping[str, Any]) -> Html:
    """Counts of the join and of the features."""
    rows = joined_rows(manifest["training"])
    rows += [[words, f"{manifest['features'][key]:,}"] for key, words in _FEATURES.items()]
    return section("What was joined, and what was lost", table(["", "Number"], rows))


def method_section(manifest: Mapping[str, Any]) -> Html:
    """Learner, notes, settings, versions and checksums."""
    settings = [[key, plain(value)] for key, value in sorted(manifest["parameters"].items())]
    inputs = {key: value for key, value in manifest.get("inputs", {}).items() if key != "sha256"}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))
    sums = [[role, text(plain(value))] for role, value in sorted(inputs.items())]
    return section(
        "Method and settings",
        list_items(_method_lines(manifest)),
        _inner_comparison(manifest),
        table(["Setting", "Value"], settings, words=2),
        table(["Input", "SHA-256"], sums, words=2) if sums else Html(),
        paragraph(f"Versions: {versions}.", "quiet"),
    )


def _method_lines(manifest: Mapping[str, Any]) -> list[str]:
    covariates = ", ".join(map(str, manifest["covariates"])) or "none"
    lines = [
        f"Learner: {learner_words(manifest)}. Seed: {manifest['seed']}.",
        f"Measure: {measure_words(measure_of(manifest))}. Covariates: {covariates}.",
        f"Held-out rows: scheme {scheme_words(manifest)}. Encoders and means were fitted on the training rows of each "
        "fold only.",
    ]
    notes = manifest["notes"]
    return lines + _note_lines(notes.get("chosen_learner", notes))


def _note_lines(notes: Mapping[str, Any]) -> list[str]:
    """What a learner's notes mean; notes that are not known here are given as they are."""
    lines = []
    if "epochs" in notes:
        lines.append(_epoch_words(int(notes["epochs"]), notes.get("held_out_rmse")))
    if "boosters" in notes:
        how = "one for each drug" if notes.get("one_booster_per_drug") else "shared by drugs"
        lines.append(f"Trees: {count(int(notes['boosters']), 'booster')}, {how}, on top of a ridge.")
    if "rank" in notes:
        patterns = count(int(notes["rank"]), "factor")
        lines.append(f"Interaction of samples and drugs: {patterns}, chosen on held-out cells; 0 is none.")
    if "block_scales" in notes:
        scales = ", ".join(f"{block} {number(float(scale))}" for block, scale in notes["block_scales"].items())
        lines.append(f"Scales of the blocks of features: {scales or 'none'}.")
    told = (
        "epochs",
        "held_out_rmse",
        "boosters",
        "one_booster_per_drug",
        "rank",
        "block_scales",
        "chosen",
        "inner_rmse",
    )
    lines += [f"{key}: {plain(value)}." for key, value in notes.items() if key not in told]
    return lines


def _epoch_words(epochs: int, errors: Mapping[str, float] | None) -> str:
    if epochs == 0:
        return "Epochs: 0. Training added nothing to the ridge that the network starts from."
    words = f"Epochs: {epochs}, chosen on rows held out by the same scheme."
    if errors:
        start, end = errors["epoch_0"], errors["chosen"]
        words += f" RMSE there: {number(start)} at epoch 0, which is the ridge, and {number(end)} at the chosen epoch."
    return words


def _inner_comparison(manifest: Mapping[str, Any]) -> Html:
    errors = manifest["notes"].get("inner_rmse")
    if not errors:
        return Html()
    chosen = manifest["notes"]["chosen"]
    rows = [
        [Html(f"<b>{text(name)}</b> (chosen)") if name == chosen else name, number(float(rmse))]
        for name, rmse in sorted(errors.items(), key=lambda each: (each[1], each[0]))
    ]
    return Html(
        table(["Learner", "Inner RMSE"], rows, caption="What auto compared")
        + paragraph(
            "Folds of the same scheme. The simpler learner is kept unless another is better by more than the noise of "
            "the folds, so the lowest RMSE need not win. These errors chose the learner; they do not judge it.",
            "quiet",
        )
    )


def plain(value: Any) -> str:
    """A setting in words.

    Examples
    --------
    >>> plain(True), plain(None), plain([1, 2]), plain(0.25)
    ('yes', 'not set', '1, 2', '0.250')
    """
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value)) or "none"
    return number(value) if isinstance(value, float) else str(value)
