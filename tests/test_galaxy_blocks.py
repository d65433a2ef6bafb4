"""Blocks of omics in the Galaxy tools: what a dataset is called in a history is its block on the command line."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from tests.galaxy_tools import TEST_DATA, each_tool, fields, ignoring_open_files, read

WITH_GENOTYPES = ("prepare", "train", "evaluate", "predict", "explain", "adapt")


def words_of(names: list[str], blocks: str) -> list[str]:
    """What follows `--genotypes` on the command line that Galaxy makes of datasets with these names."""
    template = pytest.importorskip("galaxy.util.template")
    lines = read("train").findtext("command").splitlines()
    start = next(at for at, line in enumerate(lines) if line.strip() == "--genotypes")
    end = next(at for at, line in enumerate(lines) if at > start and line.strip() == "#end for")
    context = {
        "genotype_files": [SimpleNamespace(element_identifier=name) for name in names],
        "genotype_options": SimpleNamespace(blocks=blocks),
    }
    text = "\n".join(["#import re", *lines[start + 1 : end + 1]])
    filled = template.fill_template(text, context=context, python_template_version="3")
    return [line.strip() for line in filled.splitlines() if line.strip()]


@each_tool
def test_form__whoever_takes_genotypes_asks_once_whether_files_are_blocks(name):
    asked = [each for each in fields(read(name)) if each.get("name") == "blocks"]
    assert len(asked) == (name in WITH_GENOTYPES)
    for each in asked:
        assert [option.get("value") for option in each.iter("option")] == ["joined", "named"]
        assert "'${block}genotypes_$number/$label'" in read(name).findtext("command")


@ignoring_open_files
def test_command__files_have_no_names_unless_asked():
    assert words_of(["expression.tsv"], "joined") == ["'genotypes_1/expression.tsv'"]


@ignoring_open_files
@pytest.mark.parametrize(
    ("owners", "block"),
    [
        ("expression", "expression"),
        ("copy number.tsv.gz", "copy_number"),
        ("2. RNA (log2 TPM).CSV", "RNA_log2_TPM"),
        ("germline v1.2.vcf", "germline_v1.2"),
        ("a'; touch x; '", "a_touch_x"),
        ("$(touch x)", "touch_x"),
    ],
)
def test_command__a_block_has_the_name_of_its_dataset(owners, block):
    (word,) = words_of([owners], "named")
    named, path = word.strip("'").split("=")
    assert named == block
    assert path.startswith("genotypes_1/")
    assert word.count("'") == 2


@ignoring_open_files
def test_command__a_name_of_which_nothing_is_left_is_refused_by_the_program(tmp_path, monkeypatch):
    (word,) = words_of(["遺伝子"], "named")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genotypes_1").mkdir()
    (tmp_path / "genotypes_1" / "遺伝子").symlink_to(TEST_DATA / "cell_lines" / "genotypes.tsv")
    with pytest.raises(InputError, match="as the name of a block"):
        read_genotypes(word.strip("'"))


def test_forms__take_what_mudata_writes():
    for name in WITH_GENOTYPES:
        (genotypes,) = (each for each in fields(read(name)) if each.get("argument") == "--genotypes")
        assert "h5mu" in genotypes.get("format").split(",")
