"""Which format a source of genotypes has, told by content, and which files belong to it."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

from drugresponse.errors import InputError, nearest
from drugresponse.readers.alterations.reader import looks_like_alterations
from drugresponse.readers.plink.reader import PLINK_SUFFIXES, plink_files
from drugresponse.readers.plink.text_reader import looks_like_raw, looks_like_traw
from drugresponse.readers.source.content import recognise, refuse_unreadable
from drugresponse.readers.source.foreign_formats import FOREIGN, refuse_own_table
from drugresponse.readers.star_alleles.reader import looks_like_star_alleles
from drugresponse.readers.text.row_stream import stream_rows

__all__ = ["GENOTYPE_FORMATS", "genotype_format_of", "genotype_source_files"]

GENOTYPE_FORMATS = (
    "auto",
    "vcf",
    "plink",
    "plink-raw",
    "plink-traw",
    "alterations",
    "star-alleles",
    "matrix",
    "anndata",
)
_BY_CONTENT = {
    "vcf": "vcf",
    "bcf": "vcf",
    "plink": "plink",
    "hdf5": "anndata",
    "maf": "alterations",
    "parquet": "matrix",
}
_NAMES = {"vcf": "VCF", "bcf": "BCF", "plink": "PLINK", "hdf5": "HDF5", "maf": "MAF", "parquet": "Parquet"}
_EXPECTED = {
    "vcf": "VCF or BCF",
    "plink": "a PLINK file",
    "plink-raw": "what PLINK writes as .raw",
    "plink-traw": "what PLINK writes as .traw",
    "alterations": "a table of alterations",
    "star-alleles": "a table of star alleles",
    "matrix": "a matrix",
    "anndata": "an .h5ad file",
}
_PARTS_OF_PLINK = (".bim", ".fam", ".pvar", ".psam")


def genotype_format_of(path: str | Path, asked: str = "auto") -> str:
    """The format in which a source is read.

    Parameters
    ----------
    path
        A file; for PLINK also a folder, or the name that the files of a fileset share.
    asked
        One of `GENOTYPE_FORMATS`; all but `auto` insist.

    Raises
    ------
    InputError
        `asked` is unknown, the file holds another format, or one that is not read.
    """
    if asked not in GENOTYPE_FORMATS:
        raise InputError(f'`genotype_format`: "{asked}" is unknown. {nearest(asked, GENOTYPE_FORMATS)}')
    file = Path(path)
    if _is_fileset(file):
        return "plink"
    _refuse_part_of_plink(file)
    content = recognise(file)
    found = _BY_CONTENT.get(content)
    if found is not None and asked not in ("auto", found):
        raise InputError(
            f"{file.name}: this is {_NAMES[content]} (expected {_EXPECTED[asked]}). Use `genotype_format` auto."
        )
    if content in FOREIGN:
        refuse_unreadable(content, file.name)
    if asked != "auto":
        return asked
    if found is not None:
        return found
    if content == "text" and file.suffix in PLINK_SUFFIXES:
        return "plink"  # whose reader says what is wrong
    if content == "zip" and _is_archive_of_calls(file):
        return "star-alleles"
    refuse_unreadable(content, file.name)
    return _format_of_text(file)


def genotype_source_files(path: str | Path) -> list[Path]:
    """Every file that reading this source touches: the three of a PLINK fileset, else the file itself.

    Examples
    --------
    >>> [str(each) for each in genotype_source_files("mutations.tsv")]
    ['mutations.tsv']
    """
    file = Path(path)
    # what is wrong with the source is said when it is read
    with contextlib.suppress(InputError, OSError):
        if _is_fileset(file) or (file.is_file() and recognise(file) == "plink"):
            return list(plink_files(file))
    return [file]


def _is_fileset(file: Path) -> bool:
    return file.is_dir() or (not file.exists() and any(Path(f"{file}{each}").is_file() for each in PLINK_SUFFIXES))


def _refuse_part_of_plink(file: Path) -> None:
    if file.suffix not in _PARTS_OF_PLINK:
        return
    whole = [file.with_suffix(each).name for each in PLINK_SUFFIXES if file.with_suffix(each).is_file()]
    if whole:
        raise InputError(
            f"{file.name}: this is one part of a PLINK fileset (expected that of its calls). Give {whole[0]} instead."
        )


def _is_archive_of_calls(file: Path) -> bool:
    with contextlib.suppress(zipfile.BadZipFile, OSError, ValueError), zipfile.ZipFile(file) as archive:
        return any(Path(name).name == "metadata.txt" for name in archive.namelist())
    return False


def _format_of_text(file: Path) -> str:
    try:
        header = next(iter(stream_rows(file)))[1]
    except (InputError, StopIteration):
        return "matrix"  # whose reader says what is wrong
    if looks_like_raw(header):
        return "plink-raw"
    if looks_like_traw(header):
        return "plink-traw"
    refuse_own_table(header, file.name, "genotypes")
    if looks_like_alterations(header):
        return "alterations"
    return "star-alleles" if looks_like_star_alleles(header) else "matrix"
