"""A model in a few lines of plain text: what it learned, from what, and how it compares with naive predictions."""

from __future__ import annotations

from typing import Any

from drugresponse.data.tables import Measure

__all__ = ["describe_model", "describe_scores", "verdict"]

_SAME = 0.01
"""A skill below this, either way, is called no difference."""


def verdict(held_out: dict[str, Any] | None) -> str:
    """One sentence on what the model adds to the best naive prediction.

    Examples
    --------
    >>> verdict({"skill": 0.2, "best_naive": "drug mean"})
    'It beats the best naive prediction (drug mean): 20.0 % less squared error.'
    >>> verdict(None)
    'It was not checked on held-out rows: nothing is known about how well it predicts.'
    """
    if held_out is None:
        return "It was not checked on held-out rows: nothing is known about how well it predicts."
    skill, naive = float(held_out["skill"]), held_out["best_naive"]
    if skill >= _SAME:
        return f"It beats the best naive prediction ({naive}): {skill:.1%} less squared error.".replace("%", " %")
    if skill > -_SAME:
        return f"It predicts no better than the best naive prediction ({naive}): genotype added nothing that shows."
    return f"It predicts worse than the best naive prediction ({naive}): use that one instead."


def describe_scores(manifest: dict[str, Any]) -> list[str]:
    """What was joined, and the held-out scores beside the naive ones."""
    rows = manifest["training"]
    drugs = "1 drug" if rows["drugs"] == 1 else f"{rows['drugs']} drugs"
    lines = [f"Trained on {rows['samples']} samples, {drugs}, {rows['pairs']} measured pairs."]
    lost = [
        (rows["samples_without_genotype"], "of the samples with a response without genotype"),
        (rows["samples_without_response"], "of the samples with a genotype without response"),
        # with one drug nothing is learned from its structure
        (rows["drugs_without_structure"] if rows["drugs"] > 1 else 0, "of the drugs without structure"),
        (rows["repeated_rows"], "rows averaged into another of the same pair"),
    ]
    lines += [f"  {count} {words}" for count, words in lost if count]
    if "chosen" in manifest["notes"]:
        lines.append(f"Of the learners compared, {manifest['notes']['chosen']} was chosen.")
    held = manifest["held_out"]
    scheme = manifest["scheme"]
    if held is not None:
        lines += [
            f"Held out ({scheme['name']}: {scheme['test_rows']}):",
            f"  RMSE {held['rmse']:.4g}; best naive ({held['best_naive']}) {held['best_naive_rmse']:.4g}",
            f"  normalised Pearson {_shown(held['normalised_pearson'])} (correlation beyond the {scheme['reference']})",
        ]
    return [*lines, verdict(held)]


def describe_model(manifest: dict[str, Any]) -> list[str]:
    """All that a person may want to know of a model file."""
    measure = Measure(**manifest["measure"])
    notes = manifest["notes"]
    learner = f"{manifest['learner']}, which chose {notes['chosen']}" if "chosen" in notes else manifest["learner"]
    named = " ".join(part for part in (measure.name, f"({measure.unit})" if measure.unit else "") if part)
    features = manifest["features"]
    lines = [
        f"Learner: {learner}",
        f"Response: {named or 'not named'}; a higher number is a {measure.higher_words()}",
        f"Features: {features['given']} given, {features['varying']} varying, {features['used']} used",
        f"Covariates: {', '.join(manifest['covariates']) or 'none'}",
        f"Seed: {manifest['seed']}",
        *describe_scores(manifest),
    ]
    inner = notes.get("chosen_learner", notes)
    if "epochs" in inner:
        told = (
            "training added nothing to the ridge that it starts from"
            if not inner["epochs"]
            else "trained beyond the ridge"
        )
        lines.append(f"Epochs: {inner['epochs']} ({told})")
    if manifest["individual_level"]:
        lines.append("The file holds an effect for each training sample: share it only as you may share their data.")
    return [*lines, f"Written by drugresponse {manifest.get('package', '')}; {manifest['notice']}.".replace(" ;", ";")]


def _shown(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
