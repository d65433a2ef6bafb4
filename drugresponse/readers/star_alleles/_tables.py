"""Files of star-allele calls (PharmCAT, PyPGx, outside calls, plain long tables) -> one call a sample and gene."""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drugresponse.data.column_names import find_column, plain_name
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.source.unpacking import watched
from drugresponse.readers.text.delimited import even_rows, rows_of
from drugresponse.readers.text.files import stream_rows

__all__ = ["StarAlleleCall", "looks_like_star_alleles", "read_star_allele_calls"]

_SAMPLE = ("sampleid", "sample", "samplename", "sampleids", "patientid")
_GENE = ("gene", "genesymbol", "symbol")
_DIPLOTYPE = ("sourcediplotype", "diplotype", "genotype")
_PHENOTYPE = ("phenotype", "metabolizerstatus", "metaboliserstatus")
_ACTIVITY = ("activityscore", "totalactivityscore")
_GENE_SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)?(?:/\d)?")
_STAR_CALL = re.compile(r"\[?\*[\w:]+.*|.*/\[?\*[\w:]+.*")
_PHENOTYPE_WORDS = re.compile(r".*(?:metaboli[sz]er|function|positive|negative|susceptibility).*", re.IGNORECASE)
_LARGEST_METADATA = 1 << 20


@dataclass(frozen=True)
class StarAlleleCall:
    """What one row says about one gene of one sample, in the words of the file; "" where it says nothing.

    Attributes
    ----------
    sample
        "" where the file does not name it.
    gene
        Symbol; "" where the file does not name it.
    diplotype, phenotype, activity
        As written.
    """

    sample: str
    gene: str
    diplotype: str
    phenotype: str
    activity: str


def looks_like_star_alleles(header: Sequence[str]) -> bool:
    """Whether the first row that is no comment begins a table of star-allele calls.

    That is the column names of PharmCAT's calls-only table or PyPGx's results, PharmCAT's line of its version, the
    column names of a long table with a gene and a diplotype, or a row of PharmCAT's outside calls, which has no header.

    Examples
    --------
    >>> looks_like_star_alleles(["Gene", "Source Diplotype", "Phenotype"]), looks_like_star_alleles(["CYP2D6", "*1/*3"])
    (True, True)
    >>> looks_like_star_alleles(["PharmCAT v3.1.0"]), looks_like_star_alleles(["sample_id", "CYP2D6"])
    (True, False)
    """
    names = {plain_name(name) for name in header}
    if {"genotype", "phenotype", "haplotype1"} <= names or "sourcediplotype" in names:
        return True
    if names & set(_GENE) and names & {"diplotype", *_ACTIVITY}:
        return True
    return _is_version(header) or _is_outside_call(header)


def read_star_allele_calls(path: AnySource) -> list[StarAlleleCall]:
    r"""Read the rows of a table of star-allele calls, or of the archive that PyPGx writes (results.zip).

    A table may also have one row a sample and one column of diplotypes a gene.

    Raises
    ------
    InputError
        The file is absent, empty, damaged or no such table, a column is absent, or a row is shorter or longer than the
        header.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "calls.dat")
    ...     _ = file.write_text("CYP2D6\t*1/*3\nCYP2C9\t\t\t2.0\n")
    ...     calls = read_star_allele_calls(file)
    >>> calls[0].diplotype, calls[1].activity
    ('*1/*3', '2.0')
    """
    file = Source.of(path)
    with file.opened():
        return _read_archive(file) if file.content in ("pypgx", "zip") else _read_text(file)


def _read_text(file: Source) -> list[StarAlleleCall]:
    numbered = stream_rows(file)
    line, first = next(numbered)
    if _is_version(first):
        line, first = next(numbered, (line, first))
    first = [trimmed(cell) for cell in first]
    if _is_outside_call(first):
        rows = [(line, first), *numbered]
        return [_outside_call(cells, number, file.name) for number, cells in rows if not cells[0].startswith("#")]
    return _table(first, numbered, file.name)


