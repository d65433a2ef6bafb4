"""The Galaxy workflows fit the tools that they use, and say what they are; checked without Galaxy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from drugresponse.readers import read_genotypes
from tests.galaxy.tool_xml import read_tool
from tests.galaxy_tools import ROOT, TEST_DATA, TOOLS

FOLDER = ROOT / "tools" / "workflows"
PATHS = sorted(FOLDER.glob("*/*.gxwf.yml"))
LESSON = ROOT / "docs" / "tutorial" / "workflows" / "main-workflow.gxwf.yml"
each_workflow = pytest.mark.parametrize("path", PATHS, ids=[path.parent.name for path in PATHS])
with_lesson = pytest.mark.parametrize("path", [*PATHS, LESSON], ids=[*(path.parent.name for path in PATHS), "tutorial"])


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def cases_in(path: Path) -> list[dict[str, Any]]:
    return load(path.with_name(path.name.replace(".gxwf.yml", ".gxwf-tests.yml")))


def tool_of(step: dict[str, Any]) -> etree._Element:
    return read_tool(TOOLS[step["tool_id"].removeprefix("drugresponse_")])


def field_of(tool: etree._Element, name: str) -> etree._Element:
    """A field by its name, with the names of its sections: section|field."""
    place = tool.find("inputs")
    for word in name.split("|"):
        branches = [each for branch in place.iterfind("when") for each in branch]
        named = [each for each in [*place, *branches] if word in (each.get("name"), argument_name(each))]
        assert len(named) == 1, f"{tool.get('id')} has no field {name}"
        place = named[0]
    return place


def argument_name(field: etree._Element) -> str:
    return field.get("argument", "").lstrip("-").replace("-", "_")


def names_of_fields(place: Iterable[etree._Element], chosen: dict[str, Any], section: str = "") -> Iterator[str]:
    for each in place:
        if each.tag == "section":
            yield from names_of_fields(each, chosen, f"{section}{each.get('name')}|")
        elif each.tag == "conditional":
            inside = f"{section}{each.get('name')}|"
            value = chosen[inside + each[0].get("name")]
            (branch,) = (field for field in each.iterfind("when") if field.get("value") == value)
            yield from names_of_fields([each[0], *branch], chosen, inside)
        else:
            yield section + (each.get("name") or argument_name(each))


def flat(state: dict[str, Any], section: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in state.items():
        found |= flat(value, f"{section}{name}|") if isinstance(value, dict) else {section + name: value}
    return found


def options_of(field: etree._Element) -> set[str]:
    return {each.get("value") for each in field.iter("option")}


def connections(workflow: dict[str, Any]) -> list[tuple[str, str, etree._Element]]:
    """Each input of the workflow with each field that it feeds: its label, the step, the field."""
    return [
        (source, label, field_of(tool_of(step), name))
        for label, step in workflow["steps"].items()
        for name, source in step["in"].items()
        if source in workflow["inputs"]
    ]


def files_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The file that a case gives, or those of its collection."""
    return given["elements"] if given["class"] == "Collection" else [given]


def test_workflows__are_found():
    assert len(PATHS) >= 3
    assert [path.name for path in PATHS] == [f"{path.parent.name}.gxwf.yml" for path in PATHS]


@each_workflow
def test_workflow__says_what_it_is(path):
    workflow = load(path)
    assert workflow["license"] == "MIT"
    assert workflow["label"].startswith("Drug response: ")
    assert workflow["creator"] == [{"class": "Organization", "name": "The drugresponse authors"}]
    changes = (path.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(.+)\]$", changes, re.MULTILINE)[1] == workflow["release"]
    described = [workflow, *workflow["inputs"].values(), *workflow["steps"].values()]
    assert all(each["doc"].strip() for each in described)


@with_lesson
def test_steps__name_the_tools_of_this_version(path):
    tokens = {each.get("name"): each.text for each in etree.parse(str(ROOT / "tools" / "macros.xml")).iter("token")}
    version = f"{tokens['@TOOL_VERSION@']}+galaxy{tokens['@VERSION_SUFFIX@']}"
    steps = load(path)["steps"]
    assert {label: step["tool_version"] for label, step in steps.items()} == dict.fromkeys(steps, version)


