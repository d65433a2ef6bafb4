"""Few or many causal variants among 20,000: learners beside a cross-validated lasso, on simulated new samples."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LassoCV

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.learners.registry import make_learner
from drugresponse.threads import one_thread

__all__ = ["add_sparse_options", "simulate", "sparse_lines"]

LASSO = "LassoCV"
_N_NEW = 500
_SEEDS = 3
_HERITABILITY = 0.36


def add_sparse_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks sparse`."""
    parser.add_argument("--learners", nargs="+", default=["ridge", "sparse", LASSO])
    parser.add_argument("--causal", nargs="+", type=int, default=[50, 5000], help="numbers of causal variants")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--features", type=int, default=20_000)


def simulate(
    n_samples: int, n_features: int, n_causal: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Dosages of independent variants, most of them rare, and a response of heritability 0.36.

    Up to 1,000 causal variants are drawn from those of a frequency above 0.05, more from all; effects are normal.

    Returns
    -------
    dosages : (n_samples, n_features)
    response : (n_samples,)
    """
    rng = np.random.default_rng(seed)
    frequency = np.exp(rng.uniform(np.log(0.005), np.log(0.5), n_features))
    dosages = rng.binomial(2, frequency, (n_samples, n_features)).astype(np.float32)
    possible = np.flatnonzero(frequency > 0.05) if n_causal <= 1000 else np.arange(n_features)
    causal = rng.choice(possible, n_causal, replace=False)
    value = dosages[:, causal] @ rng.normal(size=n_causal)
    value = (value - value.mean()) / value.std() * np.sqrt(_HERITABILITY)
    return dosages, value + rng.normal(0, np.sqrt(1 - _HERITABILITY), n_samples)


def sparse_lines(options: argparse.Namespace) -> Iterator[str]:
    """Lines of markdown: Pearson's correlation on 500 new samples for each seed, CPU seconds and the peak of memory."""
    yield f"{options.samples:,} samples, {options.features:,} variants, heritability {_HERITABILITY}; Pearson's r with"
    yield f"the responses of {_N_NEW} new samples; seconds of CPU a seed, simulation included; peak of memory so far"
    yield ""
    yield f"| causal | learner | mean | {' | '.join(f'seed {seed}' for seed in range(_SEEDS))} | s | MB |"
    yield "|--:|---" + "|--:" * (_SEEDS + 3) + "|"
    for n_causal in options.causal:
        for learner in options.learners:
            found, started = [], time.process_time()
            for seed in range(_SEEDS):
                dosages, response = simulate(options.samples + _N_NEW, options.features, n_causal, seed)
                predicted = _predict_new(learner, dosages, response[: options.samples])
                is_flat = np.ptp(predicted) == 0
                found.append(0.0 if is_flat else float(np.corrcoef(predicted, response[options.samples :])[0, 1]))
            yield _row(n_causal, learner, found, (time.process_time() - started) / _SEEDS)


def _row(n_causal: int, learner: str, found: Sequence[float], seconds: float) -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = " | ".join(f"{value:.3f}" for value in found)
    return f"| {n_causal:,} | {learner} | {np.mean(found):.3f} | {each} | {seconds:.0f} | {peak:.0f} |"


def _predict_new(learner: str, dosages: NDArray[np.float32], response: NDArray[np.float64]) -> NDArray[np.float64]:
    n = len(response)
    with one_thread():
        if learner == LASSO:
            centre = dosages[:n].mean(axis=0)
            fit = LassoCV(cv=5, alphas=50, eps=0.05).fit(np.asfortranarray(dosages[:n] - centre), response)
            return np.asarray(fit.predict(dosages[n:] - centre), dtype=np.float64)
        known, new = _pairs(dosages[:n], "known"), _pairs(dosages[n:], "new")
        return make_learner(learner, {}).fit(known, response).predict(new)


def _pairs(dosages: NDArray[np.float32], name: str) -> Pairs:
    samples = [f"{name}{row:05d}" for row in range(len(dosages))]
    features = [f"v{column:05d}" for column in range(dosages.shape[1])]
    genotypes = Genotypes.from_dense(dosages, samples, features, block="variants", kind="dosage")
    drugs = pd.DataFrame({"smiles": [""]}, index=pd.Index(["drug"], name="drug_id"))
    return Pairs.grid(genotypes, pd.DataFrame(index=pd.Index(samples)), drugs)
