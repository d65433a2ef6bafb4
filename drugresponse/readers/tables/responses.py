"""Files of measured responses, long or wide -> Responses."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from itertools import islice

import pandas as pd

from drugresponse.data.column_names import name_words, plain_name
from drugresponse.data.conversion.numbers import decimal_signs, is_number, to_numbers
from drugresponse.data.conversion.subjects import tell_of_shared_subjects
from drugresponse.data.ids import clean_ids, is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.limits import are_limits, is_limit_or_number
from drugresponse.data.outcomes.requested import AUTO, ClassesLike, OutcomeLike, Requested
from drugresponse.data.outcomes.times import TimeColumns, find_times, read_events
from drugresponse.data.responses.kinds import is_named_for_drugs, refuse_classes
from drugresponse.data.responses.reading import are_dilutions, are_numbers
from drugresponse.data.responses.signs import with_signs
from drugresponse.data.responses.wide import are_same_classes, are_same_limits, melt_drugs, refuse_beside_drugs
from drugresponse.data.responses.wide_kinds import refuse_several_kinds
from drugresponse.data.tables import Measure, Responses
from drugresponse.data.turned_responses import turned
from drugresponse.errors import TWO_RESPONSES, InputError, count, number_advice, quoted, show_ids
from drugresponse.readers.source.foreign_formats import refuse_own_table
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import line_of, read_table, required_column
from drugresponse.readers.text.column_numbers import column_named, refuse_data_as_names

__all__ = ["read_responses"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_DOSES = ("dose", "dosage", "doseum", "dosenm", "concentration", "conc", "concum", "concnm", "concentrationum")
_FIRST_CELLS = 20
_LONG_ONLY = ("censor", "weight", "study")


def read_responses(
    path: AnySource,
    *,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    response_column: str = "response",
    study_column: str = "study",
    measure: Measure | None = None,
    drug_ids: Collection[str] = (),
    outcome: OutcomeLike = AUTO,
    classes: ClassesLike = None,
    time_column: str | None = None,
    event_column: str | None = None,
    entry_column: str | None = None,
) -> Responses:
    r"""Read measured responses, one row a (sample, drug), or a wide table of samples x drugs.

    Parameters
    ----------
    path
        A long table with a sample, a response and perhaps a drug column and `censor`, `weight`, `study`; without a drug
        column all rows are of one drug. In place of the response it may have `lower` and `upper` limits, or times and
        events. Or a wide table: sample ids, then one column of numbers, classes or limits for each drug.
    sample_column, drug_column, response_column
        Names of these columns in the file, or their numbers, such as `"#3"`.
    study_column
        Name or number of the column that tells which study each response comes from.
    measure
        What the numbers mean.
    drug_ids
        Drugs that are known, whose columns in a wide table are drugs whatever they look like.
    outcome, classes
        As for `Responses.build`.
    time_column, event_column, entry_column
        Names or numbers of the columns of times, events, and when a sample came under observation; None looks for the
        usual names.

    Raises
    ------
    InputError
        A column is absent, a cell is none of the outcome's, no response is left, or the table holds something else,
        such as columns of metadata among those of drugs.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "responses.tsv")
    ...     _ = file.write_text("sample_id\tdrug_a\tdrug_b\ns1\t0.5\t1\ns2\tNA\t2\n")
    ...     len(read_responses(file))
    3
    """
    file, requested = Source.of(path), Requested.of(outcome, classes)
    where, table = file.name, read_table(file)
    columns = (sample_column, drug_column, response_column)
    sample_column, drug_column, response_column = (column_named(table.columns, name, where) for name in columns)
    table = _with_studies(table, study_column, (sample_column, drug_column, response_column), where)
    named = (time_column, event_column, entry_column)
    time, event, entry = (None if name is None else column_named(table.columns, name, where) for name in named)
    times = find_times(table, response_column, requested, where, time=time, event=event, entry=entry)
    if times is None and response_column not in table.columns:
        # before limits are looked for: tables of predictions have bounds under the same names
        refuse_own_table(table.columns, where, "responses")
    if times is not None or (response_column not in table.columns and {"lower", "upper"} <= set(table.columns)):
        rows = _rows_of_two(table, sample_column, drug_column, times, requested, where)
        # events are read here, where the name of their column tells which of its words is one
        return Responses.build(rows, measure, where=where, outcome=outcome, classes=None if times else classes)
    is_turned = _looks_turned(table, sample_column, drug_column, response_column, requested, where)
    if is_turned:
        table, drug_column = table.rename(columns={drug_column: sample_column}), "drug_id"
    if response_column not in table.columns and _looks_wide(
        table, sample_column, drug_column, response_column, requested, where
    ):
        rows = _melt(table, sample_column, drug_ids, requested, where)
        names_dilutions = all("mic" in name_words(drug) for drug in rows["drug_id"].unique())
    else:
        if not {response_column, drug_column} & set(table.columns):
            refuse_several_kinds(table.drop(columns=sample_column, errors="ignore"), requested, where)
        names_dilutions = "mic" in name_words(response_column)
        with file.naming_sheets():
            rows = _long_rows(table, sample_column, drug_column, response_column, requested, where)
    if names_dilutions and requested.kind == AUTO and not requested.classes and are_dilutions(rows):
        outcome = "interval"
    responses = Responses.build(rows, measure, where=where, outcome=outcome, classes=classes)
    return turned(responses) if is_turned else responses


def _with_studies(table: pd.DataFrame, study_column: str, others: Collection[str], where: str) -> pd.DataFrame:
    """The table with its column of studies under that name, and under its own where it is one of the others too."""
    if study_column == "study":
        return table
    named = required_column(table, column_named(table.columns, study_column, where), "`study_column`", where)
    return table if named == "study" else table.assign(study=table[named]).drop(columns={named} - set(others))


def _looks_turned(
    table: pd.DataFrame, sample_column: str, drug_column: str, response_column: str, requested: Requested, where: str
) -> bool:
    """Whether a wide table has a row for each drug: its column of ids is that of drugs."""
    if drug_column not in table.columns or {sample_column, response_column} & set(table.columns):
        return False
    turned_table = table.rename(columns={drug_column: sample_column})
    return _looks_wide(turned_table, sample_column, "drug_id", response_column, requested, where)


def _looks_wide(
    table: pd.DataFrame, sample_column: str, drug_column: str, response_column: str, requested: Requested, where: str
) -> bool:
    if response_column != "response" or {drug_column, *_LONG_ONLY} & set(table.columns):
        return False
    drugs = table.drop(columns=_id_column(table, sample_column))
    _refuse_limits_with_classes(drugs, where)
    # one column of numbers beside the ids is a response under another name; which, only its owner knows
    if drugs.shape[1] < 2:
        return False
    if are_same_classes(drugs, requested) or are_same_limits(drugs, requested):
        return True
    _refuse_among_limits(drugs, requested, where)
    if not table[_id_column(table, sample_column)].duplicated().any():
        refuse_beside_drugs(drugs, requested, where)
    return all(_mostly_numbers(drugs[name]) for name in drugs.columns)


def _id_column(table: pd.DataFrame, sample_column: str) -> str:
    return sample_column if sample_column in table.columns else str(table.columns[0])


def _mostly_numbers(column: pd.Series) -> bool:
    present = [cell for cell in column if not is_missing(cell)]
    return 2 * sum(map(is_number, present)) > len(present) or not present


def _melt(
    table: pd.DataFrame, sample_column: str, drug_ids: Collection[str], requested: Requested, where: str
) -> pd.DataFrame:
    id_column = _id_column(table, sample_column)
    samples = _cleaned(table[id_column], where)
    drugs = table.drop(columns=id_column)
    refuse_data_as_names(drugs.columns, where)
    if missing := [name for name in drugs.columns if is_missing_id(name)]:
        raise InputError(f"{where}, line 1: found {show_ids(missing)} as drug (expected its id). Rename the column.")
    if are_same_classes(drugs, requested) or are_same_limits(drugs, requested):
        wide = drugs.where(~drugs.map(is_missing))
    else:
        signs = decimal_signs(drugs[name] for name in drugs.columns)
        wide = pd.DataFrame({name: to_numbers(drugs[name], where=where, signs=signs) for name in drugs.columns})
    if samples.duplicated().any():  # a long table under other names must not be taken for a wide one
        raise InputError(
            f'{where}: found no column "response", and ids in "{id_column}" repeat '
            "(expected one row for each sample in a table of samples by drugs). "
            "Give each sample one row or, if a row is a single response, name the columns with `sample_column`, "
            "`drug_column` and `response_column`."
        )
    wide.insert(0, "sample_id", samples)
    return melt_drugs(wide, drug_ids, where=where)


def _refuse_limits_with_classes(drugs: pd.DataFrame, where: str) -> None:
    """Refuse a wide table in which most cells of a column are an MIC and its class, such as `<=0.25 S`."""
    for name, column in drugs.items():
        # where most cells are, so is one of the first; a screen has thousands of columns
        first = islice((cell for cell in column if not is_missing(cell)), _FIRST_CELLS)
        if not any(_is_limit_with_class(cell) for cell in first):
            continue
        present = column[~column.map(is_missing)]
        both = present.map(_is_limit_with_class)
        if 2 * both.sum() > len(present):
            line = present.index[int(both.to_numpy().argmax())] + 2
            cell = quoted(present[both].iloc[0], 40)
            raise InputError(f'{where}, line {line}, column "{name}": found {cell}. {TWO_RESPONSES}')


def _is_limit_with_class(cell: object) -> bool:
    return number_advice(str(cell)) == TWO_RESPONSES


def _refuse_among_limits(drugs: pd.DataFrame, requested: Requested, where: str) -> None:
    """Name the cells that are no limit where most are limits or numbers, and the first limit is not to blame."""
    if requested.kind not in (AUTO, "interval") or requested.classes:
        return
    cells = drugs.stack()
    cells = cells[~cells.map(is_missing)].astype(str)
    fits = cells.map(is_limit_or_number)
    # a column of which most cells fit nothing is no drug, and another's to tell
    if not fits.all() and fits.groupby(level=1).mean().min() > 0.5 and are_limits(cells):
        (row, name), cell = cells.index[~fits][0], cells[~fits].iloc[0]
        raise InputError(
            f'{where}, line {row + 2}, column "{name}": found "{cell}" among limits and numbers (expected one such as '
            f"<=0.25, >32, 0.5-1 or 16, with a point in decimals; {count(int((~fits).sum()), 'such cell')}). "
            "Correct it, or leave it empty."
        )


def _long_rows(
    table: pd.DataFrame, sample: str, drug: str, response: str, requested: Requested, where: str
) -> pd.DataFrame:
    required_column(table, sample, "`sample_column`", where)
    required_column(table, response, "`response_column`", where)
    table = with_signs(table, response, where)
    rows = _id_rows(table, sample, drug, (response,), where)
    numbers = {"weight": "weight"} if "weight" in table.columns else {}
    if are_numbers(table[response], requested) and not are_limits(table[response]):
        refuse_classes(table[response], where)
        numbers = {"response": response, **numbers}
    else:
        rows["response"] = table[response]
    _add_numbers(rows, table, numbers, where)
    if "censor" in table.columns:
        censor = table["censor"].str.strip().str.lower()
        rows["censor"] = censor.where(~censor.map(is_missing).astype(bool), "none")
    if "study" in table.columns:
        rows["study"] = table["study"]
    _refuse_doses(table, rows, where)
    n_missing = sum(map(is_missing, rows["response"].fillna("").astype(str)))
    if n_missing:
        logger.info("%s: %d of %d rows have no response and are left out.", where, n_missing, len(rows))
    return rows


def _rows_of_two(
    table: pd.DataFrame, sample: str, drug: str, times: TimeColumns | None, requested: Requested, where: str
) -> pd.DataFrame:
    """Rows whose response is told by several columns: a time and its event, or a lower and an upper limit."""
    required_column(table, sample, "`sample_column`", where)
    own = ("lower", "upper") if times is None else (times.time, times.event, times.entry)
    rows = _id_rows(table, sample, drug, own, where)
    numbers = {"lower": "lower", "upper": "upper"} if times is None else {"time": times.time}
    if times is not None and times.entry:
        numbers["entry"] = times.entry
    if "weight" in table.columns:
        numbers["weight"] = "weight"
    _add_numbers(rows, table, numbers, where)
    if times is not None:
        rows["event"] = read_events(table[times.event], requested, where)
        progress.info('%s: took times from "%s" and events from "%s".', where, times.time, times.event)
    if "study" in table.columns:
        rows["study"] = table["study"]
    _refuse_doses(table, rows, where)
    return rows


def _id_rows(table: pd.DataFrame, sample: str, drug: str, own: Collection[str], where: str) -> pd.DataFrame:
    """The ids of each row; `own` are the columns of the response."""
    rows = pd.DataFrame({"sample_id": _cleaned(table[sample], where)})
    tell_of_shared_subjects(table, rows["sample_id"], (sample, drug, *own), where)
    if drug in table.columns or drug != "drug_id":
        rows["drug_id"] = _cleaned(table[required_column(table, drug, "`drug_column`", where)], where)
    else:
        _refuse_unnamed_drugs(table, sample, own, where)
    return rows


def _add_numbers(rows: pd.DataFrame, table: pd.DataFrame, columns: Mapping[str, str], where: str) -> None:
    signs = decimal_signs(table[column] for column in columns.values())
    for name, column in columns.items():
        rows[name] = to_numbers(table[column], where=where, signs=signs)


def _refuse_doses(table: pd.DataFrame, rows: pd.DataFrame, where: str) -> None:
    """Measurements at several doses must not be averaged into one response."""
    doses = [name for name in table.columns if plain_name(name) in _DOSES]
    keys = [rows[name] for name in ("sample_id", "drug_id") if name in rows.columns]
    if doses and table.groupby(keys)[doses[0]].nunique().gt(1).any():
        raise InputError(
            f'{where}: found one sample and drug with several values of "{doses[0]}" (expected one response for each). '
            "Fit the doses with drugresponse curves first, and give the responses that it writes; or remove the column."
        )


def _refuse_unnamed_drugs(table: pd.DataFrame, sample: str, own: Collection[str], where: str) -> None:
    """Several drugs under a column of another name must not be averaged into one."""
    others = [name for name in table.columns if name not in (sample, *own, *_LONG_ONLY)]
    named = [name for name in others if is_named_for_drugs(name) or not _mostly_numbers(table[name])]
    if named and table[sample].duplicated().any():
        raise InputError(
            f'{where}: found no column "drug_id", but samples repeat and there is a column "{named[0]}" '
            f"(expected one drug). If it names the drug, give `drug_column` '{named[0]}'; "
            f"{'if it names endpoints, keep the rows of one; ' if len(own) > 2 else ''}"
            "if all rows are of one drug, remove the column."
        )
    _warn_of_drugs(table, [name for name in others if is_named_for_drugs(name)], where)


def _warn_of_drugs(table: pd.DataFrame, names: Collection[str], where: str) -> None:
    """Tell of a column that is named for drugs, holds several, and is not used, where each sample has one of them."""
    for name in names:
        cells = [cell for cell in table[name].dropna().unique() if not is_missing(cell)]
        if len(cells) > 1:
            logger.warning(
                f'{where}: the column "{name}" ({show_ids(cells)}) is not used, and all rows count as of one drug; if '
                f"it names the drug, give `drug_column` '{name}'."
            )


def _cleaned(column: pd.Series, where: str) -> pd.Series:
    """Ids without blanks around them, none of which is missing."""
    ids = clean_ids(column, where)
    empty = ids == ""
    if empty.any():
        written = trimmed(column[empty].iloc[0])
        what = f'"{written}", a word for missing, as id' if written else "an empty id"
        raise InputError(
            f'{where}, line {line_of(empty)}, column "{column.name}": found {what} '
            f"({count(int(empty.sum()), 'such row')}). Fill it or remove the line."
        )
    return ids
