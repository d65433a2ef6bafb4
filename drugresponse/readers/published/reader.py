"""Published files -> the tables of a study: each is known by its columns, never by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from drugresponse.data.ids import trimmed
from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.readers.published.beataml import BEATAML
from drugresponse.readers.published.cbioportal import CBIOPORTAL
from drugresponse.readers.published.ccle import CCLE
from drugresponse.readers.published.cellminer import CELLMINER
from drugresponse.readers.published.depmap import DEPMAP
from drugresponse.readers.published.gdsc import GDSC
from drugresponse.readers.published.hivdb import HIVDB
from drugresponse.readers.published.pharmacodb import PHARMACODB
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher
from drugresponse.readers.published.whole_files import rows_of_numbers
from drugresponse.readers.source.foreign_formats import FOREIGN
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.readers.text.delimited import even_rows, refuse_bad_header
from drugresponse.readers.text.files import stream_rows

__all__ = ["PUBLISHERS", "read_published"]

PUBLISHERS: Mapping[str, Publisher] = MappingProxyType(
    {
        "beataml": BEATAML,
        "cbioportal": CBIOPORTAL,
        "ccle": CCLE,
        "cellminer": CELLMINER,
        "depmap": DEPMAP,
        "gdsc": GDSC,
        "hivdb": HIVDB,
        "pharmacodb": PHARMACODB,
    }
)
"""Whose files are known."""


def read_published(publisher: str, files: Sequence[AnySource]) -> PublishedTables:
    r"""Read files as a publisher gives them out.

    Parameters
    ----------
    publisher
        A key of `PUBLISHERS`.
    files
        Text, a spreadsheet or Parquet, in any order; told by their columns.

    Raises
    ------
    InputError
        The publisher is unknown, or a file is none of its files.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp(), "fitted.csv")
    >>> _ = file.write_text("COSMIC_ID,DRUG_ID,DRUG_NAME,LN_IC50\n906826,1003,Camptothecin,-1.5\n")
    >>> tables = read_published("gdsc", [file])
    >>> tables.responses[["sample_id", "drug_id", "response"]].values.tolist(), tables.measure.name
    ([['906826', '1003', -1.5]], 'ln_ic50')
    """
    if publisher not in PUBLISHERS:
        raise InputError(f'"{publisher}" is no publisher whose files are known. {nearest(publisher, PUBLISHERS)}')
    known = PUBLISHERS[publisher]
    tables = PublishedTables()
    rest = [file for file in map(Source.of, files) if known.take_whole is None or not known.take_whole(tables, file)]
    read = [(*_recognised(publisher, _table(file), file.name), file.name) for file in rest]
    for kind, table, where in sorted(read, key=lambda part: known.files.index(part[0])):
        kind.take(tables, table, where)
    return tables


def _table(file: Source) -> pd.DataFrame:
    """A table of text, below the lines of comment that some publishers put above the names of the columns.

    What is no genotypes as it stands, and refused as such, is read here.
    """
    with file.opened():
        if file.content in FOREIGN and file.content.startswith("a table"):
            text = rows_of_numbers(file)
            return pd.DataFrame(list(text.rows), columns=text.header, dtype=object)
        if not file.head.startswith(b"#"):
            return read_table(file)
    numbered = stream_rows(file)
    header = [trimmed(name) for name in next(numbered)[1]]
    refuse_bad_header(header, file.name)
    rows = [cells for _, cells in even_rows(numbered, len(header), file.name)]
    return pd.DataFrame(rows, columns=header, dtype=object)


def _recognised(publisher: str, table: pd.DataFrame, where: str) -> tuple[PublishedFile, pd.DataFrame]:
    """Which file it is, and the table with its columns named as that file's."""
    known = PUBLISHERS[publisher]
    for file in known.files:
        named = file.named(table)
        if named is not None:
            return file, named
    names = ", ".join(dict.fromkeys([*(file.name for file in known.files), *known.whole]))
    raise InputError(
        f"{where}: is none of the files of {publisher} that are known (its columns are {show_ids(table.columns, 8)}; "
        f"expected one of: {names}). Check which file was downloaded."
    )
