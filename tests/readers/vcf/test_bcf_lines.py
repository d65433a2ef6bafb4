"""BCF in a process of its own: what ends the process is one error here."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from cyvcf2 import VCF, Writer

from benchmarks.robustness.damage import packed_blocks
from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.readers.vcf import bcf_lines
from drugresponse.readers.vcf.bcf_lines import open_bcf

N_RECORDS = 5
RECORDS = "".join(f"chr1\t{10 * at}\trs{at}\tA\tC\t.\tPASS\t.\tGT\t0/1\t{at % 2}/1\n" for at in range(1, N_RECORDS + 1))
TEXT = (
    '##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
    f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2\n{RECORDS}"
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("bcf")
    (folder / "a.vcf").write_text(TEXT)
    records = VCF(str(folder / "a.vcf"))
    writer = Writer(str(folder / "a.bcf"), records, mode="wb")
    for record in records:
        writer.write_record(record)
    writer.close()
    records.close()
    return (folder / "a.bcf").read_bytes()


def lines_of(file: Path, wanted=None) -> list[tuple[int, bytes]]:
    return [each for batch in open_bcf(file).lines(wanted) for each in batch]


@pytest.fixture
def file(tmp_path, whole) -> Path:
    (tmp_path / "a.bcf").write_bytes(whole)
    return tmp_path / "a.bcf"


def test_open_bcf__gives_the_lines_of_the_vcf_and_those_that_are_wanted(file):
    expected = list(enumerate(RECORDS.encode().splitlines(), start=1))
    assert open_bcf(file).header.samples == ("S1", "S2")
    assert lines_of(file) == expected
    assert lines_of(file, lambda _, positions: np.isin(positions, [20, 50])) == [expected[1], expected[4]]
    assert lines_of(file, lambda names, _: np.zeros(len(names), bool)) == []


def test_open_bcf__lines_that_nobody_takes_end_the_process(file):
    batches = open_bcf(file).lines(None)
    next(batches)
    batches.close()


def test_open_bcf__a_record_that_cannot_be_read_is_named(file, whole):
    unpacked = gzip.decompress(whole)
    at = unpacked.rindex(struct.pack("<i", 10 * N_RECORDS - 1)) - 12
    file.write_bytes(packed_blocks(unpacked[:at] + struct.pack("<II", 9, 0xFFFFFF) + unpacked[at + 8 :]))
    with pytest.raises(InputError, match=rf"a.bcf: the record after record {N_RECORDS - 1} cannot be read"):
        lines_of(file)


HALF = """
import os, sys
sys.stdout.write('{"numbers": [1], "lengths": [99]}\\nhalf')
sys.stdout.flush()
os.abort()
"""
TOO_LONG = "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
STOPPED = "a.bcf: this BCF file is damaged in a way that stops its library"


@pytest.mark.parametrize(
    ("end", "error", "message"),
    [
        ("import os; os.abort()", InputError, STOPPED),
        (HALF, InputError, STOPPED),
        (TOO_LONG, InputError, STOPPED),
        ("import sys; sys.exit(4)", MemoryLimitError, "a.bcf: .*more memory than is left"),
    ],
)
def test_open_bcf__what_ends_its_process_is_one_error(file, monkeypatch, end, error, message):
    monkeypatch.setattr(bcf_lines, "_PROGRAM", end)
    with pytest.raises(error, match=message):
        lines_of(file)