@with_lesson
def test_steps__set_fields_that_the_tools_have(path):
    for step in load(path)["steps"].values():
        tool = tool_of(step)
        for name, value in flat(step.get("state", {})).items():
            field = field_of(tool, name)
            if field.get("type") == "select":
                assert set(value if isinstance(value, list) else [value]) <= options_of(field), name


@with_lesson
def test_steps__leave_no_field_to_galaxy(path):
    # Galaxy warns of each field that a step does not name, and refuses to start the workflow from a program
    for label, step in load(path)["steps"].items():
        state = flat(step["state"])
        needed = set(names_of_fields(tool_of(step).find("inputs"), state))
        assert {*step["in"], *state} == needed, f"{label}: run tests/galaxy/fill_states.py"


@each_workflow
def test_steps__are_fed_and_every_input_is_used(path):
    workflow = load(path)
    assert {label for label, _, _ in connections(workflow)} == set(workflow["inputs"])
    for label, step in workflow["steps"].items():
        data = tool_of(step).find("inputs").iterfind("param[@type='data']")
        needed = {argument_name(field) for field in data if field.get("optional") != "true"}
        assert needed <= set(step["in"]), label


@each_workflow
def test_inputs__offer_what_the_fields_take(path):
    workflow = load(path)
    for label, step, field in connections(workflow):
        given = workflow["inputs"][label]
        if field.get("type") == "data":
            assert set(given["format"]) <= set(field.get("format").split(",")), (label, step)
            assert given.get("optional", False) == (field.get("optional") == "true"), (label, step)
            assert given["type"] == "data" or (given["type"] == "collection" and field.get("multiple") == "true")
        elif field.get("type") == "select":
            choices = {each["value"] for each in given["restrictions"]}
            assert given["default"] in choices
            assert choices <= options_of(field), (label, step)


@with_lesson
def test_outputs__are_written(path):
    workflow = load(path)
    for label, output in workflow["outputs"].items():
        name, of_step = output["outputSource"].split("/")[::-1]
        step = workflow["steps"][of_step]
        (data,) = (each for each in tool_of(step).find("outputs") if each.get("name") == name)
        asked_for = data.findtext("filter") is None or name in step["state"]["outputs"]
        assert asked_for, f"{label}: {of_step} leaves {name} out unless it is asked for"


@with_lesson
def test_run_report__shows_outputs_that_there_are(path):
    workflow = load(path)
    page = workflow["report"]["markdown"]
    assert "**For research only**" in page
    assert set(re.findall(r'output="([^"]*)"', page)) <= set(workflow["outputs"])
    # Galaxy refuses to make the page when a line of text asks for the run
    assert "${galaxy" not in page


@with_lesson
def test_cases__fit_the_workflow(path):
    workflow = load(path)
    needed = {label for label, each in workflow["inputs"].items() if not each.get("optional") and "default" not in each}
    for case in cases_in(path):
        assert needed <= set(case["job"]) <= set(workflow["inputs"])
        assert set(case["outputs"]) <= set(workflow["outputs"])
        for label, given in case["job"].items():
            if isinstance(given, dict):
                assert (given["class"] == "Collection") == (workflow["inputs"][label]["type"] == "collection")
                for file in files_of(given):
                    assert (path.parent / file["path"]).is_file(), file["path"]
                    assert file["filetype"] in workflow["inputs"][label]["format"]
    asserted = {label for case in cases_in(path) for label in case["outputs"]}
    assert asserted == set(workflow["outputs"])


@each_workflow
def test_readme__lists_inputs_and_outputs(path):
    workflow = load(path)
    text = (path.parent / "README.md").read_text(encoding="utf-8")
    assert [label for label in [*workflow["inputs"], *workflow["outputs"]] if label not in text] == []


def test_new_patients__are_those_of_the_table():
    called = read_genotypes(FOLDER / "predict-new-patients" / "test-data" / "new_patients.vcf.gz")
    table = read_genotypes(TEST_DATA / "germline" / "new_genotypes.tsv")
    assert list(called.sample_ids) == list(table.sample_ids)
    place = {name: number for number, name in enumerate(table.features.index)}
    ids = [":".join(map(str, each)) for each in called.features[["chromosome", "position", "ref", "alt"]].to_numpy()]
    expected = table.dense()[:, [place[name] for name in ids]]
    assert called.dense() == pytest.approx(expected, nan_ok=True)
