"""What has been measured: a record and a file of predictions for each unit, and the test rows of each fold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import benchmarks
import drugresponse
from benchmarks.folds import Fold
from benchmarks.references import REFERENCES
from drugresponse.data.splits import find_scheme
from drugresponse.evaluation.bootstrap import group_of_row
from drugresponse.learners.registry import LEARNERS
from drugresponse.outputs import output_files

__all__ = ["NAIVE", "NAIVE_NAMES", "Cache", "Record", "TestedRows", "code_hash"]

NAIVE = "naive"
"""The unit that holds every naive prediction of a fold."""
NAIVE_NAMES = ("overall mean", "drug mean", "sample mean", "tissue-drug mean", "mean effects")
_SOURCES = ("learners", "model", "features", "data")


@dataclass(frozen=True)
class Record:
    """One unit: a learner on a fold.

    Attributes
    ----------
    cohort, scheme, repeat, fold, learner
        Which.
    code, data
        Hashes of what made it.
    status
        `done`, or why there are no predictions.
    fit_seconds, predict_seconds, cpu_seconds, peak_mb
        Cost in a process of its own, the third of both works on all threads; the peak includes reading the cohort. NaN
        where not done.
    threads
        That the learner had.
    """

    cohort: str
    scheme: str
    repeat: int
    fold: int
    learner: str
    code: str
    data: str
    status: str
    fit_seconds: float = float("nan")
    predict_seconds: float = float("nan")
    cpu_seconds: float = float("nan")
    peak_mb: float = float("nan")
    threads: int = 1


@dataclass(frozen=True, eq=False)
class TestedRows:
    """The test rows of a fold.

    Attributes
    ----------
    measured
        `(n_rows,)` responses.
    drug
        `(n_rows,)` number of the drug.
    group
        `(n_rows,)` number of what a bootstrap draws: subject, drug structure or tissue; the same in every fold.
    reference
        The naive prediction that normalised scores subtract.
    base
        The package's scheme.
    """

    measured: NDArray[np.float64]
    drug: NDArray[np.intp]
    group: NDArray[np.intp]
    reference: str
    base: str


class Cache:
    """A folder that git ignores; a unit that is measured again replaces what was there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".gitignore").is_file():
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def find(self, fold: Fold, learner: str) -> Record | None:
        """The record of a unit as it would be measured now, or None."""
        file = self._file(fold.cohort.name, fold.scheme, fold.repeat, fold.number, learner, ".json")
        record = _read(file) if file.is_file() else None
        fits = record is not None and (record.code, record.data) == (code_hash(learner), fold.data_hash)
        return record if fits else None

    def keep(self, record: Record, predictions: Mapping[str, NDArray[np.float64]]) -> None:
        """Write the predictions, then the record, so that a record always has them."""
        names = (record.cohort, record.scheme, record.repeat, record.fold, record.learner)
        arrays = self._file(*names, ".npz")
        _write_arrays(arrays, predictions)
        file = self._file(*names, ".json")
        with output_files({"record": file}) as temporary:
            temporary["record"].write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")

    def keep_rows(self, fold: Fold) -> None:
        """Write the test rows of a fold, unless they are there."""
        cohort, base = fold.cohort, find_scheme(fold.cohort.find_scheme(fold.scheme))
        file = self._file(cohort.name, fold.scheme, fold.repeat, fold.number, f"rows-{fold.data_hash}", ".npz")
        if file.is_file():
            return
        group = group_of_row(cohort.rows, base)
        one_drug = len(cohort.pairs.drugs) == 1
        rows = {
            "measured": cohort.rows.y[fold.test],
            "drug": cohort.pairs.drug_index[fold.test],
            "group": group[fold.test],
            "reference": np.array("drug mean" if one_drug else base.reference),
            "base": np.array(base.name),
        }
        _write_arrays(file, rows)

    def rows(self, record: Record) -> TestedRows:
        """The test rows that a record was measured on."""
        names = (record.cohort, record.scheme, record.repeat, record.fold, f"rows-{record.data}")
        with np.load(self._file(*names, ".npz"), allow_pickle=False) as found:
            parts = {each.name: found[each.name] for each in fields(TestedRows)}
        return TestedRows(**{**parts, "reference": str(parts["reference"]), "base": str(parts["base"])})

    def predictions(self, record: Record) -> dict[str, NDArray[np.float64]]:
        """`(n_rows,)` predictions by name: the learner's own, or each naive one."""
        names = (record.cohort, record.scheme, record.repeat, record.fold, record.learner)
        with np.load(self._file(*names, ".npz"), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}

    def records(self) -> Iterator[Record]:
        """All records, in order of their names."""
        for file in sorted(self.folder.glob("*/*/*-*/*.json")):
            yield _read(file)

    def _file(self, cohort: str, scheme: str, repeat: int, fold: int, learner: str, ending: str) -> Path:
        name = learner.replace(" ", "_").replace(",", "")
        return self.folder / cohort / scheme / f"{repeat}-{fold}" / f"{name}{ending}"


def code_hash(learner: str) -> str:
    """Of the sources that decide a learner's predictions: the references' own modules, or the package's learners."""
    package, here = Path(drugresponse.__file__).parent, Path(benchmarks.__file__).parent
    if learner in REFERENCES:
        files = [here / "columns.py", here / "references.py"]
    elif learner == NAIVE:
        files = [package / "learners" / "baselines.py"]
    elif learner in LEARNERS:
        files = sorted(file for room in _SOURCES for file in (package / room).rglob("*.py"))
    else:
        return ""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _read(file: Path) -> Record:
    stored: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return Record(**stored)


def _write_arrays(file: Path, arrays: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with output_files({"arrays": file}) as temporary, temporary["arrays"].open("wb") as out:
        np.savez_compressed(out, **arrays)
