"""Which format a source of genotypes has, told by content, and which files belong to it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from drugresponse.errors import InputError
from drugresponse.readers.formats import FORMATS, GENOTYPE_FORMATS, find_format
from drugresponse.readers.plink.fileset import (
    files_beside,
    has_suffix_of_calls,
    is_fileset,
    plink_files,
    refuse_part_of_fileset,
)
from drugresponse.readers.source.foreign_formats import FOREIGN, refuse_own_table
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.file_lists import listed_sources
from drugresponse.readers.text.files import stream_rows

__all__ = ["genotype_format_of", "genotype_parts", "genotype_source_files"]

_CONTENT_NAMES = {
    "pypgx": "an archive of PyPGx",
    "parquet": "Parquet",
    "tb-profiler": "JSON of TB-Profiler",
    "sierra": "JSON of Sierra",
}


def genotype_format_of(path: AnySource, insist: str = "auto") -> str:
    """The name of the format in which a source is read.

    Parameters
    ----------
    path
        A file; for PLINK also a folder, or the name that the files of a fileset share.
    insist
        One of `GENOTYPE_FORMATS`, or the name of another installed distribution's reader; all but `auto` insist. What
        the file holds is asked only where the reader is of this package.

    Raises
    ------
    InputError
        `insist` is unknown, the file holds another format, or one that is not read.
    """
    if insist not in GENOTYPE_FORMATS:
        return find_format(insist).name
    source = Source.of(path)
    if insist not in source.formats:
        source.formats[insist] = _decide(source, insist)
    return source.formats[insist]


def genotype_source_files(path: str | Path) -> list[Path]:
    """Every file that reading this source may touch, by its name: it, parts of its fileset, and those that it lists.

    Examples
    --------
    >>> [str(file) for file in genotype_source_files("mutations.tsv")]
    ['mutations.tsv']
    """
    listed: list[Source] = []
    # what is wrong with the source is said when it is read
    with contextlib.suppress(InputError, OSError):
        listed = listed_sources(path)
    return [*files_beside(Path(path)), *(source.path for source in listed if source.path != Path(path))]


def genotype_parts(source: Source, insist: str = "auto") -> list[Source]:
    """The files that a source is: the three of a PLINK fileset, else the file itself."""
    # what is wrong with the source is said when it is read
    with contextlib.suppress(InputError, OSError):
        if genotype_format_of(source, insist) == "plink":
            return list(plink_files(source))
    return [source]


def _decide(source: Source, insist: str) -> str:
    if is_fileset(source.path):
        return "plink"
    refuse_part_of_fileset(source.path)
    with source.opened():
        by_content = next((name for name, record in FORMATS.items() if source.content in record.contents), None)
        if by_content is not None and insist not in ("auto", by_content):
            shown = _CONTENT_NAMES.get(source.content, source.content.upper())
            expected = FORMATS[insist].description
            raise InputError(f"{source.name}: this is {shown} (expected {expected}). Use `genotype_format` auto.")
        if source.content in FOREIGN and (insist == "auto" or source.content not in FORMATS[insist].insisted):
            source.refuse_unreadable()
        if insist != "auto":
            return insist
        if by_content is not None:
            return by_content
        if source.content == "text" and has_suffix_of_calls(source.path):
            return "plink"  # whose reader says what is wrong
        source.refuse_unreadable()
        return _format_of_text(source)


def _format_of_text(source: Source) -> str:
    try:
        header = next(stream_rows(source))[1]
    except (InputError, StopIteration):
        return "matrix"  # whose reader says what is wrong
    refuse_own_table(header, source.name, "genotypes")
    return next((name for name, record in FORMATS.items() if record.has_header(header)), "matrix")
