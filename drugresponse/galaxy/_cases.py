"""Test cases of a Galaxy tool, from YAML to XML.

A case has `about` (a comment), `inputs` (nested like the form; a file is `{value: ..., ftype: ...}`, with `parts` where
the dataset holds several; a collection is `{elements: {NAME: file}}`; a list chooses several values or none), `outputs`
(assertions by output name, of a collection by the names of its `elements` too) or `fails_with` (the exit code), and
assertions on `stdout`, `stderr` and `command`.
An assertion is a mapping of one name to its attributes, such as `has_n_lines: {n: 41}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from drugresponse.galaxy._xml import etree

__all__ = ["add_cases"]

_CHOICES = "_source"
"""Names of choices end like this; other groups of fields are sections."""


def add_cases(tests: Any, cases: Iterable[Mapping[str, Any]]) -> None:
    """Add test cases to the `tests` element of a tool."""
    for case in cases:
        tests.append(etree.Comment(f" {case['about']} "))
        test = etree.SubElement(tests, "test", **_expectation(case))
        _add_inputs(test, case["inputs"])
        for name, output in case.get("outputs", {}).items():
            _add_output(test, name, output)
        for stream in ("command", "stdout", "stderr"):
            if stream in case:
                _add_asserts(test, f"assert_{stream}", {"asserts": case[stream]})


def _add_output(test: Any, name: str, output: Mapping[str, Any]) -> None:
    attributes = {key: _word(value) for key, value in output.items() if key not in ("asserts", "elements")}
    if "elements" not in output:
        _add_asserts(etree.SubElement(test, "output", name=name, **attributes), "assert_contents", output)
        return
    collection = etree.SubElement(test, "output_collection", name=name, type="list", **attributes)
    # Galaxy lists what a tool has left by name, and looks for it in this order
    for element, expected in sorted(output["elements"].items()):
        one = etree.SubElement(collection, "element", name=element, ftype=expected["ftype"])
        _add_asserts(one, "assert_contents", expected)


def _expectation(case: Mapping[str, Any]) -> dict[str, str]:
    if "fails_with" in case:
        return {"expect_failure": "true", "expect_exit_code": str(case["fails_with"])}
    return {"expect_num_outputs": str(case.get("n_outputs", len(case["outputs"])))}


def _add_inputs(parent: Any, inputs: Mapping[str, Any]) -> None:
    for name, value in inputs.items():
        if isinstance(value, Mapping) and "elements" in value:
            param = etree.SubElement(parent, "param", name=name)
            collection = etree.SubElement(param, "collection", type="list")
            for element, file in value["elements"].items():
                etree.SubElement(collection, "element", name=element, **file)
        elif isinstance(value, Mapping) and "value" not in value:
            kind = "conditional" if name.endswith(_CHOICES) else "section"
            _add_inputs(etree.SubElement(parent, kind, name=name), value)
        elif isinstance(value, Mapping):
            words = {key: _word(word) for key, word in value.items() if key != "parts"}
            param = etree.SubElement(parent, "param", name=name, **words)
            for part in value.get("parts", ()):
                etree.SubElement(param, "composite_data", value=part)
        elif isinstance(value, list):
            etree.SubElement(parent, "param", name=name, value_json=json.dumps(value))
        else:
            etree.SubElement(parent, "param", name=name, value=_word(value))


def _add_asserts(parent: Any, name: str, holder: Mapping[str, Any]) -> None:
    if not holder.get("asserts"):
        return
    asserts = etree.SubElement(parent, name)
    for assertions in holder["asserts"]:
        for assertion, attributes in assertions.items():
            etree.SubElement(asserts, assertion, **{key: _word(value) for key, value in attributes.items()})


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
