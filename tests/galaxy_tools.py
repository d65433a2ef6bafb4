"""The rendered tools, as the tests of them read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from drugresponse.settings import COMMANDS
from tests.galaxy.tool_xml import read_tool

ROOT = Path(__file__).resolve().parents[1]
TOOLS = {name: ROOT / "tools" / f"drugresponse_{name}.xml" for name, command in COMMANDS.items() if command.has_tool}
TEST_DATA = ROOT / "test-data"

each_tool = pytest.mark.parametrize("name", TOOLS)
# the tool library leaves a file open when it looks up ontology terms
ignoring_open_files = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def read(name: str) -> etree._Element:
    return read_tool(TOOLS[name])


def fields(root: etree._Element) -> Iterator[etree._Element]:
    return root.find("inputs").iter("param")


def cases_of(root: etree._Element) -> list[etree._Element]:
    return root.findall("tests/test")


def is_failure(test: etree._Element) -> bool:
    return test.get("expect_failure") == "true"
