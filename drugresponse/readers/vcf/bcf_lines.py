"""The records of a BCF file, through cyvcf2, as lines of VCF."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from drugresponse.errors import InputError, require
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.vcf._records import Places, VariantRecords
from drugresponse.readers.vcf._sites import VariantHeader

__all__ = ["open_bcf"]

_DEFAULT_LOG_LEVEL = 3
_CELLS_AT_ONCE = 1 << 18
_LOOK_EVERY = 64
_HEADER_START = 5
_LONGEST_HEADER = 1 << 28
_MOST_RECORDS = 1 << 19
_RECORDS_A_BYTE = 1


def open_bcf(path: AnySource) -> VariantRecords:
    """The records of a BCF file.

    Raises
    ------
    InputError
        The header is damaged, or bgzip's mark of the end is absent.

    Notes
    -----
    The library ends the process where no sample has a value of a field that it is asked for (htslib's
    bcf_get_format_values), so that it is asked for the text of the whole record instead.
    """
    file = Source.of(path)
    file.refuse_truncated()
    _refuse_long_header(file)
    with _quiet_htslib():
        records, text = _opened(file.path)
        header = VariantHeader.parse(text, file.name)
    return VariantRecords((file.name, "record"), header, partial(_numbered, file.path, records, len(header.samples)))


def _numbered(file: Path, opened: Any, n_samples: int, wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
    at_once = max(1, _CELLS_AT_ONCE // n_samples)
    with _quiet_htslib():
        records = enumerate(_checked(opened, file.name), start=1)
        while batch := list(islice(records, at_once)):
            _refuse_repeats(batch[-1][0], file)
            try:
                yield _texts(batch, wanted)
            except UnicodeError as error:
                raise InputError(
                    f"{file.name}, records {batch[0][0]} to {batch[-1][0]}: found a character that is not UTF-8 text "
                    "(expected only such). The file is damaged; copy it again."
                ) from error


def _refuse_long_header(file: Source) -> None:
    (length,) = struct.unpack("<I", file.head[_HEADER_START : _HEADER_START + 4].ljust(4, b"\0"))
    if length > _LONGEST_HEADER:
        raise InputError(
            f"{file.name}: claims {length >> 20} MB of header (expected less than {_LONGEST_HEADER >> 20}). It is "
            "damaged; copy it again."
        )


def _refuse_repeats(n_records: int, file: Path) -> None:
    """Refuse more records than can be packed into a file, unless they are all the same."""
    size = file.stat().st_size
    if n_records > max(_MOST_RECORDS, _RECORDS_A_BYTE * size):
        raise InputError(
            f"{file.name}: found {n_records} records and more in {size} compressed bytes (expected records that "
            "differ). Check where the file comes from."
        )


def _texts(batch: list[tuple[int, Any]], wanted: Places | None) -> list[tuple[int, bytes]]:
    if wanted is not None:
        kept = wanted([record.CHROM for _, record in batch], [record.POS for _, record in batch])
        batch = [batch[at] for at in np.flatnonzero(kept)]
    return [(number, str(record).rstrip("\n").encode()) for number, record in batch]


@contextlib.contextmanager
def _quiet_htslib() -> Iterator[None]:
    # htslib writes to stderr by itself; what matters is said again in one line of ours
    module = require("cyvcf2.cyvcf2", "read BCF files")
    set_level = getattr(module, "set_htslib_log_level", lambda _level: None)
    set_level(0)
    try:
        yield
    finally:
        set_level(_DEFAULT_LOG_LEVEL)


def _opened(file: Path) -> tuple[Any, str]:
    """The records, and the text of the header."""
    cyvcf2 = require("cyvcf2", "read BCF files")
    try:
        records = cyvcf2.VCF(str(file.resolve()))
        return records, records.raw_header
    except Exception as error:  # the library raises bare Exception
        raise InputError(
            f"{file.name}: the header of this BCF file cannot be read. The file is damaged; check it with: "
            "bcftools view -h"
        ) from error


def _checked(records: Any, where: str) -> Iterator[Any]:
    number = 0
    iterator = iter(records)
    while True:
        try:
            record = next(iterator)
        except StopIteration:
            return
        except Exception as error:  # the library raises bare Exception
            raise InputError(
                f"{where}: the record after record {number} cannot be read; the file is damaged or truncated. "
                "Check it with: bcftools view"
            ) from error
        number += 1
        if number % _LOOK_EVERY == 0:
            refuse_beyond_memory(0, where)
        yield record
