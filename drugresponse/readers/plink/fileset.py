"""Which files belong to a PLINK fileset: calls, variants and samples."""

from __future__ import annotations

import contextlib
from pathlib import Path

from drugresponse.errors import InputError, show_ids
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.source.unpacking import GZIP

__all__ = ["files_beside", "has_suffix_of_calls", "is_fileset", "plink_files", "refuse_part_of_fileset"]

_MAGIC = b"\x6c\x1b"
_SIBLINGS = {
    ".bed": ((".bim",), (".fam",)),
    ".pgen": ((".pvar", ".pvar.zst", ".bim"), (".psam", ".fam")),
}
"""Of variants and of samples, by the suffix of the calls."""
_PARTS = tuple(dict.fromkeys(suffix for parts in _SIBLINGS.values() for suffixes in parts for suffix in suffixes))

_ZARR = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")
"""One of which is in a folder that is a Zarr store, version 3 and 2."""


def is_fileset(path: Path) -> bool:
    """Whether a path is that of a folder, or the name that the files of a fileset share."""
    return path.is_dir() or (not path.exists() and any(Path(f"{path}{suffix}").is_file() for suffix in _SIBLINGS))


def has_suffix_of_calls(path: Path) -> bool:
    """Whether a file bears the name of PLINK's calls, whatever it holds."""
    return path.suffix in _SIBLINGS


def refuse_part_of_fileset(path: Path) -> None:
    """Refuse a file of variants or samples beside the calls that it belongs to.

    Raises
    ------
    InputError
        Names the file of the calls.
    """
    calls = [path.with_suffix(suffix) for suffix in _SIBLINGS] if path.suffix in _PARTS else []
    whole = [file.name for file in calls if file.is_file()]
    if whole:
        raise InputError(
            f"{path.name}: this is one part of a PLINK fileset (expected that of its calls). Give {whole[0]} instead."
        )


def files_beside(path: Path) -> list[Path]:
    """A file, and what stands beside it under the names of a fileset, whether or not it holds calls of PLINK."""
    calls = path
    with contextlib.suppress(InputError, OSError):  # said when it is read
        calls = _calls_file(path)
    parts = [Path(f"{stem}{suffix}") for suffix in _PARTS for stem in (calls, calls.with_suffix(""))]
    return [calls, *dict.fromkeys(part for part in parts if part != calls and part.is_file())]


def plink_files(path: AnySource) -> tuple[Source, Source, Source]:
    """The files of a fileset: calls, variants, samples.

    Raises
    ------
    InputError
        There is none, several, or one of the three is absent.
    """
    source = Source.of(path)
    if source.fileset is None:
        source.fileset = _fileset(source)
    return source.fileset


def _fileset(source: Source) -> tuple[Source, Source, Source]:
    calls = _calls_file(source.path)
    source = source if calls == source.path else Source(calls)
    if source.start.startswith(GZIP):
        raise InputError(
            f"{calls.name}: this PLINK file is compressed (expected it as PLINK wrote it). Unpack it first."
        )
    head = source.start[:3]
    if head[:2] != _MAGIC:
        raise InputError(f"{calls.name}: this is no PLINK file (expected a .bed or .pgen file). Check the file.")
    suffix = ".bed" if head[2:] in (b"\x00", b"\x01") else ".pgen"
    if suffix == ".pgen" and calls.suffix == ".bed":
        raise InputError(
            f"{calls.name}: found 0x{head[2:].hex()} as the third byte (expected 0x01, the mode of a .bed file). "
            "The file is damaged; copy it again."
        )
    stems = [calls.with_suffix(""), calls] if calls.suffix == suffix else [calls, calls.with_suffix("")]
    variants, samples = (Source(_sibling(calls, stems, suffixes)) for suffixes in _SIBLINGS[suffix])
    return source, variants, samples


def _calls_file(path: Path) -> Path:
    if path.is_dir():
        if any((path / name).is_file() for name in _ZARR):
            raise InputError(
                f"{path.name}: found a Zarr store (expected one PLINK fileset in a folder). Write its AnnData with "
                "write_h5ad, or its variants as VCF, and give that file."
            )
        calls = sorted(file for file in path.iterdir() if file.suffix in _SIBLINGS)
        if len(calls) != 1:
            what = f"found {show_ids(file.name for file in calls)}" if calls else "found no .bed or .pgen file"
            raise InputError(f"{path.name}: {what} in this folder (expected one PLINK fileset). Give the file itself.")
        return calls[0]
    if not path.exists():
        named = [Path(f"{path}{suffix}") for suffix in _SIBLINGS if Path(f"{path}{suffix}").is_file()]
        if named:
            return named[-1]
    return path


def _sibling(calls: Path, stems: list[Path], suffixes: tuple[str, ...]) -> Path:
    for stem in stems:
        for suffix in suffixes:
            if (sibling := Path(f"{stem}{suffix}")).is_file():
                return sibling
    raise InputError(
        f"{calls.name}: found no {' or '.join(suffixes)} file beside it (expected {stems[0].name}{suffixes[0]}). "
        "Put the files of the fileset together under one name."
    )
