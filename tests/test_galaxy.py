"""What holds for every Galaxy tool, checked without Galaxy."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from drugresponse.galaxy.command import LEFT_OUT
from drugresponse.galaxy.layout import lay_out
from drugresponse.galaxy.tool import render_all, render_tool
from drugresponse.parameters import COMMANDS
from drugresponse.version import __version__

ROOT = Path(__file__).resolve().parents[1]
TOOLS = {name: ROOT / "tools" / f"drugresponse_{name}.xml" for name in COMMANDS}
TEST_DATA = ROOT / "test-data"
TYPES = {
    "input": "data",
    "text": "text",
    "names": "text",
    "integer": "integer",
    "number": "float",
    "choice": "select",
    "switch": "boolean",
}
MOST_VISIBLE = 8
HEADINGS = {
    "simulate": ("What it does", "Outputs"),
    "train": ("What it does", "Inputs", "Outputs", "Limits"),
    "predict": ("What it does", "Inputs", "Output", "Limits"),
    "describe": ("What it does", "Output", "Limits"),
}

each_tool = pytest.mark.parametrize("name", TOOLS)
# the tool library leaves a file open when it looks up ontology terms
ignoring_open_files = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def read(name: str) -> etree._Element:
    return etree.parse(str(TOOLS[name])).getroot()


def fields(root: etree._Element) -> Iterator[etree._Element]:
    return root.find("inputs").iter("param")


def cases_of(root: etree._Element) -> list[etree._Element]:
    return root.findall("tests/test")


def is_failure(test: etree._Element) -> bool:
    return test.get("expect_failure") == "true"


def test_tools__are_all_there():
    assert sorted((ROOT / "tools").glob("drugresponse_*.xml")) == sorted(TOOLS.values())
    assert sorted(path.with_suffix(".xml") for path in (ROOT / "tools").glob("drugresponse_*.yml")) == sorted(
        TOOLS.values()
    )


def test_rendered__is_what_is_committed():
    for path, text in render_all().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run python -m drugresponse.galaxy"


def test_check_command__finds_nothing_stale():
    done = subprocess.run(
        [sys.executable, "-m", "drugresponse.galaxy", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_render__leaves_the_root_logger_alone():
    script = (
        "import logging\nfrom drugresponse.galaxy.tool import render_all\nrender_all()\n"
        "assert not logging.getLogger().handlers and logging.getLogger().level == logging.WARNING\n"
    )
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)
    assert logging.getLogger("galaxyxml").level == logging.NOTSET


@ignoring_open_files
@each_tool
def test_lint__nothing_to_say(name):
    lint = pytest.importorskip("galaxy.tool_util.lint")
    parser = pytest.importorskip("galaxy.tool_util.parser")
    context = lint.get_lint_context_for_tool_source(parser.get_tool_source(str(TOOLS[name])))
    assert [str(each) for each in context.error_messages + context.warn_messages] == []


@ignoring_open_files
@each_tool
def test_cases__fit_the_form(name):
    parameters = pytest.importorskip("galaxy.tool_util.parameters")
    parser = pytest.importorskip("galaxy.tool_util.parser")
    for result in parameters.validate_test_cases_for_tool_source(parser.get_tool_source(str(TOOLS[name]))):
        assert result.validation_error is None
        assert not result.warnings


@each_tool
def test_attributes__of_the_suite(name):
    root = read(name)
    assert dict(root.attrib) == {
        "id": f"drugresponse_{name}",
        "name": root.get("name"),
        "version": "@TOOL_VERSION@+galaxy@VERSION_SUFFIX@",
        "profile": "@PROFILE@",
        "license": "MIT",
    }
    assert root.get("name").startswith("Drug response: ")
    assert [each.get("macro") for each in root.findall("expand")] == ["edam", "creator", "requirements", "citations"]
    assert root.findtext("version_command") == "drugresponse --version"
    assert dict(root.find("command").attrib) == {"detect_errors": "exit_code", "oom_exit_code": "4"}


def test_macros__version_is_the_package_version():
    tokens = {each.get("name"): each.text for each in etree.parse(str(ROOT / "tools" / "macros.xml")).iter("token")}
    assert tokens["@TOOL_VERSION@"] == __version__
    assert tokens["@PROFILE@"] == "25.1"
    assert tokens["@VERSION_SUFFIX@"].isdigit()


@ignoring_open_files
def test_macros__edam_terms_exist():
    edam = pytest.importorskip("galaxy.tool_util.edam_util").load_edam_tree(None, "operation_", "topic_")
    root = etree.parse(str(ROOT / "tools" / "macros.xml"))
    terms = [each.text for each in root.iter("edam_topic", "edam_operation")]
    assert len(terms) >= 4
    assert [term for term in terms if term not in edam] == []


@each_tool
def test_form__has_every_option_and_no_other(name):
    arguments = [each.get("argument") for each in fields(read(name)) if each.get("argument")]
    assert len(arguments) == len(set(arguments))
    command = COMMANDS[name]
    expected = {
        each.option
        for each in command.parameters
        if each.type not in ("output", "folder") and each.name not in ("threads", *LEFT_OUT)
    }
    assert set(arguments) == expected
    assert [each.get("name") for each in fields(read(name)) if not each.get("argument")] in ([], ["outputs"])


@each_tool
def test_command__has_every_option_and_no_other(name):
    root = read(name)
    written = set(re.findall(r"(?<=\s)(--[a-z-]+)", root.findtext("command")))
    flags = {each.get("truevalue") for each in fields(root) if each.get("type") == "boolean"}
    assert written | flags == {each.option for each in COMMANDS[name].parameters if each.name not in LEFT_OUT}


@each_tool
def test_form__agrees_with_the_parameters(name):
    by_option = {each.option: each for each in COMMANDS[name].parameters}
    for param in fields(read(name)):
        parameter = by_option.get(param.get("argument"))
        if parameter is None:
            continue
        assert param.get("type") == TYPES[parameter.type]
        assert (param.get("label"), param.get("help")) == (parameter.label, parameter.full_help)
        if parameter.type == "input":
            assert param.get("format") == ",".join(parameter.formats)
            assert (param.get("multiple") == "true") == parameter.repeatable
            assert (param.get("optional") == "true") != parameter.required
        elif parameter.type in ("integer", "number"):
            assert (float(param.get("min")), float(param.get("max"))) == (parameter.minimum, parameter.maximum)
            value = param.get("value")
            assert (None if value is None else float(value)) == parameter.default
            assert (param.get("optional") == "true") == (parameter.default is None)
        elif parameter.type == "choice":
            options = {each.get("value"): each.text for each in param.iter("option")}
            selected = [each.get("value") for each in param.iter("option") if each.get("selected")]
            assert {value: label for value, label in options.items() if value} == dict(parameter.choices)
            assert selected == [parameter.default or ""]
        elif parameter.type == "switch":
            assert (param.get("checked"), param.get("falsevalue")) == ("false", "")
            assert param.get("truevalue") == parameter.option
        else:
            assert (param.get("value") or None) == parameter.default


@each_tool
def test_form__at_most_eight_visible(name):
    visible = read(name).findall("inputs/param")
    assert 0 < len(visible) <= MOST_VISIBLE
    assert all(each.get("expanded") == "false" for each in read(name).iter("section") if each.get("title"))


def test_form__seed_on_every_tool_that_draws():
    for name in ("simulate", "train"):
        assert "--seed" in [each.get("argument") for each in fields(read(name))]


@each_tool
def test_form__text_is_sanitized_and_checked(name):
    for param in fields(read(name)):
        if param.get("type") == "text":
            assert [each.get("macro") for each in param] in (["text_signs"], ["optional_text_signs"])


def test_macros__text_signs_are_harmless_in_single_quotes():
    root = etree.parse(str(ROOT / "tools" / "macros.xml"))
    for macro in ("text_signs", "optional_text_signs"):
        part = root.find(f"xml[@name='{macro}']")
        signs = {each.get("value") for each in part.iter("add")}
        assert signs.isdisjoint("'\"\\`$\n;&|<>*?~!")
        pattern = re.compile(part.findtext("validator"))
        assert all(pattern.match(f"a{sign}9") for sign in signs)
        assert not any(pattern.match(f"a{sign}") for sign in "'\"\\`$;&|<>*?~!")


@each_tool
def test_command__every_value_is_quoted(name):
    numbers = {each.get("argument") for each in fields(read(name)) if each.get("type") in ("integer", "float")}
    flags = {f"${each.getparent().get('name')}.forget_samples" for each in fields(read(name))} | {"$as_json"}
    for line in read(name).findtext("command").splitlines():
        bare = line.strip()
        if bare.startswith("#") or bare in flags or bare == '--threads "\\${GALAXY_SLOTS:-1}"':
            continue
        outside = re.sub(r"'[^']*'", "", bare)
        assert "$" not in outside or outside.split()[0] in numbers, bare


@each_tool
def test_command__holds_no_name_of_a_dataset(name):
    command = read(name).findtext("command")
    assert "element_identifier" not in command
    assert not re.search(r"\.name\b", command)


@each_tool
def test_outputs__are_taken_from_the_working_folder(name):
    root = read(name)
    labels = [each.get("label") for each in root.findall("outputs/data")]
    assert len(labels) == len(set(labels))
    assert all(label.startswith("${tool.name} on ${on_string}: ") for label in labels)
    folder = "cohort/" if name == "simulate" else ""
    for each in root.findall("outputs/data"):
        file = each.get("from_work_dir")
        assert file.startswith(folder)
        assert folder or f" {file}" in root.findtext("command")


def test_simulate__files_are_those_that_are_written():
    from drugresponse.cohort_files import COHORT_FILES

    files = {each.get("from_work_dir") for each in read("simulate").findall("outputs/data")}
    assert files == {f"cohort/{each}" for each in COHORT_FILES}


@each_tool
def test_outputs__each_filter_is_tested_both_ways(name):
    root = read(name)
    optional = {each.get("name") for each in root.findall("outputs/data") if each.find("filter") is not None}
    passing = [test for test in cases_of(root) if not is_failure(test)]
    sizes = {int(test.get("expect_num_outputs")) for test in passing}
    assert not optional or len(sizes) > 1
    assert optional <= {each.get("name") for test in passing for each in test.findall("output")} | {
        "new_samples",
        "new_responses",
    }


def test_cases__enough_of_each():
    for name, n_passing, n_failing in (("train", 4, 3), ("predict", 4, 3), ("simulate", 2, 1), ("describe", 2, 1)):
        failing = [is_failure(test) for test in cases_of(read(name))]
        assert len(failing) - sum(failing) >= n_passing
        assert sum(failing) >= n_failing


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
def test_cases__compare_no_sizes_of_files(name):
    assert "sim_size" not in TOOLS[name].read_text(encoding="utf-8")


@each_tool
def test_cases__files_exist(name):
    for param in read(name).iterfind("tests//param"):
        if param.get("ftype") or "/" in param.get("value", ""):
            for file in param.get("value").split(","):
                assert (TEST_DATA / file).is_file(), file


def test_test_data__is_small():
    sizes = {path: path.stat().st_size for path in TEST_DATA.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 1_000_000
    assert max(sizes.values()) < 200_000


@each_tool
def test_help__has_its_parts(name):
    text = read(name).findtext("help")
    for heading in (*HEADINGS[name], "@RESEARCH_ONLY@"):
        assert heading in text
    assert read(name).find("help").get("format") == "markdown"


def test_help__columns_are_those_that_tools_write():
    text = read("predict").findtext("help")
    listed = [name for cell in re.findall(r"^\| ([a-z_, ]+) \|", text, re.MULTILINE) for name in cell.split(", ")]
    header = next(
        each.get("line") for each in read("predict").iter("has_line") if each.get("line").startswith("sample_id")
    )
    assert header.split("\t") == [name for name in listed[listed.index("column") + 1 :] if name != "meaning"]
    simulate = read("simulate").findtext("help")
    for file in ("drugs", "features", "responses"):
        columns = (TEST_DATA / "cell_lines" / f"{file}.tsv").read_text(encoding="utf-8").splitlines()[0].split("\t")
        assert f"| {file} | {', '.join(columns)} |" in simulate


@each_tool
def test_text__tells_nothing_of_its_making(name):
    text = TOOLS[name].read_text(encoding="utf-8")
    assert not re.search("galaxyxml|render|generated|yaml", text, re.IGNORECASE)
    assert "\t" not in text
    assert not re.search(" +$", text, re.MULTILINE)


def test_lay_out__orders_attributes_and_escapes():
    root = etree.fromstring(
        '<a help="h" min="0" name="n"><b t="&#9;&quot;"/><c> x &amp; y </c><command>  #if\n x\n</command></a>'
    )
    expected = (
        '<a name="n" min="0" help="h">\n    <b t="&#9;&quot;"/>\n    <c>x &amp; y</c>\n'
        "    <command><![CDATA[\n  #if\n x\n    ]]></command>\n</a>\n"
    )
    assert lay_out(root) == expected


def test_render_tool__a_new_parameter_appears(monkeypatch):
    """The check for stale files can fail: a changed table changes the XML."""
    from dataclasses import replace

    from drugresponse.galaxy import tool
    from drugresponse.galaxy.story import read_story
    from drugresponse.parameters import Parameter

    story = read_story(ROOT / "tools" / "drugresponse_describe.yml")
    command = COMMANDS["describe"]
    extra = Parameter("depth", "integer", "Depth", "How deep.", 3, 1, 9)
    monkeypatch.setitem(vars(tool), "COMMANDS", {"describe": replace(command, parameters=(*command.parameters, extra))})
    assert '<param argument="--depth" type="integer" value="3" min="1" max="9" label="Depth"' in render_tool(story)


@pytest.mark.parametrize("name", ["cell_lines", "germline"])
def test_model__is_what_train_writes(name, tmp_path):
    """The model that predict is tested with comes from train; tests/regenerate_test_data.py writes it anew."""
    pytest.importorskip("drugresponse.workflows", reason="workflows are not there yet")
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
