"""The test cases of the Galaxy tools, and the files that they use."""

from __future__ import annotations

import re

import pytest

from tests.galaxy_tools import TEST_DATA, TOOLS, cases_of, each_tool, fields, ignoring_open_files, is_failure, read

MINUTES_EACH = "validate"
"""A tool without inputs, which has one case: it takes minutes, and nothing that a user gives could make it fail."""


@ignoring_open_files
@each_tool
def test_cases__fit_the_form(name):
    parameters = pytest.importorskip("galaxy.tool_util.parameters")
    parser = pytest.importorskip("galaxy.tool_util.parser")
    for result in parameters.validate_test_cases_for_tool_source(parser.get_tool_source(str(TOOLS[name]))):
        assert result.validation_error is None
        assert not result.warnings


@each_tool
def test_outputs__each_filter_is_tested_both_ways(name):
    root = read(name)
    optional = {each.get("name") for each in root.find("outputs") if each.find("filter") is not None}
    passing = [test for test in cases_of(root) if not is_failure(test)]
    sizes = {int(test.get("expect_num_outputs")) for test in passing}
    assert not optional or len(sizes) > 1 or name == MINUTES_EACH
    assert optional <= {each.get("name") for test in passing for each in test if each.tag.startswith("output")} | {
        "new_samples",
        "new_responses",
    }


@each_tool
def test_cases__enough_of_each(name):
    failing = [is_failure(test) for test in cases_of(read(name))]
    if name == MINUTES_EACH:
        assert failing == [False]
        return
    assert len(failing) - sum(failing) >= 5
    assert sum(failing) >= 3


@each_tool
def test_cases__failures_reach_the_program_and_success_is_counted(name):
    for test in cases_of(read(name)):
        if is_failure(test):
            assert test.get("expect_exit_code") in ("2", "3")
            texts = [each.get("text") for each in test.findall("assert_stderr/has_text")]
            assert any(text.startswith(f"drugresponse {name}: error:") for text in texts)
            assert len(texts) >= 2
        else:
            assert int(test.get("expect_num_outputs")) >= len(test.findall("output"))
            assert test.findall("output/assert_contents/*")


@each_tool
def test_cases__choose_columns_by_number(name):
    pickers = {each.get("argument") for each in fields(read(name)) if each.get("type") == "data_column"}
    names = {each.lstrip("-").replace("-", "_") for each in pickers}
    chosen = [each.get("value") for each in read(name).iterfind("tests//param") if each.get("name") in names]
    assert bool(chosen) == bool(pickers)
    assert all(re.fullmatch(r"\d+(,\d+)*", value) for value in chosen)


@each_tool
def test_cases__compare_no_sizes_of_files(name):
    assert "sim_size" not in TOOLS[name].read_text(encoding="utf-8")


@each_tool
def test_cases__files_exist(name):
    for param in read(name).iterfind("tests//param"):
        if param.get("ftype") or "/" in param.get("value", ""):
            for file in param.get("value").split(","):
                assert (TEST_DATA / file).is_file(), file
    for part in read(name).iterfind("tests//composite_data"):
        assert (TEST_DATA / part.get("value")).is_file(), part.get("value")


def test_test_data__is_small():
    promised = TEST_DATA / "models"
    sizes = {path: path.stat().st_size for path in TEST_DATA.rglob("*") if path.is_file()}
    cohorts = [size for path, size in sizes.items() if promised not in path.parents]
    assert sum(cohorts) < 1_000_000
    assert max(cohorts) < 200_000
    # model files of each format, which are never written again
    assert max(sizes.values()) < 1_000_000


@pytest.mark.parametrize("name", ["cell_lines", "germline"])
def test_model__is_what_train_writes(name, tmp_path):
    """The model that predict is tested with comes from train; tests/regenerate_test_data.py writes it anew."""
    from safetensors.numpy import load_file

    from tests.regenerate_test_data import write_model

    write_model(name, tmp_path / "model.safetensors")
    fresh, committed = load_file(tmp_path / "model.safetensors"), load_file(TEST_DATA / name / "model.safetensors")
    assert {key: (each.shape, each.dtype) for key, each in fresh.items()} == {
        key: (each.shape, each.dtype) for key, each in committed.items()
    }
    for key, each in fresh.items():
        if each.dtype.kind == "f":
            assert each == pytest.approx(committed[key], rel=1e-5, abs=1e-6), key
        else:
            assert (each == committed[key]).all(), key
