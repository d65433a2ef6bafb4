"""One layout for tool XML: four spaces, attributes in a fixed order, free text in CDATA."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

__all__ = ["lay_out"]

_INDENT = "    "
_FIRST = (
    "id",
    "name",
    "argument",
    "input",
    "type",
    "value_json",
    "format",
    "multiple",
    "value",
    "min",
    "max",
    "optional",
    "checked",
)
_LAST = ("label", "help")
_WRITTEN = "configfile"
"""Its text becomes a file as it stands."""
_VERBATIM = ("command", _WRITTEN, "help")
_ATTRIBUTE_ESCAPES = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}


def lay_out(element: Any) -> str:
    """Write an lxml element and all below it as text that ends with a newline.

    Parameters
    ----------
    element
        Root of the tree. Blanks around the text of its elements mean nothing, except in `command`, `configfile` and
        `help`.

    Returns
    -------
    text
        The XML, without a declaration.
    """
    return "\n".join(_lines(element, 0)) + "\n"


def _lines(element: Any, depth: int) -> list[str]:
    pad = _INDENT * depth
    if not isinstance(element.tag, str):
        return [f"{pad}<!-- {element.text.strip()} -->"]
    opening = f"{pad}<{element.tag}{_attributes(element)}"
    text = element.text or ""
    if element.tag in _VERBATIM and text.strip():
        body = text.strip("\n").rstrip()
        if element.tag == _WRITTEN:
            return f"{opening}><![CDATA[{body}]]></{element.tag}>".split("\n")
        return [f"{opening}><![CDATA[", *body.split("\n"), f"{_INDENT}]]></{element.tag}>"]
    if len(element):
        inner = [line for child in element for line in _lines(child, depth + 1)]
        return [f"{opening}>", *inner, f"{pad}</{element.tag}>"]
    if text.strip():
        return [f"{opening}>{escape(text.strip())}</{element.tag}>"]
    return [f"{opening}/>"]


def _attributes(element: Any) -> str:
    def place(name: str) -> tuple[int, int]:
        if name in _FIRST:
            return 0, _FIRST.index(name)
        return (2, _LAST.index(name)) if name in _LAST else (1, 0)

    names = sorted(element.attrib, key=place)
    return "".join(f' {name}="{escape(element.attrib[name], _ATTRIBUTE_ESCAPES)}"' for name in names)
