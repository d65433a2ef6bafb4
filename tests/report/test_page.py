from __future__ import annotations

import re

import pytest

from drugresponse.report.blocks import Cell, Figure, Part, Table, Verdict, as_html
from drugresponse.report.drawings import drawing
from drugresponse.report.page import chips, page, table
from tests.report.pages import Page

INLINE = re.compile(r"</?(?:b|bdi|span|strong)\b[^>]*>")


def as_source(*parts: Part) -> str:
    return page("Toy report", "Two samples.", map(as_html, parts), "Research use only.")


def lines_without_style(written: str) -> list[str]:
    """What is read where neither style nor drawings are shown: each block is a line of its own."""
    body = re.sub(r"<svg.*?</svg>", "", written.partition("<body>")[2], flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", "\n", INLINE.sub("", body))
    return [line.strip().replace("\N{NO-BREAK SPACE}", " ") for line in text.splitlines() if line.strip()]


def test_page__begins_with_what_to_do_where_it_is_shown_as_source():
    first, second, *_ = as_source(Part("Limits")).splitlines()
    assert first == "<!DOCTYPE html>"
    assert re.fullmatch(r"<!-- This is a report[^-]* ask the administrator to allow [^-]* -->", second)


def test_page__without_style_its_lines_read_in_order():
    cells = [Cell("ridge", kind="strong"), Cell("1.43", "1.35 to 1.55"), Cell("ok", kind="good")]
    parts = [
        Part("", [Verdict("better", "Genotype helps", "By a fifth.")]),
        Part(
            "Scores", [Table(["Predicted by", "RMSE", "Verdict"], [cells]), Figure({"a": drawing("A", 9, 9, "")}, "B")]
        ),
    ]
    assert lines_without_style(as_source(*parts)) == [
        *("Toy report", "Two samples.", "Genotype helps", "By a fifth.", "Scores"),
        *("Predicted by", "RMSE", "Verdict", "ridge", "1.43", "1.35 to 1.55", "ok", "B", "Research use only."),
    ]


def test_chips__stay_apart_without_style():
    assert lines_without_style(f"<body>{chips(['D1 +2.0', '<D2>'])}") == ["D1 +2.0 &lt;D2&gt;"]


def test_table__is_named_by_its_caption_or_its_columns():
    for caption, name in (("By gain", "By gain"), ("", "Drug, q")):
        written = table(["Drug", "q"], [["D1", "0.1"]], caption=caption)
        assert re.findall('aria-label="(.*?)"', written) == [name, name]
        assert Page(f"<main>{written}</main>").nameless == []


@pytest.mark.parametrize("broken", ["<table><tbody></tbody></table>", '<svg role="img" aria-label=" "></svg>'])
def test_pages__a_table_or_drawing_without_a_name_is_found(broken):
    with pytest.raises(AssertionError):
        Page(broken)


def test_pages__an_empty_heading_is_found():
    with pytest.raises(AssertionError):
        Page(table(["", "Number"], [["Samples", "2"]]))
