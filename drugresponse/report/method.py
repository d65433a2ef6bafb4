"""What was joined and lost, how the model was made, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.description import auto_words, block_words, why_none_is_used
from drugresponse.learners.level_sizes import level_words
from drugresponse.learners.registry import AUTO, NAIVE
from drugresponse.learners.studies.shifts import study_words
from drugresponse.report.blocks import Block, Items, Part, Table, Words
from drugresponse.report.page import count, number
from drugresponse.report.wording import learner_words, measure_of, measure_words, scheme_words

__all__ = ["joined_rows", "joining_part", "method_part", "plain"]

_JOINED = {
    "samples": "Samples with genotype and response",
    "drugs": "Drugs",
    "pairs": "Measured pairs of sample and drug",
    "samples_without_genotype": "Samples left out: response, no genotype",
    "samples_without_response": "Samples left out: genotype, no response",
    "drugs_without_structure": "Drugs without a structure",
    "repeated_rows": "Rows averaged into another of the same pair",
    "censored_rows": "Responses that are limits (column censor)",
}
_FEATURES = {
    "given": "Genotype features given",
    "varying": "Genotype features that vary",
    "parents": "Genotype features that are sums over a family or another parent",
    "used": "Genotype features that bear weight in the model",
}
_AUTO = ("weights", "inner_rmse", "inner_loss", "not_tried", "learners")
_TOLD = (
    "segments",
    "segment_features",
    "segment_penalties",
    "segment_targets",
    "epochs",
    "held_out_rmse",
    "held_out_gain",
    "held_out_loss",
    "held_out_loss_gain",
    "censored",
    "boosters",
    "one_booster_per_drug",
    "trees_on_samples",
    "rank",
    "block_scales",
    "width",
)


def joined_rows(counts: Mapping[str, int]) -> list[list[str]]:
    """Rows of a table on what a join kept and lost."""
    return [[words, f"{counts[key]:,}"] for key, words in _JOINED.items() if key in counts]


def joining_part(manifest: Mapping[str, Any]) -> Part:
    """Counts of the join and of the features."""
    counts = dict(manifest["training"])
    if manifest.get("outcome", {}).get("kind", "continuous") != "continuous":
        counts.pop("censored_rows", None)  # limits of other outcomes stand in the first line
    rows = joined_rows(counts)
    rows += [
        [words, f"{manifest['features'][key]:,}"] for key, words in _FEATURES.items() if key in manifest["features"]
    ]
    rows[-1][0] += why_none_is_used(manifest)
    findings = [[finding["severity"], str(finding["message"])] for finding in manifest.get("findings") or []]
    audit = [Table(["Kind", "Found in the inputs"], findings, words=2)] if findings else []
    return Part("What was joined, and what was lost", [Table(["What", "Number"], rows), *audit])


def method_part(manifest: Mapping[str, Any]) -> Part:
    """Learner, notes, settings, versions and checksums."""
    settings = [[key, plain(value)] for key, value in sorted(manifest["parameters"].items())]
    inputs = {key: value for key, value in manifest.get("inputs", {}).items() if key not in ("sha256", "reading")}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))
    sums = [[role, plain(value)] for role, value in sorted(inputs.items())]
    blocks = [
        Items(_method_lines(manifest)),
        *_inner_comparison(manifest),
        Table(["Setting", "Value"], settings, words=2),
    ]
    blocks += [Table(["Input", "SHA-256"], sums, words=2)] if sums else []
    return Part("Method and settings", [*blocks, Words(f"Versions: {versions}.", quiet=True)])


def _method_lines(manifest: Mapping[str, Any]) -> list[str]:
    covariates = ", ".join(map(str, manifest["covariates"])) or "none"
    lines = [
        f"Learner: {learner_words(manifest)}. Seed: {manifest['seed']}.",
        f"Measure: {measure_words(measure_of(manifest))}. Covariates: {covariates}.",
        f"Held-out rows: scheme {scheme_words(manifest)}. Encoders and means were fitted on the training rows of each "
        "fold only.",
        *(
            f"{line}."
            for line in (
                *lineage_words(manifest.get("lineages")),
                *study_words(manifest.get("studies")),
                *block_words(manifest),
            )
        ),
    ]
    notes = manifest["notes"]
    lines += auto_words(notes) + level_words(notes)
    learners = notes.get("learners", {})
    for name, own_notes in learners.items():
        lines += [f"{name}: {line}" if len(learners) > 1 else line for line in _note_lines(own_notes)]
    return lines + _note_lines({key: value for key, value in notes.items() if key not in _AUTO})


def _note_lines(notes: Mapping[str, Any]) -> list[str]:
    """What a learner's notes mean; notes that are not known here are given as they are."""
    lines = []
    if "epochs" in notes:
        lines.append(_epoch_words(notes))
    if "censored" in notes:
        lines.append(
            f"Censored responses: {int(notes['censored']):,}. Training asks that a prediction be beyond the limit, by "
            "the Tobit likelihood, which also counts them in the errors by which epochs are chosen; the ridge that it "
            "starts from takes them at the limit."
        )
    if "boosters" in notes:
        lines.append(_tree_words(notes))
    if "rank" in notes:
        patterns = count(int(notes["rank"]), "factor")
        lines.append(f"Interaction of samples and drugs: {patterns}, each with a penalty of its own; 0 is none.")
    if "block_scales" in notes:
        scales = ", ".join(f"{block} {number(float(scale))}" for block, scale in notes["block_scales"].items())
        lines.append(f"Scales of the blocks of features: {scales or 'none'}.")
    if "width" in notes:
        width = number(float(notes["width"]))
        lines.append(f"Width of the Gaussian kernel: {width} times the median distance between samples.")
    lines += [f"{key}: {plain(value)}." for key, value in notes.items() if key not in _TOLD]
    return lines


