"""What a file holds, told by its first bytes."""

from __future__ import annotations

import zlib
from pathlib import Path

from drugresponse.errors import InputError
from drugresponse.readers.source.foreign_formats import FOREIGN, foreign_format
from drugresponse.readers.source.unpacking import GZIP, damaged_gzip, open_unpacked

__all__ = ["open_checked", "recognise", "refuse_truncated", "refuse_unreadable"]

_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_HEAD = 1 << 16
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"BCF\x02", "bcf"),
    (b"\x6c\x1b", "plink"),
    (b"\x89HDF", "hdf5"),
    (b"PK\x03\x04", "zip"),
)
_ADVICE = {
    "plink": "this is a PLINK file (expected a table with a header). Give it as genotypes.",
    "hdf5": "this is an HDF5 file such as .h5ad (expected a table with a header). Give it as genotypes.",
    "maf": "this is a Mutation Annotation Format table (expected another table). Give it as genotypes.",
    "zip": "this is a zip archive (expected a table with a header). Unpack it, and give the file inside.",
    "parquet": "this is a Parquet file (expected text). Save it as tab-separated text.",
    "vcf": "this is a VCF file (expected a table with a header). Give it as genotypes.",
    "bcf": "this is a BCF file (expected a table with a header). Give it as genotypes.",
}


def open_checked(path: str | Path) -> Path:
    """The path of an existing file that is not empty.

    Raises
    ------
    InputError
        There is no such file, it is a folder or a pipe, or it holds nothing.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{file.name}: this is a folder (expected a file). Give the file inside it.")
    if file.exists() and not file.is_file():
        raise InputError(f"{file}: this is a pipe or a device (expected a file). Write it to a file first.")
    try:
        with file.open("rb") as stream:
            first = stream.read(1)
    except FileNotFoundError as error:
        raise InputError(f"{file}: found no such file. Check the path.") from error
    except OSError as error:
        raise InputError(f"{file}: the file cannot be opened ({error.strerror}). Check the path.") from error
    if not first:
        raise InputError(f"{file.name}: the file is empty. Check that it was written completely.")
    return file


def recognise(path: str | Path) -> str:
    """Name the format of a file by its content, never by its extension.

    Returns
    -------
    str
        `vcf`, `bcf`, `parquet`, `plink`, `hdf5`, `zip`, `maf`, a key of `FOREIGN`, or `text` (anything else).

    Raises
    ------
    InputError
        The file is absent or empty, or is a gzip file that cannot be unpacked.
    """
    file = open_checked(path)
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(GZIP):
        head = _unpacked_head(head, file.name)
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"##fileformat=VCF", b"#CHROM\tPOS")):
        return "vcf"
    foreign = foreign_format(head)
    if foreign is not None:
        return foreign
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    lines = [line for line in head[:8192].splitlines() if not line.startswith(b"#")]
    names = set(lines[0].split(b"\t")) if lines else set()
    return "maf" if {b"Hugo_Symbol", b"Tumor_Sample_Barcode"} <= names else "text"


def refuse_unreadable(found: str, where: str) -> None:
    """Say what to do about a format that is recognised and cannot be read as text.

    Raises
    ------
    InputError
        `found` is such a format.

    Examples
    --------
    >>> refuse_unreadable("text", "samples.tsv")
    """
    if found in _ADVICE:
        raise InputError(f"{where}: {_ADVICE[found]}")
    if found in FOREIGN:
        raise InputError(f"{where}: this is {found}, which is not read here. {FOREIGN[found]}")


def refuse_truncated(path: Path) -> None:
    """Refuse a gzip file that ends early, which a reader of lines might take for its end.

    Raises
    ------
    InputError
        The last block is missing or the file cannot be unpacked to its end.
    """
    with path.open("rb") as stream:
        head = stream.read(18)
        if not head.startswith(GZIP):
            return
        if head[3] & 4 and head[12:14] == b"BC":
            stream.seek(0, 2)
            stream.seek(-min(stream.tell(), len(_BGZF_END)), 2)
            if stream.read() != _BGZF_END:
                raise damaged_gzip(path.name)
            return
    with open_unpacked(path) as unpacked:
        while unpacked.read(1 << 20):
            pass


def _unpacked_head(packed: bytes, where: str) -> bytes:
    try:
        head = zlib.decompressobj(wbits=31).decompress(packed, _HEAD)
    except zlib.error as error:
        raise damaged_gzip(where) from error
    if not head:
        raise InputError(f"{where}: the gzip file holds nothing. Check that it was written completely.")
    return head
