"""The figures of an evaluation, by the name of the file that each may be written to."""

from __future__ import annotations

import math

import numpy as np

from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS
from drugresponse.report.blocks import Figure
from drugresponse.report.evaluation_numbers import Numbers, p_words, shown
from drugresponse.report.hexagons import hexagons
from drugresponse.report.intervals import Range, crowd, ranges
from drugresponse.report.page import count, number
from drugresponse.report.wording import measure_words

__all__ = ["drugs_figure", "permutation_figure", "predicted_figure", "skill_figure"]

_FEWEST_DRUGS = 3
"""Fewer drugs need no figure."""
_SMALLEST_AXIS = 0.05


def skill_figure(numbers: Numbers) -> Figure:
    """Skill of every learner beside every naive prediction."""
    rows = []
    ordered = sorted(numbers.by_loss(), key=lambda name: -numbers.score(name, "skill").value)
    for name in sorted(ordered, key=lambda name: not numbers.is_learner(name)):
        skill = numbers.score(name, "skill")
        words = f"skill {shown(skill.value)}, RMSE {number(numbers.score(name, 'rmse').value)}"
        kind = "model" if numbers.is_learner(name) else "naive"
        rows.append(Range(name, words, skill.value, skill.lower, skill.upper, kind))
    low, high = _skill_axis(rows)
    title = "Skill of each learner and of each naive prediction, with 95% intervals"
    whiskers = "bars: 95% intervals; " if any(math.isfinite(row.lower) for row in rows) else ""
    return Figure(
        {"skill.svg": ranges(rows, title, low, high)},
        "Skill on held-out rows: the share saved of the squared error of the naive prediction that was best in the "
        "fold; further right is better. Blue: learners; grey: naive predictions, which know no genotype; "
        f"{whiskers}dashed: no gain{_arrows(rows, low, high)}.",
    )


def _skill_axis(rows: list[Range]) -> tuple[float, float]:
    """All learners that matter; a hopeless naive prediction must not squeeze them into a corner."""
    ends = [bound for row in rows for bound in (row.value, row.lower, row.upper) if math.isfinite(bound)]
    high = max([*ends, _SMALLEST_AXIS])
    return min(max(min([*ends, 0.0]), -0.6 * high), -0.2 * high), high


def _arrows(rows: list[Range], low: float, high: float) -> str:
    beyond = any(not low <= row.value <= high for row in rows if math.isfinite(row.value))
    return "; arrows: beyond the scale" if beyond else ""


def drugs_figure(numbers: Numbers) -> Figure | None:
    """The gain of genotype in every drug, best first; None with too few drugs."""
    table = numbers.summary.drug_verdicts
    table = table[np.isfinite(table["gain"].to_numpy(dtype=np.float64))]
    if len(table) < _FEWEST_DRUGS:
        return None
    gain, lower, upper = (table[name].to_numpy(dtype=np.float64) for name in ("gain", "lower", "upper"))
    marked = table["verdict"].isin((HELPS, LEAKS)).to_numpy()
    drawing = crowd(gain, lower, upper, marked, f"Gain of genotype in each of {count(len(table), 'drug')}, best first")
    return Figure(
        {"drugs.svg": drawing},
        f"Gain of genotype in each of {count(len(table), 'drug')}, best first, with 95% intervals. "
        f"Blue: {LEAKS if numbers.leaks() else HELPS} ({int(marked.sum())}); grey: no gain shown. Chance alone also "
        "gives a slope from left to right: the blue ones are those that stand out from it.",
    )


def predicted_figure(numbers: Numbers) -> Figure:
    """Predicted against measured responses of the best learner, as they are and without the reference."""
    evaluation, best = numbers.evaluation, numbers.best()
    held = evaluation.fold[0] >= 0
    measured, predicted = evaluation.rows.y[held], evaluation.of(best)[0][held]
    reference = evaluation.of(evaluation.reference)[0][held]
    below = f"measured {measure_words(numbers.summary.measure)}"
    drawings = {
        "predicted.svg": hexagons(measured, predicted, f"{best}, predicted (upwards)", below),
        "predicted_normalised.svg": hexagons(
            measured - reference, predicted - reference, f"the same, minus the {evaluation.reference}", below
        ),
    }
    several = " of the first repeat" if len(evaluation.fold) > 1 else ""
    return Figure(
        drawings,
        f"{int(held.sum()):,} held-out rows{several}; darker: more rows; dashed: predicted equals measured. The first "
        f"drawing looks good wherever drugs differ in potency; the second has the {evaluation.reference} subtracted "
        "from both sides and shows what is left to predict. Values beyond the frame stand at its edge.",
    )


def permutation_figure(numbers: Numbers) -> Figure | None:
    """The gain with the true genotypes above the gains with shuffled ones; None where not asked for."""
    check = numbers.summary.permutation
    if check is None:
        return None
    gains = [gain for gain in (check.observed, *check.shuffled) if math.isfinite(gain)] or [0.0]
    span = max(max([*gains, 0.0]) - min([*gains, 0.0]), 1e-3)
    low, high = min([*gains, 0.0]) - 0.05 * span, max([*gains, 0.0]) + 0.05 * span
    shuffled = f"{shown(min(check.shuffled))} to {shown(max(check.shuffled))}" if check.shuffled else ""
    rows = [
        Range("true genotypes", f"gain {shown(check.observed)}", check.observed, kind="model"),
        Range(f"{len(check.shuffled)} shuffles", shuffled, math.nan, marks=check.shuffled),
    ]
    title = f"Gain with true and with shuffled genotypes, p {p_words(check.p)}"
    return Figure(
        {"permutation.svg": ranges(rows, title, low, high)},
        f"Share of the squared error of covariates alone that {check.learner} saves, with the true genotypes (dot) and "
        "with genotypes shuffled between samples of one tissue (lines); dashed: no gain.",
    )
