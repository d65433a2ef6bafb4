"""A file of input: opened, recognised by its first bytes, and unpacked as it is read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO

from drugresponse.errors import InputError
from drugresponse.readers.source.block_names import parted_block
from drugresponse.readers.source.foreign_formats import FOREIGN, JSON, foreign_format, foreign_table
from drugresponse.readers.source.json_results import results_in_json
from drugresponse.readers.source.spreadsheets import (
    NO_ARCHIVE,
    is_spreadsheet,
    parted_sheet,
    sheets_words,
    spreadsheet_text,
)
from drugresponse.readers.source.unpacking import GZIP, damaged_gzip, unpacked, whole

__all__ = ["AnySource", "Source", "sources_of", "words_of"]

_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_HEAD = 1 << 16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAGIC = (
    (b"PAR1", "parquet"),
    (b"BCF\x02", "bcf"),
    (b"\x6c\x1b", "plink"),
    (b"\x89HDF", "hdf5"),
    (b"MuData (", "hdf5"),  # .h5mu begins with a block of text
    (b"PK\x03\x04", "zip"),
)
_GCT = re.compile(rb"#1\.[23]\s*\n\d+\t\d+")
_ZIP_ADVICE = "this is a zip archive (expected a table with a header). Unpack it, and give the file inside."
_ADVICE = {
    "plink": "this is a PLINK file (expected a table with a header). Give it as genotypes.",
    "hdf5": "this is an HDF5 file such as .h5ad (expected a table with a header). Give it as genotypes.",
    "maf": "this is a Mutation Annotation Format table (expected another table). Give it as genotypes.",
    "zip": _ZIP_ADVICE,
    "pypgx": _ZIP_ADVICE,
    "gct": "this is a GCT table (expected a table with a header). Give it as genotypes.",
    "parquet": "this is a Parquet file (expected text). Save it as tab-separated text.",
    "vcf": "this is a VCF file (expected a table with a header). Give it as genotypes.",
    "bcf": "this is a BCF file (expected a table with a header). Give it as genotypes.",
    "tb-profiler": "this is JSON of TB-Profiler (expected a table with a header). Give it as genotypes.",
    "sierra": "this is JSON of Sierra (expected a table with a header). Give it as genotypes.",
}


class Source:
    r"""A file that is read, recognised by its content and never by its extension.

    The file is opened where its bytes are wanted, and a look within another (`with source.opened()`) shares the open
    file. What the first opening saw of it is kept, so that it is recognised once, however many readers ask.

    Parameters
    ----------
    path
        The file; of a workbook perhaps with a sheet, as in `file.xlsx#responses`; of genotypes perhaps after the name
        of their block, as in `expression=file.tsv`. That it is there is found out when it is opened.
    label
        What messages call it; "" takes the name of the file.

    Attributes
    ----------
    path
        The file.
    sheet, block
        The sheet, and the block of genotypes, that are named; else "".
    sample_id, covariates
        What a list of files says of its only sample: its id, None where the file's own counts, and columns by name.
    formats
        The formats of genotypes that the file was found to have, by what was insisted on; kept by
        `genotype_format_of`.
    fileset
        The files of a PLINK fileset, this one among them, once they were looked for; kept by `plink_files`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Source(Path(folder, "samples.dat"))
    ...     _ = source.path.write_text("sample_id\tage\n")
    ...     source.content, source.unpacked_bytes()
    ('text', b'sample_id\tage\n')
    """

    def __init__(self, path: str | Path, label: str = "") -> None:
        self.block, file = parted_block(Path(path))
        self.path, self.sheet = parted_sheet(file)
        self._label = label
        self.sample_id: str | None = None
        self.covariates: dict[str, str] = {}
        self.formats: dict[str, str] = {}
        self.fileset: tuple[Source, Source, Source] | None = None
        self._stream: io.BufferedReader | None = None
        self._start = self._end = b""
        self._other_sheets: list[str] = []

    @classmethod
    def of(cls, source: AnySource) -> Source:
        """The source itself, or that of a path."""
        return source if isinstance(source, Source) else cls(source)

    @property
    def name(self) -> str:
        """What messages call the file: as a list does, else its name, with the sheet that is named."""
        return self._label or (f"{self.path.name}#{self.sheet}" if self.sheet else self.path.name)

    @contextlib.contextmanager
    def opened(self) -> Iterator[io.BufferedReader]:
        """The file at its beginning, as it is stored; whoever opens it meanwhile shares the open file.

        Raises
        ------
        InputError
            There is no such file, it is a folder or a pipe, or it holds nothing.
        """
        if self._stream is not None:
            self._stream.seek(0)
            yield self._stream
            return
        with self._open() as stream:
            self._stream = stream
            try:
                yield stream
            finally:
                self._stream = None

    @contextlib.contextmanager
    def naming_sheets(self) -> Iterator[None]:
        """Whoever reads a workbook of which no sheet is named: errors end with the other sheets, which may be meant."""
        try:
            yield
        except InputError as error:
            words = sheets_words(self.path, self._other_sheets)
            if not self._other_sheets or str(error).endswith(words):
                raise
            raise InputError(f"{error} {words}") from error

    @contextlib.contextmanager
    def unpacked(self, start: int = 0) -> Iterator[IO[bytes]]:
        """The file from a byte on, unpacked where it is gzip, as `unpacking.unpacked` does; a sheet as its text."""
        with self.opened() as packed:
            if self.sheet_text is not None:
                yield io.BytesIO(self.sheet_text[start:])
                return
            with unpacked(packed, self.name, start) as stream:
                yield stream

    def unpacked_bytes(self) -> bytes:
        """All bytes of the file, unpacked where it is gzip.

        Raises
        ------
        InputError
            As `opened`; or the gzip file is truncated or damaged, or repeats itself without end.
        MemoryLimitError
            The bytes do not fit into the memory that is left.
        """
        with self.unpacked() as stream:
            return whole(stream, self.name)

    def checked_path(self) -> Path:
        """The path of a file that is there and not empty, for a library that opens it by itself.

        Raises
        ------
        InputError
            As `opened`.
        """
        if not self._start:
            with self.opened():
                pass
        return self.path

    @property
    def start(self) -> bytes:
        """The first bytes, as they are stored; as `opened`, it raises an error for what cannot be read."""
        self.checked_path()
        return self._start

    @cached_property
    def sheet_text(self) -> bytes | None:
        """The sheet of a workbook as tab-separated text; None of any other file.

        Raises
        ------
        InputError
            As `opened` and `spreadsheet_text`; or a sheet is named, and the file is no workbook.
        """
        if is_spreadsheet(self.start, self.opened):
            text, self._other_sheets = spreadsheet_text(self.path, self.sheet, self.name)
            return text
        if self.sheet:
            raise InputError(f"{self.name}: the file is no workbook (expected one with sheets). Name the file alone.")
        return None

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked where the file is gzip; of a workbook those of its sheet as text.

        Raises
        ------
        InputError
            As `opened`; or it is a gzip file that cannot be unpacked.
        """
        if self.sheet_text is not None:
            return self.sheet_text[:_HEAD]
        return _unpacked_head(self.start, self.name) if self.start.startswith(GZIP) else self.start

    @cached_property
    def content(self) -> str:
        """What the file holds.

        Returns
        -------
        str
            `vcf`, `bcf`, `parquet`, `plink`, `hdf5`, `pypgx` (an archive of calls), `zip` (any other archive), `maf`,
            `gct`, `tb-profiler` and `sierra` (JSON), a key of `FOREIGN`, or `text` (anything else).

        Raises
        ------
        InputError
            As `head`.
        """
        head = self.head.removeprefix(_BYTE_ORDER_MARK)
        if self.sheet_text is not None:
            return _content_of_text(head)
        if head.startswith((b"##fileformat=VCF", b"#CHROM\tPOS")):
            return "vcf"
        foreign = foreign_format(head)
        if foreign is not None:
            return (results_in_json(head) if foreign == JSON else "") or foreign
        for magic, name in _MAGIC:
            if head.startswith(magic):
                return "pypgx" if name == "zip" and self._is_archive_of_calls() else name
        return _content_of_text(head)

    @cached_property
    def sha256(self) -> str:
        """Checksum of the file as it is stored, or of the text of its sheet, in hexadecimal digits."""
        digest = hashlib.sha256()
        with self.opened() as stream:
            if self.sheet_text is not None:
                return hashlib.sha256(self.sheet_text).hexdigest()  # a study's tables may be sheets of one workbook
            stream.seek(0)
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    @property
    def is_bgzip(self) -> bool:
        """Whether the file is gzip in blocks that tell their sizes."""
        return self.start.startswith(GZIP) and self.start[12:14] == b"BC" and bool(self.start[3] & 4)

    def refuse_unreadable(self, *but: str) -> None:
        """Say what to do about a format that is recognised and cannot be read as text.

        Parameters
        ----------
        but
            Contents that the reader takes.

        Raises
        ------
        InputError
            The file holds such a format.
        """
        if self.content in but:
            return
        if self.content in _ADVICE:
            raise InputError(f"{self.name}: {_ADVICE[self.content]}")
        if self.content in FOREIGN:
            raise InputError(f"{self.name}: this is {self.content}, which is not read here. {FOREIGN[self.content]}")

    def refuse_truncated(self) -> None:
        """Refuse a gzip file that ends early, which a reader of lines might take for its end.

        Raises
        ------
        InputError
            The last block is missing or the file cannot be unpacked to its end.
        """
        if self.is_bgzip:
            if self._end != _BGZF_END:
                raise damaged_gzip(self.name)
        elif self.start.startswith(GZIP):
            with self.unpacked() as stream:
                while stream.read(1 << 20):
                    pass

    def _open(self) -> io.BufferedReader:
        if self.path.is_dir():
            raise InputError(f"{self.name}: this is a folder (expected a file). Give the file inside it.")
        if self.path.exists() and not self.path.is_file():
            raise InputError(f"{self.path}: this is a pipe or a device (expected a file). Write it to a file first.")
        try:
            stream = self.path.open("rb")
        except FileNotFoundError as error:
            raise InputError(f"{self.path}: found no such file. Check the path.") from error
        except OSError as error:
            raise InputError(f"{self.path}: the file cannot be opened ({error.strerror}). Check the path.") from error
        try:
            self._note_ends(stream)
        except BaseException:
            stream.close()
            raise
        return stream

    def _note_ends(self, stream: IO[bytes]) -> None:
        if self._start:
            return
        self._start = stream.read(_HEAD)
        if not self._start:
            raise InputError(f"{self.name}: the file is empty. Check that it was written completely.")
        if self.is_bgzip:
            stream.seek(max(0, stream.seek(0, 2) - len(_BGZF_END)))
            self._end = stream.read()
        stream.seek(0)

    def _is_archive_of_calls(self) -> bool:
        with (
            self.opened() as stream,
            contextlib.suppress(*NO_ARCHIVE),
            zipfile.ZipFile(stream) as archive,
        ):
            return any(Path(name).name == "metadata.txt" for name in archive.namelist())
        return False


