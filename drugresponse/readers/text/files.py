"""Delimited text from a file: as one text, or row by row."""

from __future__ import annotations

from collections.abc import Iterator

from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.delimited import rows_of
from drugresponse.readers.text.encoding import decoded

__all__ = ["decode_file", "stream_rows"]


def decode_file(path: AnySource) -> str:
    r"""The text of a file with `\n` between lines, whatever its compression, encoding and line ends.

    Raises
    ------
    InputError
        The file is absent, empty, of another format, damaged, binary, or not UTF-8 or marked UTF-16.
    """
    file = Source.of(path)
    with file.opened():
        file.refuse_unreadable()
        return decoded(file.unpacked_bytes(), file.name)


def stream_rows(path: AnySource) -> Iterator[tuple[int, list[str]]]:
    r"""The rows of a text file, one at a time: comment lines (`#`) above the first row and empty lines are passed over.

    Parameters
    ----------
    path
        Tabs, commas or semicolons, UTF-8 or marked UTF-16, gzip or not; the extension does not matter.

    Yields
    ------
    tuple
        Number of the line (the first is 1) and its cells, as written. Rows may differ in length.

    Raises
    ------
    InputError
        The file is absent, empty, damaged, of another format, binary, or not UTF-8; some only as it is read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "alterations.dat")
    ...     _ = file.write_text("#version 2.4\nsample_id\tgene\n\ns1\tTP53\n")
    ...     list(stream_rows(file))
    [(2, ['sample_id', 'gene']), (4, ['s1', 'TP53'])]
    """
    file = Source.of(path)
    with file.opened():
        file.refuse_unreadable("maf")
        with file.unpacked() as stream:
            yield from rows_of(stream, file.name)
