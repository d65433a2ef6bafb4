from __future__ import annotations

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.recognition import genotype_source_files
from drugresponse.readers.text.file_lists import listed_sources


@pytest.fixture
def folder(tmp_path):
    for name in ("a.vcf", "b.vcf"):
        (tmp_path / "there").mkdir(exist_ok=True)
        (tmp_path / "there" / name).write_text("##fileformat=VCFv4.2\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("there/a.vcf\nthere/b.vcf\n", [("there/a.vcf", None, {}), ("there/b.vcf", None, {})]),
        ("there/a.vcf", [("there/a.vcf", None, {})]),
        ("# ours\nthere/a.vcf\tP1\nthere/b.vcf\t\n", [("there/a.vcf", "P1", {}), ("there/b.vcf", None, {})]),
        ("path,age\nthere/a.vcf,NA\n", [("there/a.vcf", None, {"age": ""})]),
        ("File;sample_id;sex\nthere/b.vcf;P2;f\n", [("there/b.vcf", "P2", {"sex": "f"})]),
    ],
)
def test_listed_sources__of_a_list(folder, text, expected):
    (folder / "list").write_text(text)
    listed = listed_sources(folder / "list")
    assert [(source.name, source.sample_id, source.covariates) for source in listed] == expected
    assert [source.path for source in listed] == [folder / name for name, _, _ in expected]
    assert genotype_source_files(folder / "list")[-len(listed) :] == [source.path for source in listed]


def test_listed_sources__files_of_one_name_are_told_apart(folder):
    files = [folder / "one" / "x.vcf", folder / "other" / "x.vcf", folder / "there" / "a.vcf"]
    assert [source.name for source in listed_sources(files)] == [str(files[0]), str(files[1]), "a.vcf"]


@pytest.mark.parametrize("text", ["sample_id\tTP53\ns1\t1\n", "path\tTP53\ns1\t1\n", "s1\n", "chr1/a\tb\n"])
def test_listed_sources__other_files_are_themselves(folder, text):
    (folder / "table").write_text(text)
    assert [source.path for source in listed_sources([folder / "table"])] == [folder / "table"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("there/a.vcf\nthere/c.vcf\n", r'list, line 2: found no file "there/c.vcf"'),
        ("there/a.vcf\nthere/b.vcf\nthere/a.vcf\n", r"list, line 3: found there/a.vcf again"),
        ("there/a.vcf\tP1\t61\n", r"list, line 1: found 3 cells .*Name all columns in a first line"),
        ("path\tage\tage\nthere/a.vcf\t1\t2\n", r"list: found a column twice"),
    ],
)
def test_listed_sources__what_is_wrong_is_named_with_its_line(folder, text, message):
    (folder / "list").write_text(text)
    with pytest.raises(InputError, match=message):
        listed_sources(folder / "list")


@pytest.mark.parametrize("name", ["DRUGRESPONSE_UPLOADS", "GALAXY_SLOTS", "_GALAXY_JOB_TMP_DIR"])
@pytest.mark.parametrize("text", ["there/a.vcf\n", "path\tsample_id\nthere/a.vcf\tP1\n"])
def test_listed_sources__an_upload_names_no_files_of_the_server(folder, monkeypatch, name, text):
    (folder / "list").write_text(text)
    monkeypatch.setenv(name, "1")
    with pytest.raises(InputError, match=r"list: this is a list of files, which is not read in Galaxy"):
        listed_sources(folder / "list")
    assert genotype_source_files(folder / "list") == [folder / "list"]


def test_listed_sources__an_upload_does_not_tell_which_files_there_are(folder, monkeypatch):
    (folder / "there" / "secret").write_text("s")
    (folder / "list").write_text("there/secret\n")
    assert [source.name for source in listed_sources(folder / "list")] == ["there/secret"]
    monkeypatch.setenv("DRUGRESPONSE_UPLOADS", "1")
    assert [source.name for source in listed_sources(folder / "list")] == ["list"]


def test_listed_sources__a_list_of_the_wrapper_is_read_and_none_that_it_links(folder, monkeypatch):
    (folder / "patients.tsv").write_text("path\tage\nthere/a.vcf\t61\n")
    (folder / "upload.tsv").symlink_to(folder / "patients.tsv")
    monkeypatch.setenv("DRUGRESPONSE_UPLOADS", "1")
    monkeypatch.setenv("DRUGRESPONSE_LIST", str(folder / "patients.tsv"))
    (source,) = listed_sources(folder / "patients.tsv")
    assert (source.name, source.covariates) == ("a.vcf", {"age": "61"})
    monkeypatch.setenv("DRUGRESPONSE_LIST", str(folder / "upload.tsv"))
    for name in ("patients.tsv", "upload.tsv"):
        with pytest.raises(InputError, match="is not read in Galaxy"):
            listed_sources(folder / name)