def _tree_words(notes: Mapping[str, Any]) -> str:
    if notes.get("trees_on_samples"):
        return "Trees: on samples, shared by all drugs, on top of a ridge."
    how = "one for each drug" if notes.get("one_booster_per_drug") else "shared by drugs"
    return f"Trees: {count(int(notes['boosters']), 'booster')}, {how}, on top of a ridge."


def _epoch_words(notes: Mapping[str, Any]) -> str:
    epochs, by_loss = int(notes["epochs"]), "held_out_loss" in notes
    errors = notes.get("held_out_loss" if by_loss else "held_out_rmse")
    gain = notes.get("held_out_loss_gain" if by_loss else "held_out_gain")
    gained = "" if gain is None else _gain_words(gain)
    if epochs == 0:
        return f"Epochs: 0. Training added nothing to the ridge that the network starts from.{gained}"
    words = f"Epochs: {epochs}. That the network is used was decided on rows held out by the same scheme."
    if errors:
        what, start, end = "Mean loss" if by_loss else "RMSE", errors["epoch_0"], errors["chosen"]
        words += f" {what} there: {number(start)} at epoch 0, which is the ridge, and {number(end)} with the network."
    return words + gained


def _gain_words(gain: Mapping[str, float]) -> str:
    """The paired interval; the epoch was picked on the very rows that it is asked of, and the reader is told so."""
    bounds = f"95 % interval {number(gain['lower'])} to {number(gain['upper'])}"
    what, fell = ("mean loss", gain["loss"]) if "loss" in gain else ("mean squared error", gain["mse"])
    return (
        f" From epoch 0 to epoch {int(gain['epoch'])}, the best of those tried, the {what} on held-out "
        f"rows fell by {number(fell)} ({bounds}, paired; the rows that picked the epoch flatter it)."
    )


def _inner_comparison(manifest: Mapping[str, Any]) -> list[Block]:
    by_loss = "inner_loss" in manifest["notes"]
    errors = manifest["notes"].get("inner_loss" if by_loss else "inner_rmse")
    if not errors:
        return []
    what, least = ("Mean loss", "loss on the scale of the link") if by_loss else ("RMSE", "squared error")
    weights = manifest["notes"].get("weights", {})
    shares = {NAIVE: 1 - sum(weights.values()), **weights}
    rows = [
        [name, f"{max(shares.get(name, 0.0), 0.0):.2f}", number(float(error))]
        for name, error in sorted(errors.items(), key=lambda share: (share[1], share[0]))
        if name != AUTO
    ]
    words = (
        f"Folds of the same scheme. The weights leave least {least} on held-out rows, and what they leave of 1 is the "
        "naive model's; all is, unless they gain more than the noise of the samples or drugs. How well auto itself "
        "predicts stands on top of the page."
    )
    columns = ["Learner", "Weight", f"{what} by which it was weighed"]
    return [Table(columns, rows, "What auto weighed"), Words(words, quiet=True)]


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
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value)) or "none"
    return number(value) if isinstance(value, float) else str(value)
