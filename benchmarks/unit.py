"""One learner on one fold, in a process of its own, so that its memory is its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cache import NAIVE, Cache, Record, code_hash
from benchmarks.cohorts import read_cohort
from benchmarks.folds import Fold, folds_of
from benchmarks.references import REFERENCES
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.registry import make_learner

__all__ = ["measure", "run_unit"]

Predict = Callable[[], Mapping[str, NDArray[np.float64]]]
_PROJECT = Path(__file__).resolve().parents[1]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_unit(cache: Cache, fold: Fold, learner: str, *, folds: int, threads: int, minutes: float) -> Record:
    """Measure a unit in a new process; a failure or a passed time limit is recorded instead of predictions."""
    words = [str(cache.folder.resolve()), str(fold.cohort.folder.resolve()), fold.scheme, learner]
    numbers = [str(each) for each in (fold.repeat, fold.number, folds, threads)]
    command = [sys.executable, "-m", "benchmarks.unit", *words, *numbers]
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(threads))}
    status = f"more than {minutes:g} min"
    try:
        done = subprocess.run(
            command, cwd=_PROJECT, env=environment, capture_output=True, text=True, timeout=60 * minutes, check=False
        )
        found = cache.find(fold, learner)
        if done.returncode == 0 and found is not None:
            return found
        sys.stderr.write(done.stderr)
        lines = done.stderr.strip().splitlines()
        status = f"failed: {lines[-1].split(':')[0] if lines else f'exit status {done.returncode}'}"
    except subprocess.TimeoutExpired:
        pass
    record = replace(_empty_record(fold, learner, threads), status=status)
    cache.keep(record, {})
    return record


def measure(cache: Cache, fold: Fold, learner: str, threads: int) -> Record:
    """Fit and predict here, and keep what came out.

    Raises
    ------
    ValueError
        A prediction is missing.
    """
    cache.keep_rows(fold)
    record = _empty_record(fold, learner, threads)
    cpu, start = time.process_time(), time.perf_counter()
    predict = _fit(fold, learner, threads)
    fitted = time.perf_counter()
    predictions = predict()
    cpu, predicted = time.process_time() - cpu, time.perf_counter()
    if not all(np.isfinite(each).all() for each in predictions.values()):
        raise ValueError(f"{learner}: found a missing prediction")
    record = replace(
        record,
        status="done",
        fit_seconds=fitted - start,
        predict_seconds=predicted - fitted,
        cpu_seconds=cpu,
        peak_mb=peak_megabytes(),
    )
    cache.keep(record, predictions)
    return record


def peak_megabytes() -> float:
    """Most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # ru_maxrss would count the process that started this one
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)


def _fit(fold: Fold, learner: str, threads: int) -> Predict:
    rows, base = fold.cohort.rows, fold.cohort.find_scheme(fold.scheme)
    train, test = rows.pairs[fold.train].compact(), rows.pairs[fold.test].compact()
    y = rows.y[fold.train]
    if learner == NAIVE:
        effects = NaiveEffects.fit(train, y, scheme=base)
        return lambda: effects.predict(test)
    if learner in REFERENCES:
        reference = REFERENCES[learner].make().fit(train, y)
        return lambda: {learner: reference.predict(test)}
    settings = {"scheme": base, "random_state": 0, "n_jobs": threads}
    model = make_learner(learner, settings).fit(train, y, rows.weights[fold.train])
    return lambda: {learner: model.predict(test)}


def _empty_record(fold: Fold, learner: str, threads: int) -> Record:
    place = (fold.cohort.name, fold.scheme, fold.repeat, fold.number)
    return Record(*place, learner, code_hash(learner), fold.data_hash, "", threads=threads)


def main(arguments: list[str]) -> None:
    cache, folder, scheme, learner, *numbers = arguments
    repeat, number, folds, threads = map(int, numbers)
    cuts = folds_of(read_cohort(Path(folder)), scheme, folds)
    fold = next(each for each in cuts if (each.repeat, each.number) == (repeat, number))
    measure(Cache(Path(cache)), fold, learner, threads)


if __name__ == "__main__":
    main(sys.argv[1:])
