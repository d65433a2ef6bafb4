"""Tables of programs that name resistance genes: columns by their names in each version, rows, and whose they are."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drugresponse.data.column_names import find_column
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.resistance._names import sample_of_file
from drugresponse.readers.source.source import Source
from drugresponse.readers.text.delimited import even_rows, refuse_bad_header
from drugresponse.readers.text.files import stream_rows

__all__ = ["SAMPLE_COLUMNS", "SampleRow", "has_samples", "rows_of_samples"]

logger = logging.getLogger(__name__)

SAMPLE_COLUMNS = ("sampleid", "sample", "samplename", "isolateid", "isolate", "isolatename", "strain", "patientid")
"""Names of a column of samples that laboratories add, plain."""


def _sample_columns(samples: Sequence[str]) -> tuple[str, ...]:
    """A column that was added under the name of all other tables comes before that of the program."""
    return (SAMPLE_COLUMNS[0], *samples, *SAMPLE_COLUMNS[1:])


@dataclass(frozen=True)
class ResistanceRow:
    """A row: its line, its sample ("" where the table has no such column), and its cells by role, "" where missing."""

    line: int
    sample: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class ResistanceTable:
    """An open table.

    Attributes
    ----------
    has_samples
        Whether a column tells the sample of each row.
    rows
        Its rows, one at a time; there may be none.
    """

    has_samples: bool
    rows: Iterator[ResistanceRow]


def open_table(
    source: Source, columns: Mapping[str, Sequence[str]], needed: Mapping[str, str], samples: Sequence[str] = ()
) -> ResistanceTable:
    """Open a table and find its columns.

    Parameters
    ----------
    source
        The file.
    columns
        Plain names that a column may have, by role.
    needed
        Roles without which the table says nothing, and what their column is called, for the error.
    samples
        Plain names of the program's own column of samples.

    Raises
    ------
    InputError
        As `stream_rows`; a column is absent or repeated; or, as rows are read, one is shorter or longer than the header
        or has no sample where there is a column of samples.
    """
    where = source.name
    numbered = stream_rows(source)
    header = [trimmed(name) for name in next(numbered)[1]]
    refuse_bad_header(header, where)
    places = {role: find_column(header, names) for role, names in columns.items()}
    for role, name in needed.items():
        if places[role] is None:
            raise InputError(
                f"{where}: found no column for the {role} (its columns are {show_ids(header, 8)}; expected {name}). "
                "Give the table as the program wrote it."
            )
    sample_at = find_column(header, _sample_columns(samples))
    rows = _rows(numbered, header, places, sample_at, where)
    return ResistanceTable(sample_at is not None, rows)


def _rows(
    numbered: Iterator[tuple[int, list[str]]],
    header: list[str],
    places: Mapping[str, int | None],
    sample_at: int | None,
    where: str,
) -> Iterator[ResistanceRow]:
    first = next(numbered, None)
    if first is None:
        return  # nothing was found in a sample: no mistake here
    for line, cells in even_rows(itertools.chain([first], numbered), len(header), where):
        if cells == header:
            continue  # tables that were joined with cat
        sample = "" if sample_at is None else trimmed(cells[sample_at])
        if sample_at is not None and is_missing_id(sample):
            word = f" but {quoted(sample)}" if sample else ""
            raise InputError(
                f"{where}, line {line}: found no sample{word} (expected an id). Fill it or remove the line."
            )
        texts = {role: "" if at is None else trimmed(cells[at]) for role, at in places.items()}
        yield ResistanceRow(line, sample, {role: "" if is_missing(text) else text for role, text in texts.items()})


@dataclass(frozen=True)
class SampleRow:
    """A row of one of several files, or none for a sample of which a file holds nothing (then `cells` is None)."""

    source: Source
    sample: str
    cells: Mapping[str, str] | None
    place: str


def rows_of_samples(
    files: Sequence[Source],
    columns: Mapping[str, Sequence[str]],
    needed: Mapping[str, str],
    *,
    samples: Sequence[str] = (),
    endings: Sequence[str] | None = None,
    known_samples: Collection[str] | None = None,
) -> Iterator[SampleRow]:
    """The rows of several files, each with its sample; a file without rows is of the sample that its name tells.

    Parameters
    ----------
    files
        Tables of one program.
    columns, needed, samples
        As in `open_table`.
    endings
        As in `sample_of_file`; None where a file is never named after its sample.
    known_samples
        Sample ids of the other tables.

    Raises
    ------
    InputError
        As `open_table` and `sample_of_file`.
    """
    for file in files:
        table = open_table(file, columns, needed, samples)
        sample = None if table.has_samples else sample_of_file(file, endings or (), known_samples)
        empty = True
        for row in table.rows:
            empty = False
            yield SampleRow(file, sample or row.sample, row.cells, f"{file.name}, line {row.line}")
        if empty and endings is not None:
            if sample is None:
                sample = sample_of_file(file, endings, known_samples)
                logger.warning(
                    f"{file.name}: has no rows, and counts as the sample {quoted(sample)}, after the file, in which "
                    "nothing was found. Leave it out if it is none."
                )
            yield SampleRow(file, sample, None, file.name)


def has_samples(files: Sequence[Source], samples: Sequence[str] = ()) -> bool:
    """Whether any of the files has a column of samples: then samples without a row were assayed as well."""
    headers = (next(stream_rows(file))[1] for file in files)
    return any(find_column(header, _sample_columns(samples)) is not None for header in headers)
