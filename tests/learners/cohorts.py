"""Small made-up cohorts of the model tests, whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.genotypes import Genotypes
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
    """Every sample with every drug, or those cells of `(n_samples, n_drugs)` that are kept."""
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
    return Pairs.build(genotypes, covariates, drugs, rows, groups)


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
