"""A matrix of samples x features, or features x samples, as text or Parquet -> Genotypes."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name
from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.genotypes import as_float32, frame_values
from drugresponse.data.conversion.numbers import decimal_signs, is_number, to_numbers
from drugresponse.data.conversion.sample_columns import feature_columns
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import ids_as_text, spellings_alike, without_blanks
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.matrix.words import advice_on_calls, genotypes_in_words, is_call, is_uncalled
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_features, read_parquet
from drugresponse.readers.text.column_numbers import refuse_data_as_names
from drugresponse.readers.text.delimited import DelimitedText, cut_rows, refuse_bad_header
from drugresponse.readers.text.files import decode_file

__all__ = ["numbers_in", "read_matrix", "refuse_bad_labels"]

logger = logging.getLogger(__name__)

Labelled = tuple[list[str], list[str], NDArray[Any], str]
"""Row ids, column ids, values (float32) or cells that are words (object), and the name of the id column."""

_ID_COLUMNS = ("sample_id", "feature_id", "iid")
_GENE_COLUMNS = ("hugosymbol", "genesymbol", "gene", "symbol", "geneid", "ensemblgeneid", "idref")
_NOTES_ON_GENES = ("entrezgeneid", "locusid", "cytoband", "geneid", "description")
"""Columns beside those of the samples in the tables of cBioPortal and GISTIC."""


def read_matrix(
    path: AnySource,
    *,
    features: AnySource | None = None,
    kind: str | None = None,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
) -> Genotypes:
    r"""Read a matrix of numbers, or of calls in words; an empty cell is missing, a 0 is a 0.

    Parameters
    ----------
    path
        Text (tabs, commas or semicolons; gzip or not) or Parquet. Ids stand in the column `sample_id` or `feature_id`,
        else in the index of a Parquet file, else in the first column.
    features
        Table that explains the features.
    kind
        Kind of the features whose kind the table does not tell; None guesses it from each block.
    known_samples
        Sample ids of the other tables: the axis that shares more of them holds the samples. Without any, the axis that
        shares more ids with the features table holds the features; else rows are samples, unless the column of ids is
        named as one of genes is.
    known_features
        As for `genotypes_in_words`, which tells what cells such as A/G, *1/*4 and wild type become.

    Raises
    ------
    InputError
        The file is neither a table of numbers nor of calls, an id is empty or repeated, or a value is infinite.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mutations.csv")
    ...     _ = file.write_text("gene,s1,s2\nTP53,1,0\nKRAS,,1\n")
    ...     read_matrix(file, known_samples=["s1", "s2"]).dense()
    array([[nan, 1.], [ 1., 0.]], dtype=float32)
    """
    file = Source.of(path)
    where = file.name
    with file.opened():
        table = read_features(features) if features is not None else None
        described = frozenset(() if table is None else table.index)
        read = _from_parquet if file.content == "parquet" else _from_text
        rows, columns, values, id_column = read(file, described)
    if not columns:
        raise InputError(
            f"{where}: found one column (expected ids and then numbers, separated by tabs, commas or semicolons). "
            "Check the separator."
        )
    rows, columns = without_blanks(rows, where), without_blanks(columns, where)
    refuse_data_as_names(columns, where, beside=(id_column, rows))
    refuse_bad_labels(rows, id_column, where)
    if _rows_are_features(rows, columns, id_column, known_samples, described, where):
        kept = feature_columns(rows, where, described)
        rows, columns = columns, list(itertools.compress(rows, kept))
        values = np.ascontiguousarray(values[kept].T)
    if values.dtype == object:
        return genotypes_in_words(
            rows, columns, values, where=where, table=table, kind=kind, known_features=known_features
        )
    _refuse_infinite(values, rows, columns, where)
    return Genotypes.build(values, rows, describe_features(columns, values, table=table, kind=kind, where=where))


def _from_text(file: Source, known_features: Collection[str]) -> Labelled:
    text = cut_rows(decode_file(file), file.name)
    where, header = file.name, text.header
    id_at = _id_position(header)
    ids = [cells[id_at] for cells in text.beginnings(id_at + 1)]
    columns = _value_columns(header, id_at, where, known_features)
    names = [header[at] for at in columns]
    try:
        values = text.numbers(columns)
        _warn_of_signs_alone(text, columns, values)
    except ValueError:
        if _in_words(text, columns):
            return ids, names, np.array([[row[at] for at in columns] for row in text.rows], dtype=object), header[id_at]
        values = _values_by_cell(text, columns)
    return ids, names, values, header[id_at]


def _warn_of_signs_alone(text: DelimitedText, columns: Sequence[int], values: NDArray[np.float32]) -> None:
    """Warn where no cell is a number and some are "-", which is missing here, and may mean absent."""
    nothing = values[:1].size and np.isnan(values[0]).all() and np.isnan(values).all()
    if nothing and any(row[at].strip() == "-" for row in text.rows for at in columns):
        logger.warning(
            '%s: each cell is "-" or empty, and counts as missing. If "-" means absent, write 0 or no.', text.where
        )


def numbers_in(text: DelimitedText, columns: Sequence[int]) -> NDArray[np.float32]:
    """`(n_rows, n_columns)` numbers of some columns in any spelling, NaN where missing.

    Raises
    ------
    InputError
        A cell is no number.
    """
    try:
        return text.numbers(columns)
    except ValueError:
        return _values_by_cell(text, columns)


def _in_words(text: DelimitedText, columns: Sequence[int]) -> bool:
    """Whether some cells are calls in words, and all others numbers or none."""
    words = {row[at] for row in text.rows for at in columns}  # the same few stand in many cells
    others = [word for word in words if not (is_missing(word) or is_uncalled(word) or is_number(word))]
    return bool(others) and all(map(is_call, others))


def _values_by_cell(text: DelimitedText, columns: Sequence[int]) -> NDArray[np.float32]:
    """Slower: every spelling is read, and the cell that is no number is named."""
    _refuse_second_header(text, columns)
    index = pd.Index(np.asarray(text.lines) - 2)
    values = np.empty((len(text.lines), len(columns)), dtype=np.float32)
    cells = list(zip(*text.rows, strict=True))
    signs = decimal_signs(cells[at] for at in columns)
    # what is wrong is named, not the calls beside it, which are no numbers either
    for place in sorted(range(len(columns)), key=lambda place: not _has_others(cells[columns[place]])):
        at = columns[place]
        _refuse_words(cells[at], text.lines, text.where, text.header[at])
        column = pd.Series(cells[at], index=index, name=text.header[at], dtype=object)
        values[:, place] = as_float32(to_numbers(column, where=text.where, signs=signs).to_numpy())
    return values


def _refuse_second_header(text: DelimitedText, columns: Sequence[int]) -> None:
    """Refuse a table whose names of columns go on in a second line, such as one of units or of rs numbers."""
    first = [text.rows[0][at] for at in columns if text.rows[0][at].strip()]
    below = [row[at] for row in text.rows[1:3] for at in columns]
    if (
        len(first) > 1
        and not any(map(is_number, first))
        and below
        and all(is_number(cell) or is_missing(cell) for cell in below)
    ):
        raise InputError(
            f"{text.where}, line {text.lines[0]}: found words alone, such as {quoted(first[0], 40)}, above numbers "
            "(expected names of columns in one line). If both lines are names, write them into one; if it is a line of "
            "units, delete it."
        )


def _has_others(column: Sequence[str]) -> bool:
    """Whether any cell of a column is neither number nor call."""
    return any(not (is_missing(cell) or is_number(cell) or is_uncalled(cell) or is_call(cell)) for cell in set(column))


def _refuse_words(column: Sequence[str], lines: Sequence[int], where: str, name: str) -> None:
    """Refuse a column without any number: it is something else, not a matrix with a slip."""
    words = [(cell.strip(), line) for cell, line in zip(column, lines, strict=True) if not is_missing(cell)]
    if not words or any(is_number(cell) for cell, _ in words):
        return
    strange = next(((cell, line) for cell, line in words if not is_call(cell)), words[0])
    advice = advice_on_calls(cell for cell, _ in words) or (
        "Remove the column, or move it into the table of samples. A list of alterations names its columns sample_id, "
        "gene and alteration in the first line, calls of star alleles sample_id, gene and diplotype."
    )
    raise InputError(
        f'{where}, line {strange[1]}, column "{name}": {quoted(strange[0], 40)} is not a number, nor is anything else '
        "in this column (expected a table of samples and features, or calls such as A/G, 0/1, *1/*4, wild type, het, "
        f"yes, +, PM). {advice}"
    )


def _from_parquet(file: Source, known_features: Collection[str]) -> Labelled:
    where = file.name
    frame = read_parquet(file, where=where)
    names = list(frame.columns)
    if not frame.columns.is_unique:
        refuse_bad_header(names, where)
    id_at = _id_position(names)
    numbers = frame.iloc[:, _value_columns(names, id_at, where, known_features)]
    return list(ids_as_text(frame.iloc[:, id_at])), list(numbers.columns), frame_values(numbers, where), names[id_at]


def _id_position(header: Sequence[str]) -> int:
    plain = [_plain_id(name) for name in header]
    return next((plain.index(name) for name in _ID_COLUMNS if name in plain), 0)


def _plain_id(name: str) -> str:
    return name.lower().lstrip("#")


def _value_columns(header: Sequence[str], id_at: int, where: str, known_features: Collection[str]) -> list[int]:
    """Places of the columns that hold numbers of samples or features, not notes about genes or samples."""
    others = [at for at in range(len(header)) if at != id_at]
    others = list(itertools.compress(others, feature_columns([header[at] for at in others], where, known_features)))
    if plain_name(header[id_at]) not in _GENE_COLUMNS:
        return others
    notes = [at for at in others if plain_name(header[at]) in _NOTES_ON_GENES]
    if notes:
        logger.info("%s: left out the columns %s, which are about genes.", where, show_ids(header[at] for at in notes))
    return [at for at in others if at not in notes]


def _rows_are_features(
    rows: Sequence[str],
    columns: Sequence[str],
    id_column: str,
    known_samples: Collection[str] | None,
    known_features: Collection[str],
    where: str,
) -> bool:
    known = {str(sample) for sample in (() if known_samples is None else known_samples)}
    in_rows, in_columns = (len(known.intersection(ids)) for ids in (rows, columns))
    if in_rows == in_columns == 0:
        in_rows, in_columns = (len(spellings_alike(ids, known)) for ids in (rows, columns))
    if in_rows != in_columns:
        transposed = in_columns > in_rows
    elif _plain_id(id_column) in _ID_COLUMNS:
        return _plain_id(id_column) == "feature_id"
    else:
        described_rows, described_columns = (len(set(known_features).intersection(ids)) for ids in (rows, columns))
        of_genes = plain_name(id_column) in _GENE_COLUMNS
        transposed = described_rows > described_columns or (described_rows == described_columns and of_genes)
        if described_rows == described_columns and not of_genes:
            logger.info("%s: no id tells which axis holds the samples; rows are taken as samples.", where)
    if transposed:
        logger.info("%s: read as %d features x %d samples.", where, len(rows), len(columns))
    return transposed


def refuse_bad_labels(rows: Sequence[str], id_column: str, where: str) -> None:
    """Refuse ids of rows of which one is empty or stands twice.

    Raises
    ------
    InputError
        They are such ids.
    """
    if "" in rows:
        raise InputError(
            f'{where}, row {list(rows).index("") + 1} below the header, column "{id_column}": found an empty id. '
            "Fill it or remove the row."
        )
    index = pd.Index(rows)
    if not index.is_unique:
        raise InputError(
            f"{where}: {show_ids(index[index.duplicated()].unique())} stands in more than one row "
            "(expected each id once). Rename or remove the repeats."
        )


def _refuse_infinite(values: NDArray[np.float32], samples: Sequence[str], features: Sequence[str], where: str) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.unravel_index(int(np.argmax(infinite)), infinite.shape)
        raise InputError(
            f'{where}, sample "{samples[int(row)]}", feature "{features[int(column)]}": found an infinite value '
            "(expected a number or an empty cell). Correct it."
        )
