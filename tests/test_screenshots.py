"""The documentation has a picture of each form and of each report, and shows every picture that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.galaxy_tools import ROOT, TOOLS, read

FOLDER = ROOT / "docs" / "screenshots"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
MOST_BYTES, MOST_BYTES_TOGETHER = 150_000, 1_500_000


def shown_pictures() -> Iterator[tuple[str, Path]]:
    for page in PAGES:
        for words, path in IMAGE.findall(page.read_text(encoding="utf-8")):
            yield words, (page.parent / path).resolve()


def test_screenshots__each_form_and_each_report_has_its_own():
    reports = {name for name in TOOLS if read(name).find("outputs/data[@name='report']") is not None}
    assert len(reports) > 5
    expected = {f"form-{name}.png" for name in TOOLS} | {f"report-{name}.png" for name in reports}
    assert expected <= {path.name for path in FOLDER.iterdir()}


def test_screenshots__each_is_shown_with_words_for_those_who_do_not_see_it():
    shown = [(words, path) for words, path in shown_pictures() if path.parent == FOLDER]
    assert {path for _, path in shown} == set(FOLDER.iterdir())
    assert [path.name for words, path in shown if len(words.split()) < 3] == []


def test_screenshots__are_small():
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    assert max(sizes) <= MOST_BYTES
    assert sum(sizes) <= MOST_BYTES_TOGETHER
