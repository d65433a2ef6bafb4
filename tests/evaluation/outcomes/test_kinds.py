"""Every kind of outcome through a whole evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.scores.labels import LOSS_METRICS, metrics_of
from drugresponse.evaluation.drug_verdicts import HELPS
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.report import evaluation_markdown, evaluation_report

KINDS = ("binary", "ordinal", "interval", "time-to-event")


def _evaluated(
    kind: str, *, permuted: bool = False, n_samples: int = 180, folds: int = 3, shuffles: int = 0
) -> EvaluationSummary:
    cohort = dr.simulate_cohort(n_samples=n_samples, n_drugs=2, n_features=20, outcome=kind, random_state=1)
    genotypes = cohort.genotypes
    if permuted:
        order = np.random.default_rng(0).permutation(genotypes.shape[0])
        table = pd.DataFrame(genotypes.dense()[order], index=genotypes.sample_ids, columns=genotypes.features.index)
        genotypes = dr.Genotypes.from_dense(table.to_numpy(), list(table.index), list(table.columns))
    return dr.evaluate(
        genotypes,
        cohort.responses,
        samples=cohort.samples,
        drugs=cohort.drugs,
        learners=["ridge"],
        folds=folds,
        shuffles=shuffles,
        n_jobs=1,
    )


def _pooled(summary: EvaluationSummary) -> pd.DataFrame:
    table = summary.metrics
    table = table[(table["fold"] == "all") & (table["level"] == "global")]
    return table.set_index(["learner", "metric"])


@pytest.mark.parametrize("kind", KINDS)
def test_planted_effects__are_a_gain_by_the_proper_loss(kind: str) -> None:
    summary = _evaluated(kind)
    table, outcome = _pooled(summary), summary.evaluation.rows.pairs.outcome
    assert set(metrics_of(outcome)) | {"skill"} <= set(table.loc["ridge"].index)
    skill = table.loc[("ridge", "skill")]
    assert skill["lower"] > 0
    assert (summary.drug_verdicts["verdict"] == HELPS).any()
    assert summary.ceiling is None
    text = evaluation_markdown(summary)
    assert "RMSE |" not in text
    assert evaluation_report(summary).startswith("<!DOCTYPE html>")
    loss = table.loc[("ridge", LOSS_METRICS[outcome.kind]), "value"]
    assert np.nanmean(summary.evaluation.losses("ridge")) == pytest.approx(loss)


# one of rows and one of sets at risk: shuffling is the same for all, and the test above holds every loss
@pytest.mark.parametrize("kind", ["binary", "time-to-event"])
def test_planted_effects__are_more_than_shuffled_genotypes_tell(kind: str) -> None:
    # twenty shuffles are as many evaluations: those of a small cohort
    summary = _evaluated(kind, n_samples=90, folds=2, shuffles=20)
    assert summary.permutation is not None
    assert summary.permutation.p < 0.05
    assert "RMSE |" not in evaluation_markdown(summary)
    assert evaluation_report(summary).startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("kind", KINDS)
def test_permuted_genotypes__show_no_gain(kind: str) -> None:
    summary = _evaluated(kind, permuted=True)
    assert _pooled(summary).loc[("ridge", "skill")]["lower"] <= 0
    assert not (summary.drug_verdicts["verdict"] == HELPS).any()
