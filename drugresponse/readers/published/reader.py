"""Published files -> the tables of a study: each is known by its columns, never by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.readers.published.depmap import DEPMAP_FILES, genes_of, take_matrix
from drugresponse.readers.published.gdsc import GDSC_FILES
from drugresponse.readers.published.tables import PublishedFile, PublishedTables
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.readers.text.delimited import cut_rows
from drugresponse.readers.text.encoding import decoded

__all__ = ["PUBLISHERS", "read_published"]

PUBLISHERS: Mapping[str, tuple[PublishedFile, ...]] = MappingProxyType({"depmap": DEPMAP_FILES, "gdsc": GDSC_FILES})
"""The files that are known of each publisher; of depmap, matrices of genes too."""


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
    tables = PublishedTables()
    for file in map(Source.of, files):
        if publisher == "depmap" and _took_matrix(tables, file):
            continue
        table = read_table(file)
        _known(publisher, table, file.name).take(tables, table, file.name)
    return tables


def _took_matrix(tables: PublishedTables, file: Source) -> bool:
    """Add a file to the tables where it is a matrix of genes: its many columns are read as numbers at once."""
    with file.opened():
        if file.content == "parquet":
            return False
        text = cut_rows(decoded(file.unpacked_bytes(), file.name), file.name)
    genes = genes_of(text.header)
    if 2 * len(genes) <= len(text.header):
        return False
    before = min(genes)
    try:
        values = text.numbers(list(genes))
    except ValueError as error:
        raise InputError(
            f"{file.name}: a gene has a cell that is no number (expected 0, 1 or 2). Correct it."
        ) from error
    labels = pd.DataFrame(text.beginnings(before), columns=text.header[:before], dtype=object)
    take_matrix(tables, labels, list(genes.values()), values, file.name)
    return True


def _known(publisher: str, table: pd.DataFrame, where: str) -> PublishedFile:
    plain = [plain_name(name) for name in table.columns]
    for file in PUBLISHERS[publisher]:
        if file.is_it(plain):
            return file
    known = ", ".join(dict.fromkeys(file.name for file in PUBLISHERS[publisher]))
    known += ", matrix of genes" if publisher == "depmap" else ""
    raise InputError(
        f"{where}: is none of the files of {publisher} that are known (its columns are {show_ids(table.columns, 8)}; "
        f"expected one of: {known}). Check which file was downloaded."
    )
