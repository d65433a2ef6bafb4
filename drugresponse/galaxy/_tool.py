"""One Galaxy tool: galaxyxml builds it, what galaxyxml lacks is added, and one layout writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drugresponse.galaxy._cases import add_cases
from drugresponse.galaxy._command import command_lines, listed_genotypes
from drugresponse.galaxy._form import add_inputs, add_outputs
from drugresponse.galaxy._layout import lay_out
from drugresponse.galaxy._pictures import CHECKSUMS, checksum_of, pages_of_workflows, picture_of, with_older_pictures
from drugresponse.galaxy._repositories import DESCRIPTION, with_repositories
from drugresponse.galaxy._shared import FILE, share_fields
from drugresponse.galaxy._story import Story, read_story
from drugresponse.galaxy._xml import etree, gx, gxt
from drugresponse.settings import COMMANDS, option_page, with_learners

__all__ = ["ROOT", "build_tool", "render_all", "shown_now"]

ROOT = Path(__file__).resolve().parents[2]
VERSION = "@TOOL_VERSION@+galaxy@VERSION_SUFFIX@"
OUT_OF_MEMORY = "4"
_GENERATED = "<!-- Generated from drugresponse/settings: the fields of more than one tool. -->\n"


def render_all(root: Path = ROOT) -> dict[Path, str]:
    """Everything that is made from the options, the learners and the test cases.

    These are the tools, their repositories, the option page, a table of learners, and what pictures are older than
    what they show.

    Parameters
    ----------
    root
        Root of the project, whose `tools` folder holds a YAML file for each tool.

    Returns
    -------
    contents
        Text by path.
    """
    options, learners = (root / "docs" / f"{name}.md" for name in ("options", "learners"))
    contents = {options: option_page(COMMANDS), learners: with_learners(learners.read_text("utf-8"))}
    folder = root / "tools"
    tools = {path: build_tool(read_story(path)) for path in sorted(folder.glob("drugresponse_*.yml"))}
    shown = root / "docs" / "screenshots.md"
    taken = json.loads((root / CHECKSUMS).read_text(encoding="utf-8"))
    contents[shown] = with_older_pictures(
        shown.read_text(encoding="utf-8"), _forms(tools) | pages_of_workflows(root), taken
    )
    contents[folder / FILE] = _GENERATED + lay_out(share_fields(tools.values()))
    for path, tool in tools.items():
        tool.insert(0, etree.Comment(f"Generated from {path.name} and drugresponse/settings: change these."))
        contents[path.with_suffix(".xml")] = lay_out(tool)
    described = (folder / DESCRIPTION).read_text(encoding="utf-8")
    by_file = {path.with_suffix(".xml").name: tool for path, tool in tools.items()}
    contents[folder / DESCRIPTION] = with_repositories(described, by_file, root / "test-data")
    return contents


def shown_now(root: Path = ROOT) -> dict[str, str]:
    """Checksum of each form and each workflow's page as it is, by the name of its picture."""
    tools = {path: build_tool(read_story(path)) for path in sorted((root / "tools").glob("drugresponse_*.yml"))}
    return _forms(tools) | pages_of_workflows(root)


def _forms(tools: Mapping[Path, Any]) -> dict[str, str]:
    return {picture_of(path.name): checksum_of(tool.find("inputs")) for path, tool in tools.items()}


def build_tool(story: Story) -> Any:
    """The XML of one tool, by itself."""
    root = etree.fromstring(_build(story).export(), etree.XMLParser(strip_cdata=True))
    for name, value in (("profile", "@PROFILE@"), ("license", "MIT")):
        root.set(name, value)
    _add_after(root.find("macros"), *_edam(story.edam), etree.Element("expand", macro="creator"))
    root.find("command").set("oom_exit_code", OUT_OF_MEMORY)
    if story.takes_sample_sheets:
        root.find("command").addnext(listed_genotypes())
    root.find("help").set("format", "markdown")
    tests = root.find("tests")
    add_cases(tests, story.tests)
    _cite(root.find("expand[@macro='citations']"), story.cites)
    return root


def _build(story: Story) -> Any:
    """The tool as far as galaxyxml goes."""
    command = COMMANDS[story.command]
    tool = gxt.Tool(
        story.name,
        f"drugresponse_{story.command}",
        VERSION,
        story.description,
        "drugresponse",
        version_command="drugresponse --version",
        command_override=command_lines(command, story),
        macros=["macros.xml", FILE],
    )
    tool.command = gx.Command(detect_errors="exit_code")
    tool.tests = gx.Tests()
    tool.help = story.help
    add_inputs(tool.inputs, command, story)
    add_outputs(tool.outputs, command, story)
    return tool


def _add_after(element: Any, *added: Any) -> None:
    for each in reversed(added):
        each.tail = element.tail
        element.addnext(each)


def _cite(citations: Any, identifiers: tuple[str, ...]) -> None:
    """Add the methods of a tool to what every tool of the suite cites."""
    for identifier in identifiers:
        etree.SubElement(citations, "citation", type="doi").text = identifier


def _edam(terms: tuple[str, ...]) -> list[Any]:
    """The topics and the operations of a tool, each under a head of its own."""
    heads = []
    for kind in ("topic", "operation"):
        head = etree.Element(f"edam_{kind}s")
        for term in terms:
            if term.startswith(kind):
                etree.SubElement(head, f"edam_{kind}").text = term
        heads.append(head)
    return heads
