"""What plots are drawn of in the tests: each result made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
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
    called = replace(twins.genotypes, sample_ids="N" + twins.genotypes.sample_ids)
    samples = twins.samples.set_axis("N" + twins.samples.index, axis=0).rename_axis("sample_id")
    return model().predict(called, drugs=known.drugs, samples=samples)


@cache
def of_outcome(kind: str) -> EvaluationSummary:
    """Of classes or times, without shuffles."""
    known = dr.simulate_cohort(n_samples=90, n_drugs=3, n_features=20, outcome=kind)
    return dr.evaluate(
        known.genotypes, known.responses, samples=known.samples, learners=["ridge"], folds=2, shuffles=0, n_jobs=1
    )


@cache
def fits() -> dr.CurveFits:
    """Three curves: an effect, none, and one beyond the doses."""
    dose = np.tile([0.01, 0.1, 1.0, 10.0, 100.0], 3)
    response = [1.02, 0.96, 0.55, 0.12, 0.1, 1.0, 1.04, 0.98, 1.3, 0.96, 0.2, 0.1, 0.05, 0.02, 0.01]
    rows = pd.DataFrame({"sample_id": np.repeat(["s1", "s2", "s3"], 5), "drug_id": "d", "dose": dose})
    return dr.fit_curves(rows.assign(response=response))


@cache
def overview() -> dr.GenotypeOverview:
    """Of dosages with missing calls."""
    return dr.overview_of(dr.simulate_cohort("germline", n_samples=60, n_features=60).genotypes)


def draw(name: str, ax: Any, **options: Any) -> Any:
    """A plot by its name, of the result that it takes."""
    return getattr(dr.plots, name)(GIVEN[name](), ax=ax, **options)


GIVEN: dict[str, Callable[[], Any]] = {
    "calibration": evaluation,
    "carriers": explanation,
    "classes": lambda: of_outcome("ordinal"),
    "components": overview,
    "coverage": evaluation,
    "curve": fits,
    "dilutions": lambda: of_outcome("interval"),
    "drug_verdicts": evaluation,
    "effects": explanation,
    "frequencies": overview,
    "heat_map": predictions,
    "losses": model,
    "missingness": overview,
    "permutation": evaluation,
    "pilots": model,
    "precision_recall": lambda: of_outcome("binary"),
    "predicted": evaluation,
    "ranked_drugs": predictions,
    "ranked_samples": predictions,
    "roc": lambda: of_outcome("binary"),
    "skill": evaluation,
    "survival": lambda: of_outcome("time-to-event"),
    "volcano": explanation,
    "waterfall": explanation,
}
"""Each plot, and what makes the result that it takes."""
