"""What plots are drawn of in the tests: each result made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

import drugresponse as dr
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.simulation.cohort import Cohort


@cache
def cohort() -> Cohort:
    """60 samples, 6 drugs."""
    return dr.simulate_cohort(n_samples=60, n_drugs=6, n_features=30)


@cache
def evaluation() -> EvaluationSummary:
    """With intervals and shuffles."""
    known = cohort()
    return dr.evaluate(
        known.genotypes, known.responses, drugs=known.drugs, samples=known.samples,
        learners=["ridge"], folds=3, shuffles=20, n_jobs=1,
    )  # fmt: skip


@cache
def model() -> dr.DrugResponseModel:
    """A ridge that was checked."""
    known = cohort()
    return dr.DrugResponseModel("ridge", folds=3).fit(
        known.genotypes, known.responses, drugs=known.drugs, samples=known.samples
    )


@cache
def explanation() -> dr.Explanation:
    """With the reasons of one sample."""
    known = cohort()
    return dr.explain(
        model(), known.genotypes, known.responses, drugs=known.drugs, samples=known.samples, refits=2,
        selected_samples=[known.samples.index[0]], n_jobs=1,
    )  # fmt: skip


@cache
def predictions() -> pd.DataFrame:
    """Of new samples, with bounds."""
    known = cohort()
    twins = dr.simulate_cohort(n_samples=24, n_drugs=6, n_features=30, random_state=1)
    return model().predict(twins.genotypes, drugs=known.drugs, samples=twins.samples)


def draw(name: str, ax: Any, **options: Any) -> Any:
    """A plot by its name, of the result that it takes."""
    from drugresponse import plots

    return getattr(plots, name)(GIVEN[name](), ax=ax, **options)


GIVEN = {
    "coverage": evaluation,
    "drug_verdicts": evaluation,
    "effects": explanation,
    "heat_map": predictions,
    "permutation": evaluation,
    "predicted": evaluation,
    "ranked_drugs": predictions,
    "skill": evaluation,
    "volcano": explanation,
    "waterfall": explanation,
}
"""Each plot, and what makes the result that it takes."""
