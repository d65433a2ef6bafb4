from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from repositories import problems_in

TOOL = """<tool><macros><import>macros.xml</import></macros><tests><test>
    <param name="genotypes" value="a/one.vcf,a/two.vcf" ftype="vcf"/><param name="seed" value="1"/>
</test></tests></tool>"""
HELD = ("tool.xml", "macros.xml", "test-data/a/one.vcf", "test-data/a/two.vcf")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in HELD:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TOOL if name == "tool.xml" else "<macros/>", encoding="utf-8")
    return tmp_path


def test_problems__none_where_cases_name_what_is_held(repository):
    assert problems_in("toy", repository) == []


@pytest.mark.parametrize("name", HELD[1:])
def test_problems__a_file_that_the_cases_need(repository, name):
    (repository / name).unlink()
    (problem,) = problems_in("toy", repository)
    assert problem == f"toy: {name.removeprefix('test-data/')} is needed, and not in the repository"


def test_problems__a_file_that_no_case_needs(repository):
    (repository / "test-data" / "a" / "three.vcf").touch()
    assert problems_in("toy", repository) == ["toy: test-data/a/three.vcf is in the repository, and not needed"]


def test_problems__models_of_the_table_are_needed(repository):
    (repository / "test-data" / "drugresponse_models.loc").write_text("a\tb\t1\tc\t${__HERE__}/a/model.safetensors\n")
    assert problems_in("toy", repository) == ["toy: a/model.safetensors is needed, and not in the repository"]


def test_problems__a_repository_without_a_tool(repository):
    (repository / "tool.xml").unlink()
    assert problems_in("toy", repository) == ["toy: it holds no tool"]
