from __future__ import annotations

from drugresponse.report import plain
from drugresponse.report.page import Html, chips, hint, page, paragraph, section, table, text
from drugresponse.report.plain import plain_text, source_comment


def test_plain_text__reads_in_the_order_of_the_page():
    figure = Html(
        '<figure><svg role="img"><title>drawn</title><text>7</text></svg><figcaption>Skill</figcaption></figure>'
    )
    verdict = Html('<div class="verdict better"><strong>Better</strong><p>By <b>22%</b>.</p></div>')
    body = section("Scores", verdict, figure, Html("<ul><li>one</li><li>two</li></ul>"))
    assert plain_text(body).split("\n\n") == ["Scores\n------", "Better", "By 22%.", "Figure: Skill", "- one\n- two"]


def test_plain_text__narrow_table_has_columns():
    rows = [["D1", Html("1.5" + hint("1 to 2"))], ["D22", "no value"]]
    assert plain_text(table(["Drug", "RMSE"], rows, caption="Best first")) == (
        "Best first\n\nDrug  RMSE\nD1    1.5 (1 to 2)\nD22   no value"
    )


def test_plain_text__wide_table_has_a_sentence_a_row():
    columns = ["Drug", *(f"A long heading, number {i}" for i in range(4))]
    written = plain_text(table(columns, [["D1", "1", "", "3", "4"]]))
    assert written == ("- Drug D1: A long heading, number 0 1; A long heading, number 2 3; A long heading, number 3 4")


def test_plain_text__drawings_leave_no_column():
    drawn = Html('<svg role="img"><title>a gain</title></svg>')
    assert plain_text(table(["Drug", "Gain", "n"], [["D1", drawn, "7"]])) == "Drug  n\nD1    7"


def test_plain_text__table_without_rows():
    assert plain_text(table(["Drug", "n"], [])) == "Drug"


def test_plain_text__items_side_by_side_are_kept_apart():
    assert plain_text(chips(["D1", "D2"])) == "D1, D2"
    assert plain_text(table(["Sample", "Drugs"], [["S1", chips(["D1", "D2"])]])) == "Sample  Drugs\nS1      D1, D2"


def test_plain_text__long_table_is_cut_and_says_so():
    lines = plain_text(table(["Drug", "RMSE"], [[f"D{i}", "1"] for i in range(plain.MOST_ROWS + 7)])).splitlines()
    assert len(lines) == plain.MOST_ROWS + 2
    assert lines[-1] == "and 7 more in the downloaded file"


def test_source_comment__cannot_be_ended_by_what_users_wrote():
    hostile = "--><script>alert(1)</script><!-- & --!>"
    comment = source_comment(paragraph(text(hostile)))
    assert comment.count("<!--") == comment.count("-->") == 1
    assert "<script" not in comment
    assert "&lt;script&gt;" in comment


def test_source_comment__long_text_is_cut_between_paragraphs():
    body = Html("<h1>Report</h1>" + "<p>&amp;&amp; words</p>" * 5_000 + "<p>the end</p>")
    comment = source_comment(body)
    assert len(comment) < plain.MOST_CHARACTERS + 1_000
    assert comment.endswith("&amp;&amp; words\n\nThe rest stands in the downloaded file.\n-->\n")
    assert "Report\n======" in source_comment(Html(f"<h1>Report</h1><p>{'x' * 30_000}</p>"))


def test_page__source_begins_with_the_report():
    written = page("A report", "of 3 drugs", [paragraph("Genotype helps.")], "For research only.")
    top = written.partition("<style")[0]
    wanted = [
        "<meta charset",
        "A report\n====",
        "of 3 drugs",
        "Genotype helps.",
        "For research",
    ]
    places = [top.index(each) for each in wanted]
    assert places == sorted(places)
    # browsers look for the character set in the first 1,024 bytes only
    assert places[0] < 1_000
