"""The folds of a cohort: those beside the data where there are any, else dealt with seed 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cohorts import PUBLISHED, Cohort, hash_of
from drugresponse.data.splits import make_folds, rows_of_folds
from drugresponse.errors import InputError
from drugresponse.readers import read_table

__all__ = ["Fold", "folds_of"]

_REPEATS = {"new-drugs": 3}
"""How often all folds are dealt anew; once where a scheme is not named."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One cut of a cohort.

    Attributes
    ----------
    cohort
        What is cut.
    scheme
        As the benchmark names it; `published` is the authors' split.
    repeat, number
        From 0.
    train, test
        Row numbers into the pairs.
    """

    cohort: Cohort
    scheme: str
    repeat: int
    number: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]

    @cached_property
    def data_hash(self) -> str:
        """Of all that a learner is given and scored on."""
        return hash_of([self.cohort.content_hash, self.scheme, self.train, self.test])


def folds_of(cohort: Cohort, scheme: str, n_folds: int) -> list[Fold]:
    """Every fold of every repeat.

    Raises
    ------
    InputError
        The scheme is unknown, or the cohort cannot answer it.
    """
    base = cohort.find_scheme(scheme)
    if scheme == PUBLISHED:
        test = cohort.split == "test"
        return [Fold(cohort, scheme, 0, 0, np.flatnonzero(~test), np.flatnonzero(test))]
    found = []
    for repeat in range(_REPEATS.get(scheme, 1)):
        file = cohort.folder / "splits" / f"{scheme.replace('-', '_')}.tsv.gz"
        cuts = (
            _given_folds(cohort, file)
            if repeat == 0 and file.is_file()
            else make_folds(cohort.pairs, base, n_folds, repeat)
        )
        found += [Fold(cohort, scheme, repeat, number, *rows) for number, rows in enumerate(cuts) if len(rows[1])]
    return found


def _given_folds(cohort: Cohort, file: Path) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Folds from a table of `fold` beside `sample_id`, `drug_id` or both; rows that it does not name are left out."""
    table, pairs = read_table(file), cohort.pairs
    keys = [name for name in ("sample_id", "drug_id") if name in table.columns]
    if not keys or "fold" not in table.columns:
        raise InputError(
            f"{file.name}: found the columns {', '.join(table.columns)} (expected fold and sample_id or drug_id). "
            "Correct the file."
        )
    ids = {"sample_id": pairs.sample_ids, "drug_id": pairs.drug_ids}
    folds = pd.Series(table["fold"].astype(int).to_numpy(), index=pd.MultiIndex.from_frame(table[keys]))
    wanted = pd.MultiIndex.from_arrays([ids[key] for key in keys], names=keys)
    fold = folds.reindex(wanted).fillna(-1).to_numpy().astype(np.intp)
    return [(train[fold[train] >= 0], test) for train, test in rows_of_folds([fold], pairs)]
