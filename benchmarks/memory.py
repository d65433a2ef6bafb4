"""Peak memory of trainings of ten shapes beside what the estimate says of them, which refuses a job that cannot end.

Each training runs in a process of its own, and all that it holds counts, the libraries included, since that is what a
job is granted.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.genome import status_megabytes

__all__ = ["SHAPES", "DrawnColumns", "memory_lines", "peak_of_training"]

SHAPES: tuple[tuple[int, int, int], ...] = (
    (100, 200, 1),
    (300, 2_000, 1),
    (300, 1_000, 60),
    (1_500, 300, 20),
    (1_000, 5_000, 1),
    (400, 20_000, 1),
    (3_000, 500, 1),
    (150, 8_000, 40),
    (1_200, 45_000, 1),
    (300, 200_000, 1),
)
"""Samples, features and drugs; the last two are too many calls for the memory, and stay stored."""
_DRAWN = 4096
_TREES, _EPOCHS = 40, 4
"""Fewer than are usual: they take time, and no memory that matters."""
_TO_RESET_PEAK = "5"


class DrawnColumns:
    """A source of columns that are drawn, and drawn again when they are read again: a file without a file."""

    def __init__(self, n_samples: int, n_features: int) -> None:
        self.shape = (n_samples, n_features)
        rng = np.random.default_rng(0)
        self._few = rng.binomial(2, rng.uniform(0.05, 0.5, _DRAWN), (n_samples, _DRAWN)).astype(np.int8)

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32."""
        # the same few columns, each time with their rows moved on
        turns, at = np.divmod(columns, _DRAWN)
        moved = (rows[:, None] + turns) % self.shape[0]
        return np.asfortranarray(self._few[moved, at], dtype=np.float32)


def memory_lines(
    shapes: Sequence[tuple[int, int, int]] = SHAPES, learners: Sequence[str] = ("ridge",), n_jobs: int = 1
) -> Iterator[str]:
    """Rows for people: samples x features x drugs, learner, estimate, measured peak, and their ratio."""
    from drugresponse.learners.memory import TrainingSize, estimate_megabytes

    for shape in shapes:
        for learner in learners:
            n_samples, n_features, n_drugs = shape
            estimated = estimate_megabytes([learner], TrainingSize(*shape, n_samples * n_drugs, n_jobs))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                measured = pool.apply(peak_of_training, (learner, shape, n_jobs))
            name = f"{n_samples:,} x {n_features:,} x {n_drugs}"
            yield f"| {name} | {learner} | {estimated:,} | {measured:,.0f} | {estimated / measured:.2f} |"


def peak_of_training(learner: str, shape: tuple[int, int, int], n_jobs: int) -> float:
    """Megabytes that this process holds at the peak of a training, its genotypes included."""
    from drugresponse.data.genotypes import Genotypes
    from drugresponse.data.stored_values import StoredValues, stays_stored
    from drugresponse.model.model import DrugResponseModel

    logging.disable(logging.WARNING)
    n_samples, n_features, n_drugs = shape
    ids = [f"s{at}" for at in range(n_samples)]
    features = pd.DataFrame({"kind": "dosage"}, index=[f"rs{at}" for at in range(n_features)])
    columns = DrawnColumns(n_samples, n_features)
    if stays_stored((n_samples, n_features)):
        empty = Genotypes.build(np.zeros((0, n_features)), [], features)
        genotypes = Genotypes(StoredValues.of(columns), pd.Index(ids), empty.features)
    else:
        values = columns.read(np.arange(n_features), np.arange(n_samples))
        genotypes = Genotypes.build(values, ids, features)
        del values
    rng = np.random.default_rng(1)
    rows = pd.MultiIndex.from_product([ids, [f"d{at}" for at in range(n_drugs)]], names=["sample_id", "drug_id"])
    table = rows.to_frame(index=False).assign(response=rng.normal(size=len(rows)))
    gc.collect()
    Path("/proc/self/clear_refs").write_text(_TO_RESET_PEAK)
    DrugResponseModel(learner=learner, folds=3, n_jobs=n_jobs, trees=_TREES, epochs=_EPOCHS).fit(genotypes, table)
    return status_megabytes("VmHWM")
