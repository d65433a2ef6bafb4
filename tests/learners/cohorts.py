"""Small made-up cohorts of the model tests, whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.base import PairRegressor

STRUCTURES = (
    "CCO",
    "CCN",
    "CCCO",
    "c1ccccc1",
    "CC(=O)O",
    "CCS",
    "c1ccncc1",
    "CCCl",
    "CC(C)O",
    "OCC(O)CO",
    "CCF",
    "C1CCCC1",
)


def made_pairs(
    calls: NDArray,
    n_drugs: int = 3,
    *,
    keep: NDArray[np.bool_] | None = None,
    tissues: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    smiles: Sequence[str] = STRUCTURES,
    features: Sequence[str] | None = None,
) -> Pairs:
    """Every sample with every drug, or those cells of `(n_samples, n_drugs)` that are kept; lineages are of three."""
    samples = [f"s{i:03d}" for i in range(len(calls))]
    names = [f"g{j:03d}" for j in range(calls.shape[1])] if features is None else list(features)
    genotypes = Genotypes.from_dense(calls, samples, names, block="mutation")
    drugs = pd.DataFrame(
        {"smiles": (list(smiles) * n_drugs)[:n_drugs]},
        index=pd.Index([f"d{j:02d}" for j in range(n_drugs)], name="drug_id"),
    )
    covariates = pd.DataFrame({} if tissues is None else {"tissue": list(tissues)}, index=samples, dtype=object)
    at = np.argwhere(np.ones((len(calls), n_drugs)) if keep is None else keep)
    rows = pd.DataFrame({"sample_id": np.array(samples, dtype=object)[at[:, 0]], "drug_id": drugs.index[at[:, 1]]})
    groups = None if subjects is None else pd.Series(list(subjects), index=samples)
    pairs = Pairs.build(genotypes, covariates, drugs, rows, groups)
    return replace(pairs, lineages=np.arange(len(calls)) // 3)


def draw_calls(n_samples: int, n_features: int, rng: np.random.Generator, share: float = 0.3) -> NDArray[np.float64]:
    """Altered or not, each feature in a share of the samples."""
    return (rng.random((n_samples, n_features)) < share).astype(np.float64)


def rmse(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


def arrays_of(state: dict) -> list[NDArray]:
    """All arrays of a nested state."""
    return [
        array
        for value in state.values()
        for array in (arrays_of(value) if isinstance(value, dict) else [value] if isinstance(value, np.ndarray) else [])
    ]


def held_out(learner: PairRegressor, pairs: Pairs, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predictions of new samples, by fits on three folds."""
    predicted = np.full(len(y), np.nan)
    for train, test in make_folds(pairs, "new-samples", 3, 0):
        predicted[test] = clone(learner).fit(pairs[train], y[train]).predict(pairs[test])
    return predicted


KINDS = ("binary", "ordinal", "interval", "time-to-event")
"""Outcomes that are not continuous."""


def draw_outcome(
    pairs: Pairs, scores: NDArray[np.float64], kind: str, rng: np.random.Generator
) -> tuple[Pairs, NDArray[np.float64]]:
    """The pairs with what was observed of an outcome whose scores on the link's scale are these; and `y`."""
    chance, nothing = rng.random(len(scores)), np.zeros(len(scores))
    latent = scores + np.log(chance / (1 - chance))
    if kind == "binary":
        return replace(pairs, observed=Observed(Outcome("binary", ("S", "R")))), (latent > 0).astype(float)
    if kind == "ordinal":
        y = np.digitize(latent, [-1.0, 1.0]).astype(float)
        return replace(pairs, observed=Observed(Outcome("ordinal", ("S", "I", "R")))), y
    if kind == "interval":
        value = scores + rng.normal(0, 1, len(scores))
        low, high = np.quantile(value, [0.2, 0.8])
        lower, upper = np.where(value < low, -np.inf, value), np.where(value > high, np.inf, value)
        lower, upper = np.minimum(lower, high), np.maximum(upper, low)
        limits = Observed(Outcome("interval"), lower=lower, upper=upper)
        return replace(pairs, observed=limits), np.clip(value, low, high)
    time, end = -np.log(chance) * np.exp(-scores), rng.uniform(0, 3, len(scores))
    observed = Observed(Outcome("time-to-event"), happened=time <= end, entry=nothing)
    return replace(pairs, observed=observed), np.minimum(time, end)
