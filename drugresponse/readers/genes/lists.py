"""Lists of gene symbols: typed, from a file, or bundled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from drugresponse.data.column_names import plain_name
from drugresponse.data.conversion.spreadsheet_dates import dates_among, shown_dates
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.genes._pharmacogenes import PHARMACOGENES
from drugresponse.readers.text.files import stream_rows

__all__ = ["GENE_LISTS", "read_gene_list"]

GENE_LISTS = {"pharmacogenes": frozenset(PHARMACOGENES)}
"""Bundled lists by name."""
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_FILE = re.compile(r"[/\\]|\.(?:txt|tsv|csv|list|genes|dat|gz)$", re.IGNORECASE)
_HEADERS = frozenset({"gene", "genes", "symbol", "genesymbol", "hugosymbol", "geneid", "genename"})


def read_gene_list(source: str | Path) -> frozenset[str]:
    r"""Read symbols of genes.

    Parameters
    ----------
    source
        `pharmacogenes` (those of CPIC's guidelines), symbols separated by commas, or a file with one symbol on each
        line, below comment lines and a header where it has them.

    Raises
    ------
    InputError
        There is no symbol, a file is absent or has several columns, or a text is no symbol or has become a date.

    Examples
    --------
    >>> sorted(read_gene_list("CYP2D6, TPMT")), "DPYD" in read_gene_list("pharmacogenes")
    (['CYP2D6', 'TPMT'], True)
    """
    if source in GENE_LISTS:
        return GENE_LISTS[str(source)]
    if isinstance(source, str) and not Path(source).exists() and not _FILE.search(source):
        return _checked(map(str.strip, source.split(",")), "genes")
    file = Path(source)
    return _checked(_column(file), file.name)


def _column(file: Path) -> list[str]:
    cells = []
    for number, row in stream_rows(file):
        if row[0].startswith("#"):
            continue
        if sum(map(bool, map(str.strip, row))) > 1:
            raise InputError(
                f"{file.name}, line {number}: found {len(row)} columns (expected one symbol of a gene on each line). "
                "Keep the column of symbols only."
            )
        cells.append(row[0].strip())
    return cells[1:] if cells and plain_name(cells[0]) in _HEADERS else cells


def _checked(symbols: Iterable[str], where: str) -> frozenset[str]:
    genes = frozenset(symbols) - {""}
    if not genes:
        raise InputError(f"{where}: found no gene (expected symbols such as CYP2D6). Name at least one.")
    if strange := sorted(symbol for symbol in genes if not _SYMBOL.fullmatch(symbol)):
        raise InputError(
            f"{where}: {show_ids(strange)} is no symbol of a gene (expected such as CYP2D6, separated by commas, or "
            f"the path of a file, or {', '.join(GENE_LISTS)}). Correct it."
        )
    if dates := dates_among(genes):
        raise InputError(
            f"{where}: a spreadsheet has turned {shown_dates(dates)} into a date (expected such as MARCHF1). "
            "Write the symbols again."
        )
    return genes