def _table(header: Sequence[str], numbered: Iterator[tuple[int, list[str]]], where: str) -> list[StarAlleleCall]:
    sample, gene, diplotype, phenotype, activity = (
        find_column(header, names) for names in (_SAMPLE, _GENE, _DIPLOTYPE, _PHENOTYPE, _ACTIVITY)
    )
    if sample is None and header[0] == "":
        sample = 0  # PyPGx leaves the name of its column of samples empty
    rows = even_rows(numbered, len(header), where)
    genes = {at: name for at, name in enumerate(header) if at != sample}
    if sample is not None and gene is None and genes and all(map(_GENE_SYMBOL.fullmatch, genes.values())):
        return _wide_table(genes, sample, rows, where)
    if (diplotype is None and phenotype is None and activity is None) or (sample is None and gene is None):
        raise InputError(
            f"{where}: found the columns {show_ids(header, 8)} (expected a sample and a gene, and a diplotype, a "
            "phenotype or an activity score, as PharmCAT or PyPGx write them). Rename the columns."
        )
    # the first of several columns that says something counts
    lookups = (find_column(header, (f"recommendationlookup{name}",)) for name in ("phenotype", "activityscore"))
    places = ((sample,), (gene,), (diplotype,), *zip((phenotype, activity), lookups, strict=True))
    calls = []
    for line, cells in rows:
        for at, name in ((sample, "sample"), (gene, "gene")):
            if at is not None and is_missing_id(cells[at]):
                raise _nobody(name, line, where)
        texts = [[_present(cells[at]) for at in columns if at is not None] for columns in places]
        calls.append(StarAlleleCall(*(next(filter(None, column), "") for column in texts)))
    return calls


def _wide_table(
    genes: Mapping[int, str], sample: int, rows: Iterator[tuple[int, list[str]]], where: str
) -> list[StarAlleleCall]:
    """One row a sample, one column of diplotypes a gene."""
    calls: list[StarAlleleCall] = []
    for line, cells in rows:
        if is_missing_id(cells[sample]):
            raise _nobody("sample", line, where)
        name = trimmed(cells[sample])
        calls.extend(StarAlleleCall(name, gene, _present(cells[at]), "", "") for at, gene in genes.items())
    return calls


def _nobody(name: str, line: int, where: str) -> InputError:
    return InputError(f"{where}, line {line}: found no {name}. Fill it or remove the line.")


def _present(cell: str) -> str:
    return "" if is_missing(cell) else trimmed(cell)


def _read_archive(file: Source) -> list[StarAlleleCall]:
    """PyPGx keeps the table in data.tsv, and the gene in metadata.txt, in one folder of the archive."""
    try:
        with contextlib.ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(file.opened())))
            members = {Path(member.filename).name: member for member in archive.infolist()}
            if not {"metadata.txt", "data.tsv"} <= members.keys():
                raise InputError(
                    f"{file.name}: this is a zip archive (expected text, or PyPGx's results.zip with metadata.txt and "
                    "data.tsv). Unpack it, or save the sheet as tab-separated text."
                )
            settings = _metadata(archive, members["metadata.txt"], file.name)
            about = members["data.tsv"]
            table = stack.enter_context(archive.open(about))
            packed_share = about.compress_size / max(1, about.file_size)
            numbered = rows_of(watched(table, lambda: int(packed_share * table.tell()), file.name), file.name)
            _, header = next(numbered)
            calls = _table([name.strip() for name in header], numbered, file.name)
            return [replace(call, gene=call.gene or settings.get("Gene", "")) for call in calls]
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, RuntimeError, NotImplementedError) as error:
        raise InputError(f"{file.name}: the zip archive is damaged or locked. Copy or write it again.") from error


def _metadata(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> dict[str, str]:
    if member.file_size > _LARGEST_METADATA:
        raise InputError(
            f"{where}: its metadata.txt unpacks to more than {_LARGEST_METADATA >> 20} MB (expected a few lines). "
            "Check where it comes from."
        )
    lines = archive.read(member).decode("utf-8", errors="replace").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line)
    kind = settings.get("SemanticType", "")
    if kind != "SampleTable[Results]":
        raise InputError(
            f"{where}: this is PyPGx's {quoted(kind, 60)} (expected SampleTable[Results]). Give results.zip."
        )
    return settings


def _is_version(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) == 1 and filled[0].startswith("PharmCAT")


def _is_outside_call(cells: Sequence[str]) -> bool:
    if not 2 <= len(cells) <= 4 or not _GENE_SYMBOL.fullmatch(cells[0]):
        return False
    call, phenotype, activity = (*cells[1:], "", "", "")[:3]
    if cells[0].startswith("MT-") and re.fullmatch(r"m?\.?\d+[ACGT]>[ACGT]", call):
        return True
    if _STAR_CALL.fullmatch(call) or _PHENOTYPE_WORDS.fullmatch(phenotype):
        return True
    return not call and not phenotype and bool(re.fullmatch(r"≥?\d+(?:\.\d+)?", activity))


def _outside_call(cells: Sequence[str], line: int, where: str) -> StarAlleleCall:
    if not 2 <= len(cells) <= 4 or is_missing(cells[0]):
        raise InputError(
            f"{where}, line {line}: found {len(cells)} values (expected a gene, a diplotype, and perhaps a phenotype "
            "and an activity score, as PharmCAT's outside calls). Correct the line."
        )
    diplotype, phenotype, activity = (*(cell.strip() for cell in cells[1:]), "", "")[:3]
    return StarAlleleCall("", cells[0].strip(), diplotype, phenotype, activity)
