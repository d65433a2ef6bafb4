from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from lxml import etree

sys.path.insert(0, str(Path(__file__).parent))
from fill_states import name_of
from reruns import CASES, SLOTS, Case, File, Run, all_outputs, difference, problems_of, slots_of
from server import HERE, ROOT, TEST_DATA
from tool_xml import read_tool


def run(slots: int | None, **contents: bytes) -> Run:
    return Run("job", dict.fromkeys(contents, "id"), slots, contents=contents)


def test_cases__are_all_tools_and_their_files_exist() -> None:
    assert sorted({case.tool for case in CASES}) == sorted(
        path.stem for path in (ROOT / "tools").glob("drugresponse_*.xml")
    )
    assert len({case.name for case in CASES}) == len(CASES)
    files = [each.path for case in CASES for each in case.inputs.values() if isinstance(each, File)]
    assert all((TEST_DATA / path).is_file() for path in files)


def names_in(fields: Iterable[etree._Element], section: str = "") -> Iterator[str]:
    for field in fields:
        if field.tag == "when":
            yield from names_in(field, section)
        elif field.tag in ("section", "conditional"):
            yield from names_in(field, f"{section}{name_of(field)}|")
        else:
            yield section + name_of(field)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases__give_fields_of_the_form_only(case: Case) -> None:
    # Galaxy ignores what a form does not have
    form = read_tool(ROOT / "tools" / f"{case.tool}.xml")
    assert set(case.inputs) <= set(names_in(form.find("inputs")))


def test_all_outputs__chooses_everything() -> None:
    assert all_outputs("drugresponse_train") == {"outputs": ["short", "metrics", "report", "headline", "figures"]}
    assert all_outputs("drugresponse_describe", without=("card",)) == {}
    assert all_outputs("drugresponse_train", without=("report", "figures")) == {
        "outputs": ["short", "metrics", "headline"]
    }


def test_cases__leave_out_outputs_that_there_are() -> None:
    for case in CASES:
        assert set(case.without) <= set(all_outputs(case.tool).get("outputs", []))


def test_job_configuration__gives_one_history_one_slot_and_the_next_two() -> None:
    execution = yaml.safe_load((HERE / "config" / "job_conf.yml").read_text())["execution"]
    places = execution["environments"]
    default = places[execution["default"]]
    assert (default["runner"], default["type"], default["hash_by"]) == ("dynamic", "choose_one", "history")
    chosen = [places[name] for name in default["destination_ids"].split(",")]
    assert tuple(each["local_slots"] for each in chosen) == SLOTS
    assert chosen[0]["env"] == chosen[1]["env"]


def test_slots_of__reads_the_environment_of_the_job() -> None:
    metrics = [{"name": "start_epoch", "raw_value": "17"}, {"name": "galaxy_slots", "raw_value": "2.0000000"}]
    assert slots_of(metrics) == 2
    assert slots_of([]) is None


def test_problems_of__equal_runs() -> None:
    assert problems_of("toy", run(2, model=b"\xff", table=b"a\n"), run(1, model=b"\xff", table=b"a\n")) == []


@pytest.mark.parametrize("slots", [1, None])
def test_problems_of__same_or_unknown_slots(slots: int | None) -> None:
    (problem,) = problems_of("toy", run(1, table=b"a"), run(slots, table=b"a"))
    assert problem == f"toy: the runs had GALAXY_SLOTS 1 and {slots} (1 and 2 expected)"


def test_problems_of__names_each_output_that_differs() -> None:
    found = problems_of("toy", run(1, a=b"1\n", b=b"same", c=b"\xff1"), run(2, a=b"2\n", b=b"same", c=b"\xff2"))
    assert found == ["toy, a: line 1 differs: '1' and '2'", "toy, c: byte 1 differs (of 2 and 2 bytes)"]


def test_problems_of__output_of_one_run_only() -> None:
    assert problems_of("toy", run(1), run(2, table=b"")) == ["toy, table: only the second run wrote it"]


def test_problems_of__failed_job() -> None:
    failed = Run("job", {"table": "id"}, problem="the state of the job is error")
    assert problems_of("toy", run(1, table=b"a"), failed) == ["toy: the state of the job is error"]


def test_difference__shows_the_place_in_a_long_line() -> None:
    first = b"head\n" + b"x" * 500 + b"1" + b"y" * 500 + b"\ntail\n"
    found = difference(first, first.replace(b"1", b"2"))
    shown = "x" * 40 + "{}" + "y" * 39
    assert found == f"line 2 differs: {shown.format(1)!r} and {shown.format(2)!r}"


def test_difference__one_is_longer() -> None:
    assert difference(b"a\nb\n", b"a\nb\nc\n") == "line 3 differs: '' and 'c'"
    assert difference(b"\xff", b"\xff\x00") == "byte 1 differs (of 1 and 2 bytes)"


def test_difference__part_of_a_letter() -> None:
    # µ and · begin with the same byte
    assert difference("µg".encode(), "·g".encode()) == "line 1 differs: 'µg' and '·g'"
