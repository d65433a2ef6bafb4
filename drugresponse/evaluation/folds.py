"""The folds of an evaluation as a table that can be written, given, and proved free of leaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.ids import clean_ids, tell_of_lost_ids
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import (
    compound_of_pair,
    deal_folds,
    find_scheme,
    lineage_of_pair,
    rows_of_folds,
    study_of_pair,
    subject_of_pair,
    tissue_of_pair,
)
from drugresponse.errors import InputError, count, show_ids

__all__ = ["PlannedFold", "as_splits", "folds_of_table", "plan_folds", "prove_free_of_leaks"]

COLUMNS = ("repeat", "fold", "sample_id", "drug_id")
_BY_STUDY = (*COLUMNS, "study")


@dataclass(frozen=True, eq=False)
class PlannedFold:
    """One fold of one repeat.

    Attributes
    ----------
    repeat, fold
        Numbers from 0.
    train, test
        Row numbers into the pairs, ascending, without a common row.
    """

    repeat: int
    fold: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def plan_folds(pairs: Pairs, scheme: str, n_folds: int, repeats: int, random_state: int) -> pd.DataFrame:
    """Deal the folds of every repeat, and write down what is held out when.

    Returns
    -------
    pandas.DataFrame
        Columns `repeat, fold, sample_id, drug_id`: a row for each sample, drug or pair, whichever the scheme deals; for
        new samples and drugs, rows for each; for new studies a row for each sample of a study, and a last column
        `study`.
    """
    tables = []
    for repeat in range(repeats):
        for what, fold in deal_folds(pairs, scheme, n_folds, random_state + repeat).items():
            ids: dict[str, Any] = {
                "sample_id": pairs.sample_ids if what != "drug" else "",
                "drug_id": pairs.drug_ids if what != "sample" else "",
            }
            if what == "study":
                ids |= {"drug_id": "", "study": np.asarray(pairs.studies)}
            tables.append(pd.DataFrame({"repeat": repeat, "fold": fold, **ids}).drop_duplicates())
    columns = [name for name in _BY_STUDY if name in tables[0].columns]
    return pd.concat(tables).sort_values(columns, kind="stable", ignore_index=True)[columns]


def as_splits(splits: FrameLike) -> pd.DataFrame:
    """A table of folds with all its columns.

    Parameters
    ----------
    splits
        Columns `fold` (whole numbers; below 0 is never held out), `sample_id` or `drug_id` or both, and perhaps
        `repeat`; in the scheme `new-studies` also `study`, alone or with `sample_id`.

    Returns
    -------
    pandas.DataFrame
        Columns `repeat, fold` (int), `sample_id, drug_id` (text, "" where a row is about all), and `study` where given.

    Raises
    ------
    InputError
        It is no DataFrame, lacks the folds or the ids, or a fold is no whole number.

    Examples
    --------
    >>> as_splits(pd.DataFrame({"sample_id": [7, 8], "fold": [0, 1]})).values.tolist()
    [[0, 0, '7', ''], [0, 1, '8', '']]
    """
    splits = as_pandas(splits, "splits", " with the columns fold, and sample_id or drug_id")
    table = splits.reset_index() if set(splits.index.names) & {"sample_id", "drug_id"} else splits
    ids = [name for name in ("sample_id", "drug_id", "study") if name in table.columns]
    if "fold" not in table.columns or not ids:
        raise InputError(
            f"splits: found the columns {show_ids(table.columns, 8)} (expected fold, and sample_id or drug_id). "
            "Rename them."
        )
    numbers = {name: table[name] if name in table.columns else 0 for name in ("repeat", "fold")}
    whole = pd.DataFrame(numbers, index=table.index).apply(pd.to_numeric, errors="coerce")
    odd = whole.isna() | (whole != whole.round())
    if odd.any(axis=None):
        raise InputError(
            f"splits, row {int(np.argmax(odd.any(axis=1))) + 1}: found no whole number as repeat or fold "
            "(expected 0, 1, 2, ...). Number them."
        )
    named = {name: clean_ids(table[name], "splits") for name in ids}
    complete = whole.astype(int).assign(sample_id="", drug_id="").assign(**named).reset_index(drop=True)
    return complete[[name for name in _BY_STUDY if name in complete.columns]]


def folds_of_table(pairs: Pairs, table: pd.DataFrame) -> list[PlannedFold]:
    """The rows that each fold of a table trains on and tests.

    Raises
    ------
    InputError
        An id stands in two folds of one repeat, none of the ids is known, or a fold has no row to train on or to test.
    """
    planned = []
    table = _numbered_from_0(table)
    for repeat, rows in table.groupby("repeat", sort=True):
        dealt = _dealt(pairs, rows)
        folds = rows_of_folds(dealt, pairs)
        for number, (train, test) in enumerate(folds):
            if len(test) and not len(train):
                raise InputError(f"splits: fold {number} leaves no row to train on. Hold out less in each fold.")
            if len(test):
                planned.append(PlannedFold(int(str(repeat)), number, train, test))
    if not planned:
        raise InputError("splits: no measured pair is held out in any fold. Check the ids and folds.")
    return planned


def prove_free_of_leaks(pairs: Pairs, scheme: str, folds: list[PlannedFold]) -> None:
    """Stop when a fold trains on what the scheme says is new in its test rows.

    Raises
    ------
    InputError
        A row, subject, structure, tissue, lineage or study stands on both sides of a fold.
    """
    kind = find_scheme(scheme)
    forbidden: list[tuple[str, NDArray, NDArray]] = [("pair", np.arange(len(pairs)), _pair_names(pairs))]
    if not kind.sample_effect:
        forbidden.append(("subject", subject_of_pair(pairs), pairs.sample_ids))
    if not kind.drug_effect:
        forbidden.append(("structure", compound_of_pair(pairs), pairs.drug_ids))
    if kind.name == "new-tissues":
        forbidden.append(("tissue", tissue_of_pair(pairs), pairs.sample_ids))
    if kind.name == "new-lineages":
        forbidden.append(("lineage", lineage_of_pair(pairs), pairs.sample_ids))
    if kind.name == "new-studies":
        forbidden.append(("study", study_of_pair(pairs), np.asarray(pairs.studies)))
    for planned in folds:
        for what, groups, names in forbidden:
            shared = np.isin(groups[planned.test], groups[planned.train])
            if shared.any():
                which = show_ids(pd.unique(names[planned.test][shared]))
                raise InputError(
                    f"splits: fold {planned.fold} trains on the {what} of {which}, which it also tests "
                    f"(the scheme {kind.name} says that it is new). Move them to one side."
                )


def _numbered_from_0(table: pd.DataFrame) -> pd.DataFrame:
    """The same folds with repeats and folds numbered without gaps; a fold below 0 is never held out and stays so."""
    repeat = pd.factorize(table["repeat"], sort=True)[0]
    numbers = np.unique(table["fold"][table["fold"] >= 0])
    fold = np.where(table["fold"] >= 0, np.searchsorted(numbers, table["fold"]), -1)
    return table.assign(repeat=repeat, fold=fold)


def _dealt(pairs: Pairs, rows: pd.DataFrame) -> list[NDArray[np.intp]]:
    """The fold of each pair by each kind of row that the table has; -1 where it is never held out."""
    if pairs.studies is not None:
        return [_dealt_studies(pairs, rows)]
    has_sample, has_drug = rows["sample_id"] != "", rows["drug_id"] != ""
    kinds = [
        (rows[has_sample & has_drug], _pair_names(pairs), "pair"),
        (rows[has_sample & ~has_drug], pairs.sample_ids, "sample"),
        (rows[~has_sample & has_drug], pairs.drug_ids, "drug"),
    ]
    dealt = []
    for part, ids, what in kinds:
        if part.empty:
            continue
        keys = part["sample_id"] + "\t" + part["drug_id"] if what == "pair" else part[f"{what}_id"]
        table = part.assign(key=keys)[["key", "fold"]].drop_duplicates().set_index("key")["fold"]
        if not table.index.is_unique:
            twice = table.index[table.index.duplicated()]
            raise InputError(f"splits: {what} {show_ids(twice)} stands in two folds of one repeat. Keep one.")
        at = table.index.get_indexer(pd.Index(ids))
        if (at < 0).all():
            raise InputError(f"splits: none of its {count(len(table), what)} is measured. Check the ids.")
        if (at < 0).any() and what != "pair":
            tell_of_lost_ids("splits", f"{what}s", table.index, "measured pairs", pd.Index(pd.unique(ids)), "not used")
        dealt.append(np.append(table.to_numpy(), -1)[at].astype(np.intp))
    return dealt


def _dealt_studies(pairs: Pairs, rows: pd.DataFrame) -> NDArray[np.intp]:
    """The fold of each pair by its study, or by its study and sample; -1 where it is never held out."""
    if "study" not in rows.columns:
        raise InputError(
            "splits: found no column study (expected one, as whole studies are held out). Add it, or choose another "
            "`scheme`."
        )
    studies = np.asarray(pairs.studies, dtype=object)
    fold = np.full(len(pairs), -1, dtype=np.intp)
    for of_sample, names in ((False, studies), (True, studies + "\t" + pairs.sample_ids)):
        part = rows[(rows["sample_id"] != "") == of_sample]
        keys = part["study"] + "\t" + part["sample_id"] if of_sample else part["study"]
        table = part.assign(key=keys)[["key", "fold"]].drop_duplicates().set_index("key")["fold"]
        if not table.index.is_unique:
            twice = table.index[table.index.duplicated()]
            raise InputError(f"splits: study {show_ids(twice)} stands in two folds of one repeat. Keep one.")
        at = table.index.get_indexer(pd.Index(names))
        fold = np.where(at >= 0, np.append(table.to_numpy(), -1)[at], fold)
    if (fold < 0).all():
        raise InputError("splits: none of its studies is measured. Check the names in the column study.")
    return fold.astype(np.intp)


def _pair_names(pairs: Pairs) -> NDArray[np.object_]:
    return np.array([f"{s}\t{d}" for s, d in zip(pairs.sample_ids, pairs.drug_ids, strict=True)], dtype=object)
