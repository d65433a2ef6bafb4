"""A GCT table, of features x samples below a line that counts them -> Genotypes.

Layout: Broad Institute, "GCT: Gene Cluster Text file format" (versions 1.2 and 1.3), software.broadinstitute.org/
cancer/software/genepattern/file-formats-guide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from drugresponse.data.conversion.features import describe_features
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import trimmed, without_blanks
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError
from drugresponse.readers.matrix.reader import numbers_in, refuse_bad_labels
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_features
from drugresponse.readers.text.delimited import DelimitedText, cut_rows
from drugresponse.readers.text.encoding import decoded

__all__ = ["read_gct"]


@dataclass(frozen=True)
class _Counts:
    """What the second line says of the table: its rows and columns, and the notes beside and below the names."""

    features: int
    samples: int
    row_notes: int
    column_notes: int


def read_gct(path: AnySource, *, features: AnySource | None = None, kind: str | None = None) -> Genotypes:
    r"""Read a GCT table of version 1.2 or 1.3; `na` and an empty cell are missing.

    Parameters
    ----------
    path
        Text, gzip or not.
    features
        Table that explains the features; without one, the column Description names the gene of each, where it is a
        single word.
    kind
        Kind of the features whose kind the table does not tell; None guesses it.

    Raises
    ------
    InputError
        It has not the rows and columns that it counts, an id is empty or repeated, or a cell is no number.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp(), "calls.gct")
    >>> _ = file.write_text("#1.2\n2\t2\nName\tDescription\ts1\ts2\nMYC_AMP\tMYC\tna\t1\nTP53_MUT\tTP53\t1\t0\n")
    >>> genotypes = read_gct(file)
    >>> genotypes.sample_ids.tolist(), genotypes.features["gene"].tolist(), genotypes.dense().tolist()
    (['s1', 's2'], ['MYC', 'TP53'], [[nan, 1.0], [1.0, 0.0]])
    """
    file = Source.of(path)
    with file.opened():
        table = read_features(features) if features is not None else None
        counts, text = _cut(decoded(file.unpacked_bytes(), file.name), file.name)
    first = 1 + counts.row_notes
    labels = [[trimmed(cell) for cell in cells] for cells in text.beginnings(first)]
    ids = without_blanks([cells[0] for cells in labels], file.name)
    refuse_bad_labels(ids, text.header[0], file.name)
    values = numbers_in(text, range(first, len(text.header))).T
    if table is None and counts.row_notes:
        table = pd.DataFrame({"gene": [_gene(cells[1]) for cells in labels]}, index=pd.Index(ids, name="feature_id"))
    samples = without_blanks(text.header[first:], file.name)
    return Genotypes.build(values, samples, describe_features(ids, values, table=table, kind=kind, where=file.name))


def _cut(written: str, where: str) -> tuple[_Counts, DelimitedText]:
    """The counts, and the table below them without notes on samples; its lines are numbered as in the file."""
    version, line, rest = written.split("\n", 2)
    cells = line.split("\t")
    counts = _counts(cells, version.startswith("#1.2"), where)
    text = cut_rows(f"\n\n{rest}", where)
    lines, rows = text.lines[counts.column_notes :], text.written[counts.column_notes :]
    held = (len(rows), len(text.header) - 1 - counts.row_notes)
    if held != (counts.features, counts.samples):
        raise InputError(
            f"{where}: holds {held[0]:,} rows and {max(held[1], 0):,} columns of samples (expected "
            f"{counts.features:,} and {counts.samples:,}, as its second line says). Check that it was written "
            "completely."
        )
    return counts, replace(text, lines=lines, written=rows)


def _counts(cells: list[str], is_plain: bool, where: str) -> _Counts:
    words = [cell.strip() for cell in cells if cell.strip()]
    if not all(word.isdecimal() for word in words) or len(words) < (2 if is_plain else 4):
        raise InputError(
            f"{where}, line 2: found {' '.join(words)!r} (expected how many rows and columns of samples there are, and "
            "in version 1.3 how many of notes on each). Correct the line."
        )
    # version 1.2 has one column of notes, which is the description
    row_notes, column_notes = (1, 0) if is_plain else (int(words[2]), int(words[3]))
    return _Counts(int(words[0]), int(words[1]), row_notes, column_notes)


def _gene(note: str) -> str:
    """The gene that a note on a feature names; nothing where the note is missing, or a sentence."""
    return "" if is_missing(note) or len(note.split()) != 1 else note
