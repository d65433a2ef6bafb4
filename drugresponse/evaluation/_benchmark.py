"""Folds times learners as independent units: each is fitted on its training rows alone, and kept when it is done."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import DrugResponseError, InputError, show_ids
from drugresponse.evaluation._folds import PlannedFold
from drugresponse.evaluation._result import Evaluation
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.baselines import NaiveEffects, reference_name
from drugresponse.learners.registry import make_learner
from drugresponse.model.predictions import prediction_table, share_of_weight
from drugresponse.outputs import output_files
from drugresponse.threads import one_thread
from drugresponse.version import __version__

__all__ = ["Contender", "UnitResult", "contenders", "run_units"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


@dataclass(frozen=True)
class Contender:
    """A learner under its name: one of the registry with settings, or an estimator of the user's own.

    Attributes
    ----------
    name
        In every table.
    settings
        For a learner of the registry.
    estimator
        A `PairRegressor`, cloned for each fold; None for a learner of the registry.
    """

    name: str
    settings: Mapping[str, Any]
    estimator: PairRegressor | None = None

    def fresh(self) -> PairRegressor:
        """An unfitted learner."""
        return make_learner(self.name, self.settings) if self.estimator is None else clone(self.estimator)

    def fingerprint(self) -> str:
        """Text that changes with everything that may change its predictions."""
        learner = self.fresh()
        parameters = {name: value for name, value in learner.get_params().items() if name not in ("n_jobs", "device")}
        told = json.dumps(parameters, sort_keys=True, default=repr)
        return f"{type(learner).__module__}.{type(learner).__qualname__} {told}"


@dataclass(frozen=True, eq=False)
class UnitResult:
    """What one learner predicted for one fold's test rows.

    Attributes
    ----------
    predicted, found
        `(n_test,)` predictions, and the share of the learner's genotype weight that was known for each.
    """

    predicted: NDArray[np.float64]
    found: NDArray[np.float64]


def contenders(
    learners: Sequence[str] | Mapping[str, PairRegressor | None], settings: Mapping[str, Any]
) -> list[Contender]:
    """The learners asked for, by name, or by name with an estimator (None takes the registry's)."""
    named = learners if isinstance(learners, Mapping) else dict.fromkeys(learners)
    made = [Contender(str(name), dict(settings), estimator) for name, estimator in named.items()]
    for each in made:
        each.fresh()
    return made


def run_units(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: Sequence[Contender],
    scheme: str,
    *,
    n_jobs: int = 1,
    resume: str | os.PathLike[str] | None = None,
) -> tuple[Evaluation, pd.DataFrame]:
    """Fit every learner on every fold.

    Parameters
    ----------
    rows
        All measured pairs.
    folds
        Proved free of leaks before.
    learners
        Contenders.
    scheme
        Decides which mean effects the naive predictions may use.
    n_jobs
        Units run at once, in processes; the result does not depend on it.
    resume
        Folder in which finished units are kept, and from which those of an earlier run are taken.

    Returns
    -------
    evaluation : Evaluation
    predictions : pandas.DataFrame
        The prediction columns of `predict`, then `repeat, fold, learner, response`, a row for each held-out pair.
    """
    units = [(contender, planned) for contender in learners for planned in folds]
    store = None if resume is None else _UnitStore(Path(resume), rows, scheme)
    done = {} if store is None else store.find(units)
    todo = [at for at in range(len(units)) if at not in done]
    if done:
        progress.info("%d of %d units were found finished", len(done), len(units))
    run = Parallel(n_jobs=min(n_jobs, max(len(todo), 1)), return_as="generator")
    for at, result in zip(todo, run(delayed(_run_unit)(*units[at], rows) for at in todo), strict=True):
        done[at] = result
        contender, planned = units[at]
        if store is not None:
            store.keep(contender, planned, result)
        progress.info("%s: repeat %d, fold %d", contender.name, planned.repeat, planned.fold)
    results = {(units[at][0].name, id(units[at][1])): result for at, result in done.items()}
    return _gather(rows, folds, [each.name for each in learners], scheme, results)


def _run_unit(contender: Contender, planned: PlannedFold, rows: TrainingRows) -> UnitResult:
    """Fit and predict; the training part holds no table row of a sample or drug that only the test part has."""
    train, test = rows.pairs[planned.train].compact(), rows.pairs[planned.test].compact()
    with one_thread():
        learner = contender.fresh().fit(train, rows.y[planned.train], rows.weights[planned.train])
        predicted = np.asarray(learner.predict(test), dtype=np.float64)
    if predicted.shape != (len(test),) or not np.isfinite(predicted).all():
        raise DrugResponseError(
            f"{contender.name}: repeat {planned.repeat}, fold {planned.fold}: a prediction is missing "
            "(expected a finite number for every test row). A learner may not decline rows."
        )
    features, weights = learner.feature_weights()
    found = share_of_weight(features, weights, test.genotypes, train.genotypes.features)
    return UnitResult(predicted, found[test.sample_index])


def _gather(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: list[str],
    scheme: str,
    results: Mapping[tuple[str, int], UnitResult],
) -> tuple[Evaluation, pd.DataFrame]:
    n_repeats, n_rows = max(each.repeat for each in folds) + 1, len(rows.y)
    fold = np.full((n_repeats, n_rows), -1, dtype=np.intp)
    layers: dict[str, NDArray[np.float64]] = {name: np.full((n_repeats, n_rows), np.nan) for name in learners}
    naive_names: list[str] = []
    tables = []
    for planned in folds:
        held = rows.pairs[planned.test]
        fold[planned.repeat, planned.test] = planned.fold
        naive = NaiveEffects.fit(
            rows.pairs[planned.train], rows.y[planned.train], rows.weights[planned.train], scheme=scheme
        )
        for name, predicted in naive.predict(held).items():
            if name not in layers:
                naive_names.append(name)
                layers[name] = np.full((n_repeats, n_rows), np.nan)
            layers[name][planned.repeat, planned.test] = predicted
        for name in learners:
            result = results[name, id(planned)]
            layers[name][planned.repeat, planned.test] = result.predicted
            tables.append(_fold_table(rows, planned, name, result, naive.finest(held), scheme))
    reference = reference_name(scheme, naive_names)
    predicted = np.stack([layers[name] for name in (*learners, *naive_names)])
    evaluation = Evaluation(rows, find_scheme(scheme), tuple(learners), tuple(naive_names), reference, fold, predicted)
    order = {name: place for place, name in enumerate(learners)}
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values(
        ["learner", "repeat", "fold"],
        kind="stable",
        ignore_index=True,
        key=lambda column: column.map(order) if column.name == "learner" else column,
    )
    return evaluation, table


def _fold_table(
    rows: TrainingRows,
    planned: PlannedFold,
    name: str,
    result: UnitResult,
    baseline: NDArray[np.float64],
    scheme: str,
) -> pd.DataFrame:
    held, trained = rows.pairs[planned.test], rows.pairs[planned.train]
    found = np.ones(held.genotypes.shape[0])
    found[held.sample_index] = result.found
    table = prediction_table(
        held,
        result.predicted,
        baseline,
        scheme=scheme,
        found=found,
        least=0.0,
        sample_seen=_used(trained.sample_index, held.genotypes.shape[0]),
        drug_seen=_used(trained.drug_index, len(held.drugs)),
    )
    return table.assign(repeat=planned.repeat, fold=planned.fold, learner=name, response=rows.y[planned.test])


def _used(index: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    return np.bincount(index, minlength=size) > 0


class _UnitStore:
    """Finished units as files, named by a digest of all that their numbers depend on, with a checksum of both."""

    def __init__(self, folder: Path, rows: TrainingRows, scheme: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"resume: cannot make {folder} ({error.strerror}). Name another folder.") from error
        self.folder = folder
        self.data = f"{__version__} {scheme} {_digest_of_rows(rows)}"

    def find(self, units: Sequence[tuple[Contender, PlannedFold]]) -> dict[int, UnitResult]:
        """Finished units by their place; what is not whole is named, and left for another run."""
        found: dict[int, UnitResult] = {}
        damaged: list[str] = []
        for at, unit in enumerate(units):
            path = self._path(*unit)
            if not path.exists():
                continue
            try:
                found[at] = _read_unit(path, len(unit[1].test))
            except Exception:  # of a damaged archive, numpy raises nearly everything there is
                damaged.append(path.name)
        if damaged:
            logger.warning(
                "resume: %s in %s cannot be used (damaged, or of another version or unit); made again.",
                show_ids(damaged),
                self.folder,
            )
        return found

    def keep(self, contender: Contender, planned: PlannedFold, result: UnitResult) -> None:
        path = self._path(contender, planned)
        checksum = np.frombuffer(_checksum(path, result), np.uint8)
        with output_files({"resume": path}) as temporary, temporary["resume"].open("wb") as file:
            np.savez(file, predicted=result.predicted, found=result.found, checksum=checksum)

    def _path(self, contender: Contender, planned: PlannedFold) -> Path:
        digest = hashlib.sha256(f"{self.data} {contender.fingerprint()}".encode())
        for part in (planned.train, planned.test):
            digest.update(np.ascontiguousarray(part, dtype="<i8").tobytes())
            digest.update(b"|")
        return self.folder / f"{digest.hexdigest()[:32]}.npz"


def _read_unit(path: Path, n_rows: int) -> UnitResult:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        result = UnitResult(arrays["predicted"], arrays["found"])
        if arrays["checksum"].tobytes() != _checksum(path, result) or len(result.predicted) != n_rows:
            raise ValueError
    return result


def _checksum(path: Path, result: UnitResult) -> bytes:
    """Of the numbers and of the name of their unit, so that no file stands for another."""
    digest = hashlib.sha256(path.name.encode())
    for array in (result.predicted, result.found):
        digest.update(f"{array.dtype.str} {array.shape}".encode() + array.tobytes())
    return digest.digest()


def _digest_of_rows(rows: TrainingRows) -> str:
    pairs: Pairs = rows.pairs
    digest = hashlib.sha256()
    matrix = pairs.genotypes.values
    for array in (
        matrix.data,
        matrix.indices,
        matrix.indptr,
        pairs.sample_index,
        pairs.drug_index,
        rows.y,
        rows.weights,
    ):
        digest.update(np.ascontiguousarray(array).tobytes())
    for table in (pairs.genotypes.features, pairs.covariates, pairs.drugs):
        digest.update(table.to_csv(sep="\t").encode())
    digest.update("\n".join(pairs.subjects).encode())
    if pairs.arm is not None:
        digest.update(f"arm {pairs.arm}".encode())
    return digest.hexdigest()
