"""The pages of the site: each public name stands on one of them, and each page in a table of contents."""

from __future__ import annotations

import fnmatch
import re

import pytest

import drugresponse as dr
from tests.galaxy_tools import ROOT

DOCS = ROOT / "docs"
API = DOCS / "api"


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


def test_tables_of_contents__have_each_page():
    """As the site would have it, without making it."""
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    listed = {"index"}
    for page in pages:
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        for lines in re.findall(r"^```\{toctree\}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            for entry in (line for line in lines.splitlines() if line and line[0] != ":"):
                target = (DOCS / page).parent.joinpath(entry).resolve().relative_to(DOCS).as_posix()
                listed |= set(fnmatch.filter(pages, target)) or {target}
    assert listed == pages - {"tutorial/faqs/index"}
