from __future__ import annotations

import gzip
import io
import struct
import zipfile
from contextlib import closing

import numpy as np
import pyarrow
import pytest
from cyvcf2 import Writer

from drugresponse import memory_limit
from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.readers import read_drugs, read_genotypes
from drugresponse.readers.genes.lists import read_gene_list
from drugresponse.readers.source import unpacking
from drugresponse.readers.source.source import Source
from drugresponse.readers.source.unpacking import watched
from drugresponse.readers.variants.regions import read_regions
from drugresponse.readers.vcf import bcf_lines
from drugresponse.readers.vcf._tabix import find_index

HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n"
SAME_LINES = r"found \d+ lines and more in \d+ compressed bytes \(expected lines that differ\)"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_unpacked__gives_the_bytes_and_can_go_back(tmp_path, pack):
    content = np.random.default_rng(0).bytes(3_000_000)
    (tmp_path / "x").write_bytes(pack(content))
    with Source(tmp_path / "x").unpacked() as stream:
        assert stream.read(2) == content[:2]
        stream.seek(0)
        assert stream.read() == content
    assert Source(tmp_path / "x").unpacked_bytes() == content


def test_unpacked__from_a_byte_on(tmp_path):
    members = [gzip.compress(each) for each in (b"first", b"second")]
    (tmp_path / "x").write_bytes(b"".join(members))
    with Source(tmp_path / "x").unpacked(len(members[0])) as stream:
        assert stream.read() == b"second"


@pytest.mark.parametrize(
    ("name", "start", "line", "read"),
    [
        ("b.bed", b"", b"chr1\t1\t9\n", read_regions),
        ("empty.bed", b"chr1\t1\t9\n", b"\n", read_regions),
        ("l.txt", b"", b"TP53\n", read_gene_list),
        ("d.tsv", b"drug_id\n", b"d1\n", read_drugs),
        ("a.tsv", b"sample_id\tgene\talteration\ns1\tBRAF\tV600E\n", b"\n", read_genotypes),
        ("c.vcf", HEADER + b"1\t7\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", b"\n", read_genotypes),
        ("h.vcf", HEADER[:21], b"##x=1\n", read_genotypes),
    ],
)
def test_read__the_same_line_without_end(tmp_path, monkeypatch, name, start, line, read):
    monkeypatch.setattr(unpacking, "_MOST_LINES", 10_000)
    repeats = gzip.compress(line * 200_000, 1)
    (tmp_path / name).write_bytes(gzip.compress(start + line) + repeats * 10)
    with pytest.raises(InputError, match=rf"^{name}: {SAME_LINES}.*if it is right, unpack it first"):
        read(tmp_path / name)


def write_archive(file, metadata, rows):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r/metadata.txt", "Gene=CYP2D6\nSemanticType=SampleTable[Results]\n" + metadata)
        archive.writestr("r/data.tsv", "\tGenotype\tPhenotype\n" + rows)


