"""Evaluations of outcomes that are no plain numbers, whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import JoinLoss, TrainingRows
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, find_scheme, make_folds
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.held_out.outcome_layer import naive_layers, outcome_layer

Array = NDArray[np.float64]
YES = Outcome("binary", ("S", "R"))


def outcome_rows(observed: Observed, y: Array, *, drugs: int = 1) -> TrainingRows:
    """Rows of a grid, drug by drug within a sample."""
    n = len(y) // drugs
    genotypes = Genotypes.from_dense(np.zeros((n, 1)), [f"s{i:04d}" for i in range(n)], ["g"])
    names = pd.Index([f"d{j}" for j in range(drugs)], dtype=object, name="drug_id")
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=names))
    loss = JoinLoss(n, drugs, len(y), 0, 0, 0, 0)
    return TrainingRows(replace(pairs, observed=observed), y, np.ones(len(y)), loss)


def binary_rows(n_samples: int = 300, drugs: int = 3, seed: int = 0, level: float = -0.5) -> tuple[TrainingRows, Array]:
    """Rows with the log odds that they were drawn by."""
    rng = np.random.default_rng(seed)
    odds = level + rng.normal(0, 1.5, n_samples * drugs)
    y = (rng.random(len(odds)) < expit(odds)).astype(float)
    return outcome_rows(Observed(YES), y, drugs=drugs), odds


def outcome_evaluation(
    rows: TrainingRows,
    learners: Mapping[str, Array],
    *,
    scheme: str = "new-samples",
    n_folds: int = 4,
    cost_of_miss: float | None = None,
) -> Evaluation:
    """Scores of learners turned into what they say, as of folds that held the rows out."""
    folds: list[Fold] = make_folds(rows.pairs, scheme, n_folds, 0)
    naive = naive_layers(rows, folds, scheme)
    layer = outcome_layer(
        rows, folds, learners, scheme=scheme, reference="drug mean", naive=naive, cost_of_miss=cost_of_miss
    )
    fold = np.full((1, len(rows.y)), -1, dtype=np.intp)
    for number, (_, test) in enumerate(folds):
        fold[0, test] = number
    predicted = np.full((len(learners) + len(naive), 1, len(rows.y)), np.nan)
    for at, name in enumerate((*learners, *naive)):
        predicted[at, 0, layer.rows] = layer.said[name].scores
    return Evaluation(rows, find_scheme(scheme), tuple(learners), tuple(naive), "drug mean", fold, predicted, (layer,))
