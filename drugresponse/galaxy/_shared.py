"""Fields that stand in more than one form: each is written once, as a macro that the tools expand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from drugresponse.galaxy._layout import lay_out
from drugresponse.galaxy._xml import etree

__all__ = ["FILE", "share_fields"]

FILE = "fields.xml"
"""Name of the file of macros, beside the tools."""


def share_fields(tools: Iterable[Any]) -> Any:
    """Replace every field that more than one tool has, the same to the letter, by the expansion of a macro.

    Parameters
    ----------
    tools
        Roots of the tools' XML; changed.

    Returns
    -------
    macros
        The root of the file of macros, one for each field, under the field's name.
    """
    places: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for tool in tools:
        for field in _fields(tool.find("inputs")):
            places[_name(field)][lay_out(field)].append(field)
    macros = etree.Element("macros")
    for name in sorted(places):
        shared = sorted((each for each in places[name].values() if len(each) > 1), key=len, reverse=True)
        for number, same in enumerate(shared, 1):
            macro = etree.SubElement(macros, "xml", name=name if number == 1 else f"{name}_{number}")
            macro.append(deepcopy(same[0]))
            for field in same:
                field.getparent().replace(field, etree.Element("expand", macro=macro.get("name")))
    return macros


def _fields(inputs: Any) -> list[Any]:
    """The fields of a form, those of its sections among them; a choice with its branches is one."""
    return [field for each in inputs for field in (each if each.tag == "section" else [each])]


def _name(field: Any) -> str:
    return field.get("name") or field.get("argument").lstrip("-").replace("-", "_")
