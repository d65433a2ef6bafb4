"""The pages of the site: each public name stands on one of them, and each page in a table of contents."""

from __future__ import annotations

import re

import pytest

import drugresponse as dr
from tests.galaxy_tools import ROOT

API = ROOT / "docs" / "api"


def names_on(*pages: str) -> list[str]:
    """What the lists of names and the data of these pages describe."""
    text = "".join((API / f"{page}.md").read_text(encoding="utf-8") for page in pages)
    return re.findall(r"^   (\w+)$", text, re.MULTILINE) + re.findall(r"^\.\. py:data:: (\w+)$", text, re.MULTILINE)


def test_pages_of_public_names__have_each_once():
    rooms = {"datasets", "plots"}
    pages = {path.stem for path in API.glob("*.md")} - rooms - {"index"}
    assert sorted(names_on(*pages)) == sorted(set(dr.__all__) - rooms - {"__version__"})


@pytest.mark.parametrize("room", ["datasets", "plots"])
def test_page_of_a_room__has_each_name_once(room):
    assert sorted(names_on(room)) == sorted(getattr(dr, room).__all__)


def test_pages__each_stands_in_a_table_of_contents():
    """The site is built with its warnings as errors, and one of them is a page that none leads to."""
    docs = ROOT / "docs"
    entries = {
        (page.parent / line).resolve()
        for page in [docs / "index.md", *docs.glob("*/*.md")]
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for line in tree.splitlines()
        if line and not line.startswith(":")
    }
    pages = {page.with_suffix("") for page in docs.glob("*.md")} - {docs / "index"}
    assert [page.name for page in sorted(pages) if page not in entries] == []
