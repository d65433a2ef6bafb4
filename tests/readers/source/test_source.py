from __future__ import annotations

import gzip
import hashlib

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.source.source import Source

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"##fileformat=VCFv4.2\n", "vcf"),
        (gzip.compress(b"##fileformat=VCFv4.2\n", mtime=0), "vcf"),
        (b"\xef\xbb\xbf##fileformat=VCFv4.2\n", "vcf"),
        (gzip.compress(b"BCF\x02\x02", mtime=0), "bcf"),
        (b"PAR1....", "parquet"),
        (b"\x6c\x1b\x01\xdc", "plink"),
        (b"\x89HDF\r\n\x1a\n", "hdf5"),
        (b"PK\x03\x04....", "zip"),
        (b"#version 2.4\nHugo_Symbol\tChromosome\tTumor_Sample_Barcode\nTP53\t17\ts1\n", "maf"),
        (b"sample_id\tTP53\ns1\t1\n", "text"),
    ],
)
def test_content__by_content_whatever_the_extension(tmp_path, content, expected):
    file = tmp_path / "dataset_1.dat"
    file.write_bytes(content)
    assert Source(file).content == expected


def test_start__absent_folder_and_empty(tmp_path):
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(InputError, match=r"absent\.tsv: found no such file\. Check the path\."):
        _ = Source(tmp_path / "absent.tsv").start
    with pytest.raises(InputError, match=r"this is a folder \(expected a file\)"):
        _ = Source(tmp_path).start
    with pytest.raises(InputError, match=r"^empty\.tsv: the file is empty\."):
        _ = Source(tmp_path / "empty.tsv").start


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x6c\x1b\x01", r"this is a PLINK file \(expected a table with a header\)\. Give it as genotypes"),
        (b"\x89HDF", "HDF5 file"),
        (b"Hugo_Symbol\tTumor_Sample_Barcode\n", "Mutation Annotation Format"),
        (b"PK\x03\x04", "Unpack it"),
        (b"%PDF-1.7", "this is a PDF document, which is not read here"),
    ],
)
def test_refuse_unreadable__says_what_to_do(tmp_path, content, message):
    (tmp_path / "dataset.dat").write_bytes(content)
    source = Source(tmp_path / "dataset.dat")
    with pytest.raises(InputError, match=f"^dataset.dat: .*{message}"):
        source.refuse_unreadable()
    source.refuse_unreadable(source.content)


def test_refuse_truncated__plain_gzip_and_missing_end_block(tmp_path):
    whole = gzip.compress(b"##fileformat=VCFv4.2\n" * 1000)
    for name, content in (("cut.gz", whole[:-9]), ("no_end_block.gz", BGZF_END[:18] + b"x" * 40)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"^{name}: the gzip file is truncated or damaged"):
            Source(tmp_path / name).refuse_truncated()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_opened__a_look_within_another_begins_at_the_start(tmp_path, pack):
    text = b"sample_id\tTP53\ns1\t1\n"
    (tmp_path / "table").write_bytes(pack(text))
    source = Source(tmp_path / "table")
    with source.opened() as stream:
        assert stream.read(7) == source.start[:7]
        assert source.unpacked_bytes() == text
        assert source.unpacked_bytes() == text
        assert source.sha256 == hashlib.sha256(source.start).hexdigest()
        with source.opened() as shared:
            assert shared is stream
            assert shared.tell() == 0
    assert stream.closed


def test_refuse_truncated__whole_files_pass(tmp_path):
    for content in (b"text", gzip.compress(b"text", mtime=0), BGZF_END):
        (tmp_path / "whole").write_bytes(content)
        Source(tmp_path / "whole").refuse_truncated()


def test_opened__looks_within_another_share_the_file(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"first\nsecond\n"))
    source = Source(tmp_path / "a.gz")
    with source.opened() as stream:
        descriptor = stream.fileno()
        assert source.sha256 == hashlib.sha256((tmp_path / "a.gz").read_bytes()).hexdigest()
        with source.unpacked() as text:
            assert text.readline() == b"first\n"
        with source.opened() as again:
            assert (again.fileno(), again.tell()) == (descriptor, 0)
    assert stream.closed
    assert source.unpacked_bytes() == b"first\nsecond\n"


def test_content__is_told_once(tmp_path):
    (tmp_path / "a").write_bytes(b"PAR1....")
    source = Source(tmp_path / "a")
    assert source.content == "parquet"
    (tmp_path / "a").unlink()
    assert (source.content, Source.of(source)) == ("parquet", source)
    with pytest.raises(InputError, match="found no such file"), source.opened():
        pass


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8b\x08"])
def test_content__gzip_that_ends_in_its_first_bytes(tmp_path, content):
    (tmp_path / "cut.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"^cut\.gz: the gzip file holds nothing"):
        _ = Source(tmp_path / "cut.gz").content
