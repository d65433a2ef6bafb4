"""A page: its frame, its blocks, and what users wrote, which stays text."""

from __future__ import annotations

import re
from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import html5lib
import pytest
from jinja2 import UndefinedError

import drugresponse
from drugresponse import plots
from drugresponse.report.blocks import Cell, Chip, Figure, Items, Part, Report, Table, Verdict, Words
from drugresponse.report.html import as_html, environment
from drugresponse.report.markdown import as_markdown
from drugresponse.report.pictures import Picture
from drugresponse.version import __version__
from tests.report.pages import EXPECTED_TAGS, Page

INLINE = re.compile(r"</?(?:b|bdi|span|strong)\b[^>]*>")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "--><script>alert(2)</script><!-- & --!>",
    "{{ 7 * 7 }}{% raw %}{# gone #}",
    "\u202egnp\x00\ufffe 'q' &amp; \N{HEBREW LETTER ALEF}",
]


def drawing(title: str) -> Picture:
    return Picture(title, lambda: plots.figure(height=0.5)[1])


def report_of(*parts: Part, inputs: tuple[str, ...] = ()) -> Report:
    return Report("Toy report", "Two samples.", parts, "Research use only.", inputs)


def lines_without_style(written: str) -> list[str]:
    """What is read where neither style nor drawings are shown: each block is a line of its own."""
    body = re.sub(r"<svg.*?</svg>", "", written.partition("<body>")[2], flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", "\n", INLINE.sub("", body))
    return [line.strip().replace("\N{NO-BREAK SPACE}", " ") for line in text.splitlines() if line.strip()]


def test_page__begins_with_what_to_do_where_it_is_shown_as_source():
    first, second, *_ = as_html(report_of(Part("Limits"))).splitlines()
    assert first == "<!DOCTYPE html>"
    assert re.fullmatch(r"<!-- This is a report[^-]* ask the administrator to allow [^-]* -->", second)


def test_page__without_style_its_lines_read_in_order():
    cells = [Cell("ridge", kind="strong"), Cell("1.43", "1.35 to 1.55"), Cell("ok", kind="good")]
    chips = [Cell("S1", kind="id"), Cell(chips=[Chip("D1", "+2.0"), Chip("D2")]), "x"]
    parts = [
        Part(
            "", [Verdict("better", "Genotype helps", "By a fifth.", ["It leaks."]), Words(""), Items(["One.", "Two."])]
        ),
        Part(
            "Scores",
            [
                Table(["Predicted by", "RMSE", "Verdict"], [cells, chips], "Best first"),
                Figure({"a": drawing("A")}, "B"),
            ],
        ),
    ]
    assert lines_without_style(as_html(report_of(*parts))) == [
        *("Toy report", "Two samples.", "Genotype helps", "It leaks.", "By a fifth.", "One.", "Two.", "Scores"),
        *("Best first", "Predicted by", "RMSE", "Verdict", "ridge", "1.43", "1.35 to 1.55", "ok"),
        *("S1", "D1 +2.0 D2", "x", "B", f"Research use only. Made by drugresponse {__version__}."),
    ]


def everywhere(words: str) -> Report:
    """A report with these words in every place that takes any."""
    cells = [Cell(words, words, kind, [Chip(words, words)]) for kind in ("", "id", "strong", "good", "bad")]
    blocks = [
        Verdict("worse", words, words, [words]),
        Words(words, quiet=True),
        Items([words]),
        Table([words] * 6, [[*cells, words]], words),
        Figure({"a": drawing(words), "b": drawing("B")}, words),
    ]
    return Report(words, words, [Part(words, blocks)], words, [words])


@pytest.mark.parametrize("words", HOSTILE)
def test_page__what_users_wrote_stays_text_and_the_page_valid(words):
    written = as_html(everywhere(words))
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(written)
    page = Page(written)
    assert page.tags <= EXPECTED_TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert written.count("<!--") == written.count("-->") == 2
    assert not re.search("[\x00\ufffe]", written)
    if words.isprintable():
        # in every place, but for names, which are cut
        assert page.text.count(" ".join(words.split())) >= 20
    markdown = as_markdown(everywhere(words))
    assert "<" not in markdown and "\x00" not in markdown


def test_page__a_name_does_not_turn_the_text_around_it():
    written = as_html(report_of(Part("", [Table(["Drug"], [[Cell(HOSTILE[4], kind="id")]])])))
    assert re.search("<bdi>\u202e[^<]*</bdi>", written)


def test_page__foot_names_version_and_inputs_but_no_numbered_files():
    foot = report_of(inputs=("a<b>.vcf", "dataset_7.dat", "pipe-63", "r.tsv")).foot
    assert foot == f"Research use only. Made by drugresponse {__version__} from a<b>.vcf and r.tsv."


def test_templates__what_they_are_not_given_is_an_error():
    with pytest.raises(UndefinedError):
        environment().from_string("{{ report.titel }}").render(report=report_of())


@pytest.mark.parametrize("rows", [[], [["D1", "0.1"]]])
def test_table__is_named_by_its_caption_or_its_columns(rows):
    for caption, name in (("By gain", "By gain"), ("", "Drug, q")):
        written = as_html(report_of(Part("", [Table(["Drug", "q"], rows, caption)])))
        assert re.findall('<(?:div|table).*? aria-label="(.*?)"', written) == [name, name]


def test_table__rows_that_a_page_has_no_room_for_are_counted():
    table = Table(["Drug"], [["x" * 1000]] * 70, most_bytes=60_000)
    page = Page(as_html(report_of(Part("", [table]))))
    assert page.text.count("x" * 1000) == 58
    assert "12 more rows left out to keep the page small." in page.text


@pytest.mark.parametrize("broken", ["<table><tbody></tbody></table>", '<svg role="img" aria-label=" "></svg>'])
def test_pages__a_table_or_drawing_without_a_name_is_found(broken):
    with pytest.raises(AssertionError):
        Page(broken)


def test_pages__an_empty_heading_is_found():
    with pytest.raises(AssertionError):
        Page(as_html(report_of(Part("", [Table(["", "Number"], [["Samples", "2"]])]))))


def test_package__has_the_templates_and_the_style():
    package = Path(drugresponse.__file__).parent
    config = ConfigParser()
    config.read(package.parent / "setup.cfg")
    packaged = [
        (name, pattern) for name, patterns in config["options.package_data"].items() for pattern in patterns.split()
    ]
    data = [path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert {path.name for path in data} >= {"page.html", "blocks.html", "style.css"}
    for path in data:
        assert any(fnmatch(str(path), str(package.parent.joinpath(*name.split("."), glob))) for name, glob in packaged)


def test_table__long_names_are_cut_and_leave_room_for_their_rows():
    rows = [[Cell("x" * 5000, kind="id"), Cell(chips=[Chip("y" * 5000)])] for _ in range(100)]
    page = Page(as_html(report_of(Part("", [Table(["Drug", "Others"], rows)]))))
    assert "left out" not in page.text
    assert page.text.count("x" * 47 + "…") == 100
