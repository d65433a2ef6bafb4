"""The records of a BCF file, as lines of VCF that a process of its own writes through cyvcf2."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from drugresponse.errors import InputError, require
from drugresponse.memory_limit import beyond_memory, memory_left, refuse_beyond_memory
from drugresponse.readers.source.own_process import BEYOND_MEMORY, command_apart, program_of
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.vcf._records import Places, VariantRecords, text_of
from drugresponse.readers.vcf._sites import VariantHeader

__all__ = ["open_bcf"]

_HEADER_START = 5
_LENGTH_BYTES = 4
_LONGEST_HEADER = 1 << 28
_NAME_BYTES = 150
_MOST_RECORDS = 1 << 19
_RECORDS_A_BYTE = 1
_LEAST_LEFT = 1 << 29
_PROGRAM = program_of(__file__, "_bcf_program.py")


def open_bcf(path: AnySource) -> VariantRecords:
    """The records of a BCF file.

    Raises
    ------
    InputError
        The header is damaged, or bgzip's mark of the end is absent.

    Notes
    -----
    The header is text, and read here; records are read by htslib in a process of its own, which is ended with one line
    where they stop the library or keep it busy for ever. It is asked for the text of whole records: where no sample has
    a value of a field, asking for the field ends the process (htslib's bcf_get_format_values).
    """
    file = Source.of(path)
    require("cyvcf2", "read BCF files")
    with file.opened():  # once for both
        file.refuse_truncated()
        text = _header_text(file)
    header = VariantHeader.parse(text, file.name)
    return VariantRecords((file.name, "record"), header, partial(_numbered, file.path))


def _header_text(file: Source) -> str:
    with file.unpacked() as stream:
        stream.read(_HEADER_START)
        (length,) = struct.unpack("<I", stream.read(_LENGTH_BYTES).ljust(_LENGTH_BYTES, b"\0"))
        if length > _LONGEST_HEADER:
            raise InputError(
                f"{file.name}: claims {length >> 20} MB of header (expected less than {_LONGEST_HEADER >> 20}). It is "
                "damaged; copy it again."
            )
        text = stream.read(length)
    # a name takes more as text than in the file
    refuse_beyond_memory(len(text) + _NAME_BYTES * text.rpartition(b"\n#")[2].count(b"\t"), file.name)
    return text_of(text.rstrip(b"\0\n\r"), f"{file.name}, header")


def _numbered(file: Path, wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
    waits = "sends" if wanted is None else "waits"
    command = [*command_apart(_PROGRAM, file, max(memory_left(), _LEAST_LEFT)), waits]
    ended: dict[str, Any] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:
        try:
            sent = cast("IO[bytes]", reading.stdout)
            while "after" not in (ended := json.loads(sent.readline() or b'{"after": -1}')):
                if wanted is not None and "places" in ended:
                    answer = cast("IO[bytes]", reading.stdin)
                    answer.write(np.asarray(wanted(*ended["places"]), dtype=bool).tobytes())
                    answer.flush()
                    continue
                refuse_beyond_memory(sum(ended["lengths"]), file.name)
                content = sent.read(sum(ended["lengths"]))
                ends = np.cumsum(ended["lengths"]).tolist()
                if ends and len(content) == ends[-1]:
                    _refuse_repeats(ended["numbers"][-1], file)
                    starts = [0, *ends[:-1]]
                    lines = [content[start:end] for start, end in zip(starts, ends, strict=True)]
                    yield list(zip(ended["numbers"], lines, strict=True))
        except (BrokenPipeError, json.JSONDecodeError):
            ended = {"after": -1}  # it was ended, and its exit code says why
        except BaseException:
            reading.kill()
            raise
    if reading.returncode == BEYOND_MEMORY:
        raise beyond_memory(file.name, "a record of it takes more memory than is left (expected it to fit)")
    _refuse_damaged(ended, file.name)


def _refuse_damaged(ended: dict[str, Any], where: str) -> None:
    if ended["after"] < 0:
        raise InputError(
            f"{where}: this BCF file is damaged in a way that stops its library. Copy it again, or write it anew."
        )
    words = {
        "header": "the header of this BCF file cannot be read. The file is damaged; check it with: bcftools view -h",
        "record": f"the record after record {ended['after']} cannot be read; the file is damaged or truncated. "
        "Check it with: bcftools view",
        "text": f"found a character that is not UTF-8 text at record {ended['after']} or shortly before it (expected "
        "only such). The file is damaged; copy it again.",
    }
    if ended["wrong"]:
        raise InputError(f"{where}: {words[ended['wrong']]}")


def _refuse_repeats(n_records: int, file: Path) -> None:
    """Refuse more records than can be packed into a file, unless they are all the same."""
    size = file.stat().st_size
    if n_records > max(_MOST_RECORDS, _RECORDS_A_BYTE * size):
        raise InputError(
            f"{file.name}: found {n_records} records and more in {size} compressed bytes (expected records that "
            "differ). Check where the file comes from."
        )
