"""The forms and command lines of the Galaxy tools against the table of parameters."""

from __future__ import annotations

import re

from lxml import etree

from drugresponse.galaxy.command import LEFT_OUT
from drugresponse.parameters import COMMANDS
from tests.galaxy_tools import ROOT, each_tool, fields, read

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
            assert selected == (list(parameter.default) if parameter.repeatable else [parameter.default or ""])
            # none chosen would mean the default of the command line, which nobody sees in the form
            several = ("true", "false") if parameter.repeatable else (None, None)
            assert (param.get("multiple"), param.get("optional")) == several
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
    for name in ("simulate", "train", "evaluate"):
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
