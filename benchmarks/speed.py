"""Ratios of cost measured in one run: whole-grid scoring against pair by pair, and training against reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.cohorts import read_cohort
from benchmarks.unit import peak_megabytes
from drugresponse.data.pairs import Pairs
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.registry import make_learner
from drugresponse.threads import one_thread

__all__ = ["speed_page"]

Made = TypeVar("Made")
_TIMES = 5
"""Short works are timed so often, and the fastest counts."""


def speed_page(folder: Path, learners: Sequence[str] = ("ridge", "neural", "boosted-trees")) -> str:
    """Lines for people: each learner fitted on all pairs of the cohort, and the scoring of its whole grid."""
    reading, cohort = _timed(lambda: read_cohort(folder))
    rows = cohort.rows
    grid = Pairs.grid(rows.pairs.genotypes, rows.pairs.covariates, rows.pairs.drugs)
    lines = [f"{cohort.name}: {len(rows.y)} pairs, a grid of {len(grid)}; one thread", f"reading: {reading:.2f} s"]
    with one_thread():
        for name in learners:
            settings = {"scheme": "new-samples", "random_state": 0}
            fitting, learner = _timed(lambda: make_learner(name, settings).fit(rows.pairs, rows.y))  # noqa: B023
            predicting, _ = _timed(lambda: learner.predict(grid))  # noqa: B023
            lines.append(
                f"{name}: fit {fitting:.2f} s ({fitting / reading:.2f} of reading), "
                f"whole grid with encoding {predicting:.2f} s ({predicting / reading:.2f} of reading)"
            )
        lines += _scoring(cohort.rows.pairs, rows.y, grid)
    return "\n".join([*lines, f"peak memory {peak_megabytes() / 1024:.2f} GB"]) + "\n"


def _scoring(pairs: Pairs, y: np.ndarray, grid: Pairs) -> list[str]:
    ridge = make_learner("ridge", {}).fit(pairs, y)
    samples, drugs = ridge.sample_embeddings(grid), ridge.drug_embeddings(grid)
    whole, at_once = _fastest(lambda: score_pairs(samples, drugs, grid))
    product, _ = _fastest(lambda: samples[:, :1] + drugs[:, 0] + samples[:, 1:] @ drugs[:, 1:].T)

    def gather() -> np.ndarray:
        gathered = samples[grid.sample_index, 0] + drugs[grid.drug_index, 0]
        return gathered + (samples[grid.sample_index, 1:] * drugs[grid.drug_index, 1:]).sum(axis=1)

    gathering, gathered = _fastest(gather)
    return [
        f"scoring the whole grid after encoding: {len(grid) / whole / 1e6:.1f} million pairs a second "
        f"(as a matrix, without listing the pairs: {len(grid) / product / 1e6:.1f})",
        f"scoring gathered pairs / one matrix product: {gathering / whole:.1f}",
        f"largest difference of the two: {np.abs(at_once - gathered).max():.1e}",
    ]


def _fastest(work: Callable[[], Made]) -> tuple[float, Made]:
    return min((_timed(work) for _ in range(_TIMES)), key=lambda each: each[0])


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made
