"""The figures of an evaluation, by the name of the file that each may be written to."""

from __future__ import annotations

from functools import partial

import numpy as np

from drugresponse import plots
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS
from drugresponse.plots.evaluations import is_skill_beyond
from drugresponse.report.blocks import Figure
from drugresponse.report.evaluation_numbers import Numbers, p_words
from drugresponse.report.page import count
from drugresponse.report.pictures import BESIDE, Picture

__all__ = ["coverage_figure", "drugs_figure", "permutation_figure", "predicted_figure", "skill_figure"]

_FEWEST_DRUGS = 3
"""Fewer drugs need no figure."""


def skill_figure(numbers: Numbers) -> Figure:
    """Skill of every learner beside every naive prediction."""
    # outcomes that are no numbers are scored over all folds together
    is_number = numbers.evaluation.kind == "continuous"
    best_in_fold = "squared error of the naive prediction that was best in the fold"
    saved = best_in_fold if is_number else "loss of the best naive prediction"
    title = "Skill of each learner and of each naive prediction, with 95% intervals"
    arrows = "; arrows: beyond the scale" if is_skill_beyond(numbers.summary) else ""
    return Figure(
        {"skill": Picture(title, partial(plots.skill, numbers.summary))},
        f"Skill on held-out rows: the share saved of the {saved}; further right is better. Blue: learners; grey: naive "
        f"predictions, which know no genotype; bars: 95% intervals; dashed: no gain{arrows}.",
    )


def drugs_figure(numbers: Numbers) -> Figure | None:
    """The gain of genotype in every drug, best first; None with too few drugs."""
    table = numbers.summary.drug_verdicts
    table = table[np.isfinite(table["gain"].to_numpy(dtype=np.float64))]
    if len(table) < _FEWEST_DRUGS:
        return None
    n_helped = int(table["verdict"].isin((HELPS, LEAKS)).sum())
    title = f"Gain of genotype in each of {count(len(table), 'drug')}, best first"
    return Figure(
        {"drugs": Picture(title, partial(plots.drug_verdicts, numbers.summary))},
        f"{title}, with 95% intervals. Blue: {LEAKS if numbers.leaks() else HELPS} ({n_helped}); grey: no gain shown. "
        "Chance alone also gives a slope from the first to the last: the blue ones are those that stand out from it.",
    )


def predicted_figure(numbers: Numbers) -> Figure:
    """Predicted against measured responses of the best learner, as they are and without the reference."""
    evaluation, best = numbers.evaluation, numbers.best()
    titles = {
        "predicted": f"{best}, predicted against measured",
        "predicted_normalised": f"the same, minus the {evaluation.reference}",
    }
    drawings = {
        name: Picture(title, partial(plots.predicted, numbers.summary, learner=best, normalised="_" in name), BESIDE)
        for name, title in titles.items()
    }
    title = f"{best}, mean measured against mean predicted response, in ten bins"
    drawings["calibration"] = Picture(title, partial(plots.calibration, numbers.summary, learner=best), BESIDE)
    several = " of the first repeat" if len(evaluation.fold) > 1 else ""
    n_held = int((evaluation.fold[0] >= 0).sum())
    return Figure(
        drawings,
        f"{n_held:,} held-out rows{several}; darker: more rows; dashed: predicted equals measured. The first "
        f"drawing looks good wherever drugs differ in potency; the second has the {evaluation.reference} subtracted "
        "from both sides and shows what is left to predict. Values beyond the frame stand at its edge. The third tells "
        "whether predictions mean what they say: ten bins of equal counts, bars the middle half of what was measured.",
    )


def permutation_figure(numbers: Numbers) -> Figure | None:
    """The gain with the true genotypes above the gains with shuffled ones; None where not asked for."""
    check = numbers.summary.permutation
    if check is None:
        return None
    title = f"Gain with true and with shuffled genotypes, p {p_words(check.p)}"
    return Figure(
        {"permutation": Picture(title, partial(plots.permutation, numbers.summary))},
        f"Share of the squared error of covariates alone that {check.learner} saves, with the true genotypes (dot) and "
        "with genotypes shuffled between samples of one tissue (lines); dashed: no gain.",
    )


def coverage_figure(numbers: Numbers) -> Figure:
    """Which share of the responses lies within their intervals, over all and drug by drug."""
    title = "Share of the held-out responses within their 90% interval, by learner"
    return Figure(
        {"coverage": Picture(title, partial(plots.coverage, numbers.summary))},
        "Blue: all held-out rows; grey: drugs with 20 rows or more; dashed: 90%.",
    )
