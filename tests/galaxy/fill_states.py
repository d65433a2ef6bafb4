"""Write into each workflow what its steps leave at the default, after the fields of a tool have changed.

    .galaxy/planemo/bin/python tests/galaxy/fill_states.py

Galaxy warns of every field that a step does not name, and refuses such a workflow where it is started from a program.
Fields that the tool no longer has are taken out; values that a step has are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lxml import etree
from server import ROOT
from tool_xml import read_tool


def name_of(field: etree._Element) -> str:
    return field.get("name") or field.attrib["argument"].lstrip("-").replace("-", "_")


def default_of(field: etree._Element) -> Any:
    """The value of a field that nobody touches, as a workflow writes it."""
    kind, value = field.attrib["type"], field.get("value")
    if kind == "boolean":
        return field.get("checked") == "true"
    if kind == "select":
        chosen = [each.attrib["value"] for each in field.iter("option") if each.get("selected") == "true"]
        return chosen if field.get("multiple") == "true" else chosen[0]
    if kind in ("integer", "float"):
        return {"integer": int, "float": float}[kind](value) if value else None
    return value or "" if kind == "text" else None


def filled(state: dict[str, Any], fields: Iterable[etree._Element], fed: set[str], section: str = "") -> dict[str, Any]:
    """The state with every field of the tool that no input feeds, in the order of the form."""
    found: dict[str, Any] = {}
    for field in fields:
        name = name_of(field)
        if field.tag in ("section", "conditional"):
            given = state.get(name) or {}
            inside = filled(given, shown(field, given), fed, f"{section}{name}|")
            found |= {name: inside} if inside else {}
        elif section + name not in fed:
            found[name] = state[name] if name in state else default_of(field)
    return found


def shown(group: etree._Element, state: dict[str, Any]) -> list[etree._Element]:
    """The fields of a section, or of a choice with those of its branch that is chosen."""
    if group.tag == "section":
        return list(group)
    choice = group[0]
    value = state.get(name_of(choice), default_of(choice))
    return [choice, *(field for branch in group.iterfind("when") if branch.get("value") == value for field in branch)]


def fill(path: Path) -> None:
    """Fill the states of one workflow's steps; everything else in the file stays as it is."""
    from ruamel.yaml import YAML  # planemo's Python has it

    plain = YAML()
    plain.width = 120
    plain.preserve_quotes = True
    plain.indent(mapping=2, sequence=4, offset=2)
    workflow = plain.load(path.read_text(encoding="utf-8"))
    for step in workflow["steps"].values():
        inputs = read_tool(ROOT / "tools" / f"{step['tool_id']}.xml").find("inputs")
        if inputs is not None:
            step["state"] = filled(step.get("state") or {}, inputs, set(step["in"]))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        plain.dump(workflow, file)


def main() -> int:
    for path in sorted([*ROOT.glob("tools/workflows/*/*.gxwf.yml"), *ROOT.glob("docs/tutorial/workflows/*.gxwf.yml")]):
        fill(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