AnySource = str | Path | Source
"""A file that is read: its path, or what is known of it already."""


def sources_of(paths: AnySource | Iterable[AnySource]) -> list[Source]:
    """The sources of one file or of several.

    Examples
    --------
    >>> [source.name for source in sources_of(["a.maf", Path("b.maf")])]
    ['a.maf', 'b.maf']
    """
    return [Source.of(path) for path in ([paths] if isinstance(paths, AnySource) else paths)]


def words_of(files: Sequence[Source]) -> str:
    """What messages call several files together.

    Examples
    --------
    >>> words_of(sources_of(["a.maf", "b.maf", "c.maf"])), words_of(sources_of("a.maf"))
    ('a.maf and 2 more', 'a.maf')
    """
    return files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"


def _content_of_text(head: bytes) -> str:
    if _GCT.match(head):
        return "gct"
    lines = [line for line in head[:8192].splitlines() if line.strip() and not line.startswith(b"#")]
    columns = lines[0].split(b"\t") if lines else []
    if {b"Hugo_Symbol", b"Tumor_Sample_Barcode"} <= set(columns):
        return "maf"
    return foreign_table(name.decode("utf-8", "replace") for name in columns) or "text"


def _unpacked_head(packed: bytes, where: str) -> bytes:
    try:
        head = zlib.decompressobj(wbits=31).decompress(packed, _HEAD)
    except zlib.error as error:
        raise damaged_gzip(where) from error
    if not head:
        raise InputError(f"{where}: the gzip file holds nothing. Check that it was written completely.")
    return head
