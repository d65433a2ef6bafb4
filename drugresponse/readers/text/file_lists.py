"""A list of files in place of the files: a path a line, perhaps with the sample's id and its covariates."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from drugresponse.data.conversion.blocks import refuse_wrong_block_name
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.delimited import rows_of

__all__ = ["AnySources", "labelled_sources", "listed_sources"]

AnySources: TypeAlias = AnySource | Iterable[AnySource] | Mapping[str, AnySource | Sequence[AnySource]]
"""One source, several, or one or several of each block by its name."""

_LISTED = (".vcf", ".vcf.gz", ".vcf.bgz", ".gvcf", ".gvcf.gz", ".g.vcf", ".g.vcf.gz", ".bcf")
_NAMES_OF_PATHS = ("path", "file", "vcf", "genotypes")
_LARGEST = 1 << 24
_OF_GALAXY = ("DRUGRESPONSE_UPLOADS", "GALAXY_SLOTS", "_GALAXY_JOB_TMP_DIR")
"""Set by the wrappers of this package, and by Galaxy for every job."""
_OF_WRAPPER = "DRUGRESPONSE_LIST"
"""Names the list that a wrapper has written itself, of a sample sheet; the wrappers set it."""


def listed_sources(paths: AnySources) -> list[Source]:
    r"""The sources of files, those of which a list names in its place.

    Parameters
    ----------
    paths
        Files; a text file whose first cells are paths of VCF or BCF files, or of files that are there, is a list.
        Cells are separated by tabs, commas or semicolons: the path, relative to the folder of the list, and perhaps the
        id of the file's only sample. A first line that names the columns (path, sample_id, age ...) may name further
        ones, which are covariates; a file's own id counts where the cell is empty. A mapping names the block of each
        file, as `expression=FILE` does.

    Raises
    ------
    InputError
        A line names no file, or one that another line names, or has columns without a name; or a list that the wrapper
        has not written is given in a job of Galaxy, whose uploads must not name files of the server.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.vcf").write_text("##fileformat=VCFv4.2\n")
    ...     _ = Path(folder, "patients.txt").write_text("path\tsample_id\tage\na.vcf\tP1\t61\n")
    ...     (source,) = listed_sources(Path(folder, "patients.txt"))
    >>> source.name, source.sample_id, source.covariates
    ('a.vcf', 'P1', {'age': '61'})
    """
    return [listed for source in labelled_sources(paths) for listed in _listed(source)]


def labelled_sources(paths: AnySources) -> list[Source]:
    """The sources of one file, of several or of blocks; of those with one name in two folders messages name the path.

    Examples
    --------
    >>> [source.name for source in labelled_sources(["a/calls.vcf", "b/calls.vcf", "c.vcf"])]
    ['a/calls.vcf', 'b/calls.vcf', 'c.vcf']
    """
    if isinstance(paths, Mapping):
        return [source for block, files in paths.items() for source in _of_block(block, labelled_sources(files))]
    given = [paths] if isinstance(paths, AnySource) else list(paths)
    named = Counter(Path(each).name for each in given if not isinstance(each, Source))
    return [
        Source(each, label=str(each) if named[Path(each).name] > 1 else "") if not isinstance(each, Source) else each
        for each in given
    ]


def _of_block(name: str, files: list[Source]) -> list[Source]:
    for file in files:
        file.block = refuse_wrong_block_name(name)
    return files


def _listed(source: Source) -> list[Source]:
    rows = _rows(source)
    if not rows:
        return [source]
    if _is_of_others(source):
        raise InputError(
            f"{source.name}: this is a list of files, which is not read in Galaxy (expected the files themselves). "
            "Give them together, or as a collection."
        )
    (_, first), *rest = rows
    names = [cell.strip() for cell in first]
    has_header = names[0].lower() in _NAMES_OF_PATHS
    if has_header and len(set(names)) < len(names):
        raise InputError(f"{source.name}: found a column twice ({show_ids(names)}). Rename or remove one.")
    if not has_header:
        names, rest = ["path", "sample_id"], rows
    listed: dict[Path, Source] = {}
    for number, cells in rest:
        file = _source_of(source, number, names, [cell.strip() for cell in cells])
        file.block = source.block
        if file.path in listed:
            raise InputError(f"{source.name}, line {number}: found {file.name} again (expected each file once).")
        listed[file.path] = file
    return list(listed.values())


def _rows(source: Source) -> list[tuple[int, list[str]]]:
    """The rows of a list of files; none where it is another file."""
    if not source.path.is_file() or source.path.stat().st_size > _LARGEST or source.content != "text":
        return []
    with contextlib.suppress(InputError):  # its reader says what is wrong with it
        first = itertools.islice(rows_of(io.BytesIO(source.head), source.name), 2)
        if any(_is_path(source, cells[0]) for _, cells in first):
            with source.unpacked() as stream:
                return list(rows_of(stream, source.name))
    return []


def _is_path(source: Source, cell: str) -> bool:
    text = cell.strip()
    if text.lower().endswith(_LISTED):
        return True
    return "/" in text and not _is_of_others(source) and (source.path.parent / text).is_file()


def _is_of_others(source: Source) -> bool:
    """Whether whoever wrote a file is not who reads what it names: an upload must not name files of the server."""
    return any(os.environ.get(name) for name in _OF_GALAXY) and not _is_of_wrapper(source)


def _is_of_wrapper(source: Source) -> bool:
    return os.environ.get(_OF_WRAPPER) == str(source.path) and not source.path.is_symlink()


def _source_of(listing: Source, number: int, names: Sequence[str], cells: Sequence[str]) -> Source:
    where = f"{listing.name}, line {number}"
    if len(cells) > len(names):
        raise InputError(
            f"{where}: found {len(cells)} cells (expected at most {len(names)}: {show_ids(names)}). Name all columns "
            "in a first line, such as path, sample_id, age."
        )
    path = listing.path.parent / cells[0]
    if not path.is_file():
        raise InputError(
            f'{where}: found no file "{cells[0]}" (expected a path from the folder of the list, '
            f"{listing.path.parent}). Correct the path."
        )
    source = Source(path, label=path.name if _is_of_wrapper(listing) else cells[0])
    for name, cell in zip(names[1:], cells[1:], strict=False):
        value = "" if is_missing(cell) else cell
        if name == "sample_id":
            source.sample_id = value or None
        else:
            source.covariates[name] = value
    return source