def test_read_genotypes__an_archive_of_the_same_line(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_MOST_LINES", 10_000)
    write_archive(tmp_path / "results.zip", "", "s1\t*1/*2\tx\n" * 200_000)
    with pytest.raises(InputError, match=rf"^results\.zip: {SAME_LINES}"):
        read_genotypes(tmp_path / "results.zip")


def test_read_genotypes__an_archive_whose_metadata_unpack_to_much(tmp_path):
    write_archive(tmp_path / "results.zip", "a=b\n" * 300_000, "s1\t*1/*2\tx\n")
    with pytest.raises(InputError, match=r"^results\.zip: its metadata\.txt unpacks to more than 1 MB"):
        read_genotypes(tmp_path / "results.zip")


def test_read_genotypes__zstandard_of_the_same_line(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_MOST_LINES", 10_000)
    (tmp_path / "c.pgen").write_bytes(bytes.fromhex("6c1b10020000000200000040"))
    (tmp_path / "c.psam").write_text("#IID\ns1\ns2\n")
    with pyarrow.CompressedOutputStream(str(tmp_path / "c.pvar.zst"), "zstd") as stream:
        stream.write(b"1\t7\trs1\tA\tC\n" * 200_000)
    with pytest.raises(InputError, match=rf"^c\.pvar\.zst: {SAME_LINES}"):
        read_genotypes(tmp_path / "c.pgen")


def test_read_genotypes__bcf_that_claims_a_long_header(tmp_path):
    (tmp_path / "c.bcf").write_bytes(gzip.compress(b"BCF\x02\x02" + struct.pack("<I", 1 << 30) + HEADER))
    with pytest.raises(InputError, match=r"^c\.bcf: claims 1024 MB of header \(expected less than 256\)"):
        read_genotypes(tmp_path / "c.bcf")


def test_read_genotypes__bcf_of_the_same_record(tmp_path, monkeypatch):
    monkeypatch.setattr(bcf_lines, "_MOST_RECORDS", 1000)
    contig = b'##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    text = HEADER.replace(b"#CHROM", contig + b"#CHROM").decode()
    with closing(Writer.from_string(str(tmp_path / "c.bcf"), text, mode="wb")) as written:
        record = written.variant_from_string("1\t7\t.\tA\tC\t.\t.\t.\tGT\t0/1")
        for _ in range(5000):
            written.write_record(record)
    with pytest.raises(InputError, match=r"^c\.bcf: found \d+ records and more in \d+ compressed bytes"):
        read_genotypes(tmp_path / "c.bcf")


def test_find_index__an_index_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("GALAXY_MEMORY_MB", "170")
    monkeypatch.setattr(memory_limit, "_held", lambda: 100 << 20)
    (tmp_path / "c.vcf.gz").touch()
    (tmp_path / "c.vcf.gz.tbi").write_bytes(gzip.compress(b"TBI\x01" + bytes(1 << 20), 1) * 150)
    with pytest.raises(MemoryLimitError, match=r"^c\.vcf\.gz\.tbi: reading it takes at least"):
        find_index(tmp_path / "c.vcf.gz")


def test_watched__lines_that_differ_are_read():
    lines = b"".join(b"%d\n" % at for at in range(700_000))
    packed = len(gzip.compress(lines))
    assert watched(io.BytesIO(lines), lambda: packed, "lines.txt").read() == lines


def test_watched__ends_when_what_was_read_has_filled_the_memory(monkeypatch):
    stream = watched(io.BytesIO(bytes(10_000_000)), lambda: 10_000_000, "rows.tsv")
    monkeypatch.setenv("GALAXY_MEMORY_MB", "200")
    monkeypatch.setattr(memory_limit, "_held", lambda: 100 << 20)
    assert stream.read(5_000_000)
    monkeypatch.setattr(memory_limit, "_held", lambda: 200 << 20)
    with pytest.raises(MemoryLimitError, match=r"^rows\.tsv: what was read of it has filled the memory"):
        stream.read()


def test_unpacked_bytes__more_than_the_memory_that_is_left(tmp_path, monkeypatch):
    (tmp_path / "zeros.gz").write_bytes(gzip.compress(bytes(1 << 20), 1) * 150)
    monkeypatch.setenv("GALAXY_MEMORY_MB", "170")
    monkeypatch.setattr(memory_limit, "_held", lambda: 100 << 20)
    with pytest.raises(MemoryLimitError, match=r"^zeros\.gz: reading it takes at least \d+ MB \(expected"):
        Source(tmp_path / "zeros.gz").unpacked_bytes()


def test_read_regions__a_line_without_end(tmp_path):
    (tmp_path / "b.bed").write_bytes(gzip.compress(b"a" * (1 << 20), 1) * 20)
    with pytest.raises(InputError, match=r"^b\.bed, line 1: found a line of more than 16 million characters"):
        read_regions(tmp_path / "b.bed")


def test_read_genotypes__zeros_in_a_vcf(tmp_path):
    (tmp_path / "c.vcf.gz").write_bytes(gzip.compress(HEADER + bytes(1000)))
    with pytest.raises(InputError, match=r"^c\.vcf\.gz: found a byte 0 \(expected text\)"):
        read_genotypes(tmp_path / "c.vcf.gz")
