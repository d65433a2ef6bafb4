"""What holds for every Galaxy tool as a whole, checked without Galaxy."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import pytest
from lxml import etree

from drugresponse.galaxy._layout import lay_out
from drugresponse.galaxy._tool import build_tool, render_all
from drugresponse.settings import COMMANDS, DescribeSettings
from drugresponse.settings.option import option, options
from drugresponse.version import __version__
from tests.galaxy_tools import ROOT, TEST_DATA, TOOLS, each_tool, fields, ignoring_open_files, read

HEADINGS = {
    "simulate": ("What it does", "Outputs"),
    "prepare": ("What it does", "Inputs", "Outputs", "Limits"),
    "curves": ("What it does", "Inputs", "Outputs", "Limits"),
    "train": ("What it does", "Inputs", "Outputs", "Limits"),
    "predict": ("What it does", "Inputs", "Output", "Limits"),
    "adapt": ("What it does", "Inputs", "Outputs", "Limits"),
    "evaluate": ("What it does", "Inputs", "Outputs", "Limits"),
    "explain": ("What it does", "Inputs", "Outputs", "Limits"),
    "describe": ("What it does", "Output", "Limits"),
    "validate": ("What it does", "Outputs", "Limits"),
}


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
        "import logging\nfrom drugresponse.galaxy._tool import render_all\nrender_all()\n"
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
    assert [each.get("macro") for each in root.findall("expand")] == ["creator", "requirements", "citations"]
    assert root.findtext("version_command") == "drugresponse --version"
    assert dict(root.find("command").attrib) == {"detect_errors": "exit_code", "oom_exit_code": "4"}


@pytest.fixture(scope="module")
def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "drugresponse").rglob("*.py"))


@each_tool
def test_citations__are_of_methods_that_the_package_names(name, source):
    cited = [each.text for each in read(name).findall("expand[@macro='citations']/citation[@type='doi']")]
    assert [each for each in cited if not re.search(re.escape(each) + r"(?![\w/-])", source)] == []
    assert len(set(cited)) == len(cited)
    assert cited or name not in ("train", "predict", "evaluate", "explain", "prepare")


def test_macros__version_is_the_package_version():
    tokens = {each.get("name"): each.text for each in etree.parse(str(ROOT / "tools" / "macros.xml")).iter("token")}
    assert tokens["@TOOL_VERSION@"] == __version__
    assert tokens["@PROFILE@"] == "25.1"
    assert tokens["@VERSION_SUFFIX@"].isdigit()


@ignoring_open_files
def test_edam__terms_exist_and_say_what_each_tool_does():
    edam = pytest.importorskip("galaxy.tool_util.edam_util").load_edam_tree(None, "operation_", "topic_")
    data_manager = etree.parse(str(next((ROOT / "data_managers").rglob("data_manager_drugresponse_models.xml"))))
    for root in (*map(read, TOOLS), data_manager):
        topics, operations = ([each.text for each in root.iter(f"edam_{kind}")] for kind in ("topic", "operation"))
        assert "topic_0208" in topics
        assert operations
        assert [term for term in topics + operations if term not in edam] == []
    regression = [
        name for name in TOOLS if "operation_3659" in [each.text for each in read(name).iter("edam_operation")]
    ]
    assert regression == ["train"]


@each_tool
def test_outputs__are_taken_from_the_working_folder(name):
    root = read(name)
    labels = [each.get("label") for each in root.findall("outputs/data")]
    assert len(labels) == len(set(labels))
    # no dataset is given to the first, and none needs to be given to the second
    starts = dict.fromkeys(("simulate", "validate"), "${tool.name}: ")
    starts["describe"] = "${tool.name}#if $on_string# on ${on_string}#end if#: "
    assert all(label.startswith(starts.get(name, "${tool.name} on ${on_string}: ")) for label in labels)
    folder = "cohort/" if name == "simulate" else ""
    for each in root.findall("outputs/data"):
        file = each.get("from_work_dir")
        assert file.startswith(folder)
        assert folder or f" {file}" in root.findtext("command")


def test_simulate__files_are_those_that_are_written():
    from drugresponse.simulation.files import COHORT_FILES

    files = {each.get("from_work_dir") for each in read("simulate").findall("outputs/data")}
    assert files == {f"cohort/{each}" for each in COHORT_FILES}


@each_tool
def test_help__has_its_parts(name):
    text = read(name).findtext("help")
    for heading in (*HEADINGS[name], "@RESEARCH_ONLY@"):
        assert heading in text
    assert read(name).find("help").get("format") == "markdown"


def columns_in_help(name: str) -> list[list[str]]:
    """The columns of each output that the help of a tool explains in a table headed `column`."""
    tables = read(name).findtext("help").split("| column | meaning |\n")[1:]
    rows = [table.split("\n\n")[0].splitlines()[1:] for table in tables]
    return [[column for row in part for column in row.split("|")[1].strip().split(", ")] for part in rows]


def headers_in_cases(name: str, output: str) -> list[list[str]]:
    path = f"tests/test/output[@name='{output}']/assert_contents/has_line"
    lines = [each.get("line") for each in read(name).iterfind(path)]
    return [line.split("\t") for line in lines if "_id\t" in line or "fold" in line or line.startswith("learner\t")]


def test_help__columns_are_those_that_tools_write():
    assert columns_in_help("predict") == headers_in_cases("predict", "predictions")
    assert columns_in_help("evaluate") == [
        header for output in ("metrics", "verdicts", "net_benefit") for header in headers_in_cases("evaluate", output)
    ]
    assert columns_in_help("adapt") == [
        header for output in ("predictions", "next_drugs") for header in headers_in_cases("adapt", output)
    ]
    assert columns_in_help("curves") == headers_in_cases("curves", "fits")
    assert columns_in_help("explain") == [
        header
        for output in ("attributions", "associations", "agreement")
        for header in headers_in_cases("explain", output)
    ]
    assert columns_in_help("prepare") == headers_in_cases("prepare", "summary")
    (predicted,), (evaluated,) = (headers_in_cases(name, "predictions") for name in ("predict", "evaluate"))
    *predicted, sites_filled = predicted
    assert (evaluated[: len(predicted)], sites_filled) == (predicted, "sites_filled")
    assert f"then {', '.join(evaluated[len(predicted) :])}." in read("evaluate").findtext("help")
    simulate = read("simulate").findtext("help")
    for file in ("drugs", "features", "responses"):
        columns = (TEST_DATA / "cell_lines" / f"{file}.tsv").read_text(encoding="utf-8").splitlines()[0].split("\t")
        assert f"| {file} | {', '.join(columns)} |" in simulate


@each_tool
def test_text__tells_of_its_making_in_one_comment_for_maintainers(name):
    text = TOOLS[name].read_text(encoding="utf-8")
    comment = f"<!-- Generated from drugresponse_{name}.yml and drugresponse/settings: change these. -->"
    assert text.splitlines()[1].strip() == comment
    text = text.replace(comment, "").replace("\n    \n", "\n", 1)
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


def test_build_tool__a_new_parameter_appears(monkeypatch):
    """The check for stale files can fail: a changed table changes the XML."""
    from dataclasses import replace

    from drugresponse.galaxy import _tool as tool
    from drugresponse.galaxy._story import read_story

    @options()
    class Deeper(DescribeSettings):
        depth: int = option("Depth", "How deep.", default=3, limits=(1, 9))

    story = read_story(ROOT / "tools" / "drugresponse_describe.yml")
    monkeypatch.setitem(vars(tool), "COMMANDS", {"describe": replace(COMMANDS["describe"], settings=Deeper)})
    text = lay_out(build_tool(story))
    assert '<param argument="--depth" type="integer" value="3" min="1" max="9" label="Depth"' in text


def test_fields__stand_in_one_file_where_more_than_one_tool_has_them():
    plain = [etree.parse(str(path)).getroot() for path in TOOLS.values()]
    names = [each.get("macro") for root in plain for each in root.find("inputs").iter("expand")]
    shared = etree.parse(str(ROOT / "tools" / "fields.xml")).getroot()
    assert len(shared) > 30
    assert {each.get("name"): names.count(each.get("name")) > 1 for each in shared} == {
        each.get("name"): True for each in shared
    }
    hand_written = {each.get("name") for each in etree.parse(str(ROOT / "tools" / "macros.xml")).iter("xml")}
    assert hand_written.isdisjoint(each.get("name") for each in shared)
    left = [lay_out(each) for root in plain for each in root.find("inputs").iter("param") if each.get("argument")]
    assert len(left) == len(set(left))


@ignoring_open_files
@each_tool
def test_fields__are_expanded_as_galaxy_does(name):
    macros = pytest.importorskip("galaxy.util.xml_macros")
    expanded = macros.load(str(TOOLS[name])).getroot().find("inputs")
    names = [each.get("argument") or each.get("name") for each in fields(read(name))]
    assert [each.get("argument") or each.get("name") for each in expanded.iter("param")] == names
