"""The documentation has a picture of each form and of each report, and shows every picture that it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from drugresponse.galaxy._pictures import CHECKSUMS, checksum_of, pages_of_workflows, with_older_pictures
from tests.galaxy_tools import ROOT, TOOLS, read

FOLDER = ROOT / "docs" / "screenshots"
PICTURES = ROOT / "docs" / "screenshots.md"
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
    # the page of validate is the same for everybody
    shown = reports - {"validate"}
    expected = {f"form-{name}.png" for name in TOOLS} | {f"report-{name}.png" for name in shown}
    assert expected <= {path.name for path in FOLDER.glob("*.png")}


def test_screenshots__each_is_shown_with_words_for_those_who_do_not_see_it():
    shown = [(words, path) for words, path in shown_pictures() if path.parent == FOLDER]
    assert {path for _, path in shown} == set(FOLDER.glob("*.png"))
    assert [path.name for words, path in shown if len(words.split()) < 3] == []


def test_screenshots__are_small():
    sizes = [path.stat().st_size for path in FOLDER.glob("*.png")]
    assert max(sizes) <= MOST_BYTES
    assert sum(sizes) <= MOST_BYTES_TOGETHER


FORM = """<inputs><param label="Model" help="One."/>
<conditional name="a"><param label="Which"><option>First</option></param>
<when value="x"><param label="Open"/></when><when value="y"><param label="Closed"/></when></conditional>
<section title="More"><param label="Inside"/></section></inputs>"""


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("One.", "Two.", True),
        ("First", "Second", True),
        ("Open", "Opened", True),
        ("More", "Less", True),
        ("Closed", "Shut", False),
        ("Inside", "Within", False),
    ],
)
def test_pictures__are_older_where_what_they_show_has_changed(before, after, seen):
    now, then = (checksum_of(etree.fromstring(text)) for text in (FORM.replace(before, after), FORM))
    page = with_older_pictures("Older than what they show: ?\n", {"form.png": now}, {"form.png": then})
    assert ("form.png" in page) == seen


def test_pictures__the_page_names_those_that_are_older():
    """Rendering writes that line; it is none where the pictures are those of the forms."""
    taken = json.loads((ROOT / CHECKSUMS).read_text(encoding="utf-8"))
    now = {f"form-{name}.png": checksum_of(read(name).find("inputs")) for name in TOOLS} | pages_of_workflows(ROOT)
    assert set(taken) == set(now)
    assert len(pages_of_workflows(ROOT)) == 3
    older = {name for name, checksum in now.items() if taken[name] != checksum}
    (line,) = re.findall(r"^Older than what they show: (.+)$", PICTURES.read_text("utf-8"), re.M)
    assert set(re.findall(r"(?:form|workflow)-[\w-]+\.png", line)) == older


def test_pictures__of_a_workflow_are_older_where_its_page_says_other_words(tmp_path):
    workflow = tmp_path / "tools" / "workflows" / "w" / "w.gxwf.yml"
    workflow.parent.mkdir(parents=True)
    checksums = []
    for words in ("# One", "# One", "# Two"):
        workflow.write_text(f"report:\n  markdown: '{words}'\n")
        checksums.append(pages_of_workflows(tmp_path))
    assert checksums[0] == checksums[1] != checksums[2]
    assert "w.png" in with_older_pictures("Older than what they show: ?\n", checksums[2], checksums[0])
