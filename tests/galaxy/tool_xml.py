"""The XML of a tool, as Galaxy reads its form: with the fields in it that it shares with other tools."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from lxml import etree

__all__ = ["read_tool"]


def read_tool(path: Path) -> etree._Element:
    root = etree.parse(str(path)).getroot()
    shared = {each.get("name"): each[0] for each in etree.parse(str(path.with_name("fields.xml"))).getroot()}
    for expand in list(root.find("inputs").iter("expand")):
        if expand.get("macro") in shared:
            expand.getparent().replace(expand, deepcopy(shared[expand.get("macro")]))
    return root
