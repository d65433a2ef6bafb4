"""The same report in plain text, as it stands at the head of a page."""

from __future__ import annotations

import pytest

from drugresponse.report import plain
from drugresponse.report.blocks import Block, Cell, Chip, Figure, Items, Part, Report, Table, Verdict, Words
from drugresponse.report.html import as_html
from drugresponse.report.pictures import Picture, skill_bar
from drugresponse.report.plain import as_plain


def plain_blocks(*blocks: Block, title: str = "") -> list[str]:
    """What blocks are written as, between the lead and the foot."""
    return as_plain(Report("A report", "of 3 drugs", [Part(title, blocks)], "For research.")).split("\n\n")[2:-1]


def test_plain__reads_in_the_order_of_the_page():
    figure = Figure({"a": Picture("drawn", lambda: pytest.fail("text needs no drawing"))}, "Skill")
    blocks = [Verdict("better", "Better", "By 22%."), figure, Items(["one", "two"]), Words("")]
    written = plain_blocks(*blocks, title="Scores")
    assert written == ["Scores\n------", "Better", "By 22%.", "Figure: Skill", "- one\n- two"]


def test_plain__narrow_table_has_columns():
    rows = [["D1", Cell("1.5", "1 to 2")], ["D22", "no value"]]
    written = plain_blocks(Table(["Drug", "RMSE"], rows, "Best first"))
    assert written == ["Best first", "Drug  RMSE\nD1    1.5 (1 to 2)\nD22   no value"]


def test_plain__wide_table_has_a_sentence_a_row():
    columns = ["Drug", *(f"A long heading, number {i}" for i in range(4))]
    written = plain_blocks(Table(columns, [["D1", "1", "", "3", "4"]]))
    assert written == ["- Drug D1: A long heading, number 0 1; A long heading, number 2 3; A long heading, number 3 4"]


def test_plain__drawings_leave_no_column():
    drawn = Cell(drawing=skill_bar(0.1, 1.0))
    assert plain_blocks(Table(["Drug", "Gain", "n"], [["D1", drawn, "7"]])) == ["Drug  n\nD1    7"]


def test_plain__table_without_rows():
    assert plain_blocks(Table(["Drug", "n"], [])) == ["Drug"]


def test_plain__items_side_by_side_are_kept_apart():
    chips = Cell(chips=[Chip("D1", "+2"), Chip("D2")])
    assert plain_blocks(Table(["Sample", "Drugs"], [["S1", chips]])) == ["Sample  Drugs\nS1      D1 +2, D2"]


def test_plain__long_table_is_cut_and_says_so():
    (table,) = plain_blocks(Table(["Drug", "RMSE"], [[f"D{i}", "1"] for i in range(plain.MOST_ROWS + 7)]))
    assert len(table.splitlines()) == plain.MOST_ROWS + 2
    assert table.splitlines()[-1] == "and 7 more in the downloaded file"


def test_plain__long_text_is_cut_between_paragraphs():
    report = Report("A report", "of 3 drugs", [Part("", [Words("&& words")] * 5_000)], "the end")
    written = as_plain(report)
    assert len(written) < plain.MOST_CHARACTERS + 100
    assert written.endswith("&& words\n\nThe rest stands in the downloaded file.")
    assert "&amp;&amp; words\n\nThe rest stands in the downloaded file.\n-->" in as_html(report)
    long = Report("A report", "", [Part("", [Words("x" * 30_000)])], "the end")
    assert "A report\n========" in as_html(long)


def test_page__source_begins_with_the_report():
    report = Report("A report", "of 3 drugs", [Part("", [Words("Genotype helps: --higher-means.")])], "For research.")
    top = as_html(report).partition("<style")[0]
    # dashes side by side are no part of a comment
    wanted = ["<meta charset", "A report\n====", "of 3 drugs", "Genotype helps: - -higher-means.", "For research."]
    places = [top.index(each) for each in wanted]
    assert places == sorted(places)
    # browsers look for the character set in the first 1,024 bytes only
    assert places[0] < 1_000
