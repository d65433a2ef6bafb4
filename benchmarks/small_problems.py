"""What small problems cost: learners, and an explanation, as multiples of XGBoost with 400 trees in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from xgboost import XGBRegressor

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Responses
from drugresponse.explanation.explain import explain
from drugresponse.learners.registry import make_learner
from drugresponse.model.model import DrugResponseModel
from drugresponse.threads import one_thread

__all__ = ["made_up", "small_problem_lines"]

_SHAPES = ((5528, 14, 1), (934, 2154, 1))
"""Samples, features and drugs of those that are fitted."""
_EXPLAINED = (1958, 280, 8)
_TREES = 400


def made_up(n_samples: int, n_features: int, n_drugs: int, seed: int = 0) -> tuple[Pairs, NDArray[np.float64]]:
    """Dosages, age, and responses in which twenty features act alone and two with each other, half of it noise.

    Returns
    -------
    pairs
        Every sample with every drug.
    y
        `(n_samples * n_drugs,)`.
    """
    rng = np.random.default_rng(seed)
    dosages = rng.binomial(2, rng.uniform(0.05, 0.4, n_features), (n_samples, n_features)).astype(np.float64)
    effects = rng.normal(size=(n_features, n_drugs)) * (rng.random((n_features, 1)) < 20 / n_features)
    age = rng.normal(60, 12, n_samples)
    told = dosages @ effects + 0.03 * age[:, None] + 0.5 * (dosages[:, 0] * dosages[:, 1])[:, None]
    y = told + rng.normal(size=told.shape) * told.std(axis=0)
    samples = [f"s{number:05d}" for number in range(n_samples)]
    features = [f"v{number:04d}" for number in range(n_features)]
    genotypes = Genotypes.from_dense(dosages, samples, features, kind="dosage", block="dosage")
    drugs = pd.DataFrame({"smiles": [""] * n_drugs}, index=pd.Index([f"d{number}" for number in range(n_drugs)]))
    return Pairs.grid(genotypes, pd.DataFrame({"age": age}, index=samples), drugs), y.ravel()


def small_problem_lines(learners: Sequence[str]) -> Iterator[str]:
    """Lines of markdown: seconds of CPU of one fit on one thread, and how many times those of XGBoost, drug by drug."""
    yield "| samples x features x drugs | work | CPU, s | times XGBoost with 400 trees |\n|---|---|--:|--:|"
    with one_thread():
        for shape in _SHAPES:
            pairs, y = made_up(*shape)
            yield from _rows(shape, {name: _fit(name, pairs, y) for name in learners}, _boosted(pairs, y))
        pairs, y = made_up(*_EXPLAINED)
        yield from _rows(
            _EXPLAINED, {f"explain, {name}": _explanation(name, pairs, y) for name in learners}, _boosted(pairs, y)
        )


def _rows(
    shape: tuple[int, int, int], works: dict[str, Callable[[], object]], boosted: Callable[[], object]
) -> Iterator[str]:
    # what is imported at the first call is no part of the work
    boosted()
    reference = _seconds(boosted)
    for name, work in works.items():
        seconds = _seconds(work)
        yield f"| {shape[0]:,} x {shape[1]:,} x {shape[2]} | {name} | {seconds:.1f} | {seconds / reference:.0f} |"


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _fit(name: str, pairs: Pairs, y: NDArray[np.float64]) -> Callable[[], object]:
    return lambda: make_learner(name, {}).fit(pairs, y)


def _boosted(pairs: Pairs, y: NDArray[np.float64]) -> Callable[[], object]:
    inputs = np.hstack([pairs.covariates.to_numpy(dtype=np.float64), pairs.genotypes.dense()]).astype(np.float32)

    def grow() -> None:
        for drug in range(len(pairs.drugs)):
            rows = pairs.drug_index == drug
            XGBRegressor(n_estimators=_TREES, max_depth=5, learning_rate=0.05, n_jobs=1).fit(
                inputs[pairs.sample_index[rows]], y[rows]
            )

    return grow


def _explanation(name: str, pairs: Pairs, y: NDArray[np.float64]) -> Callable[[], object]:
    """Of a model that is fitted before the clock runs; no refits."""
    rows = pd.DataFrame({"sample_id": pairs.sample_ids, "drug_id": pairs.drug_ids, "response": y})
    responses = Responses.build(rows)
    model = DrugResponseModel(name, folds=0, n_jobs=1).fit(pairs.genotypes, responses, samples=pairs.covariates)
    return lambda: explain(model, pairs.genotypes, responses, samples=pairs.covariates, refits=0, n_jobs=1)
