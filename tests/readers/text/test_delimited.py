from __future__ import annotations

import io

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers.text.delimited import cut_rows, even_rows, rows_of
from drugresponse.readers.text.typed import float_columns

SPREADSHEET = 'sample_id,age\ns1,"7"\n,\ns2,8\n"",""\n'


def test_cut_rows__rows_without_a_filled_cell_are_passed_over():
    table = cut_rows(SPREADSHEET, "samples.csv")
    assert table.rows == [["s1", "7"], ["s2", "8"]]
    assert table.lines == [2, 4]
    tabs = cut_rows(SPREADSHEET.replace(",", "\t"), "samples.tsv")
    assert (tabs.rows, tabs.lines) == (table.rows, table.lines)


@pytest.mark.parametrize("below", ["* n.d. = not determined\t\t", "\n^a) by sequencing\t\t\nSource: registry", "n = 2"])
def test_cut_rows__footnotes_are_left_out_and_named(caplog, below):
    table = "id\ta\tb\ns1\t0\t1\ns2\t\t\n"
    assert cut_rows(f"{table}{below}\n", "panel.tsv").beginnings(1) == [["s1"], ["s2"]]
    assert "below the table, from line" in caplog.text and below.strip()[:10] in caplog.text


def test_cut_rows__an_id_alone_in_the_last_row_is_no_footnote(caplog):
    rows = ["s1\t0\t1", "patient 7 left\t\t", "*1\t\t", "Source\t\t"]
    assert len(cut_rows("\n".join(["id\ta\tb", *rows]), "panel.tsv").rows) == 4
    assert len(cut_rows("drug_id\n* new drug = one", "drugs.tsv").rows) == 1
    with pytest.raises(InputError, match=r"line 3: found 1 values"):
        cut_rows("id\ta\tb\ns1\t0\t1\ns2\n", "cut-short.tsv")
    assert not caplog.records


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_cut_rows__an_empty_cell_in_quotes_is_empty(separator):
    text = 'id\ta\tb\n"s1"\t""\t"5"""\ns2\t7\t""\n'.replace("\t", separator)
    assert cut_rows(text, "table").rows == [["s1", "", '5"'], ["s2", "7", ""]]
    assert [cells for _, cells in rows_of(io.BytesIO(text.encode()), "table")][1:] == cut_rows(text, "table").rows


def test_cut_rows__blanks_separate_where_nothing_else_does():
    text = "FID  IID rs1\nf s1   2\n  f s2 1\n"
    table = cut_rows(text, "cohort.raw", of_plink=True)
    assert table.beginnings(2) == [["f", "s1"], ["f", "s2"]]
    assert table.numbers([2]).tolist() == [[2], [1]]
    with pytest.raises(InputError, match=r"^cohort\.raw, line 3: found 2 values .expected 3.* by blanks\)"):
        cut_rows(text.replace(" 1", ""), "cohort.raw", of_plink=True)
    assert cut_rows(text, "one.txt").header == ["FID  IID rs1"]


def test_cut_rows__the_line_that_is_odd_is_named_whether_or_not_ids_have_a_name():
    with pytest.raises(InputError, match=r"line 4: found 2 values .expected 3"):
        cut_rows("a\tb\ns1\t1\t2\ns2\t1\t2\ns3\t1\n", "cut-short.tsv")
    with pytest.raises(InputError, match=r"line 2: found 3 values .expected 2"):
        cut_rows("id\ta\ns1\t1\t2\ns2\t1\ns3\t1\n", "too-long.tsv")


def test_delimited_text__numbers_equal_the_cells():
    table = cut_rows("id\ta\tb\ns1\t0.1\tNA\ns2\t\t1e-3\n", "matrix.tsv")
    expected = [[np.float32(cell) if cell not in ("", "NA") else np.nan for cell in row[1:]] for row in table.rows]
    np.testing.assert_array_equal(table.numbers([1, 2]), np.array(expected, dtype=np.float32))
    with pytest.raises(ValueError, match="quotes"):
        cut_rows('id,a\ns1,"1,5"\n', "matrix.csv").numbers([1])


def test_even_rows__a_row_of_another_length_and_none():
    rows = rows_of(io.BytesIO(b"a\tb\n1\t2\n3\n"), "rows")
    next(rows)
    checked = even_rows(rows, 2, "rows")
    assert next(checked) == (2, ["1", "2"])
    with pytest.raises(InputError, match=r"^rows, line 3: found 1 values"):
        next(checked)
    with pytest.raises(InputError, match="header and no rows below it"):
        next(even_rows(iter(()), 2, "rows"))


def test_float_columns__truth_values_alone_are_1_and_0():
    lines = ["s1\tTRUE\tNA\t0.5", "s2\tFALSE\ttrue\t1", "s3\t\tfalse\t2"]
    expected = [[1, np.nan, 0.5], [0, 1, 1], [np.nan, 0, 2]]
    np.testing.assert_array_equal(float_columns(lines, [1, 2, 3], "\t"), np.array(expected, dtype=np.float32))
    for cell in ("1", "0x10", "yes", "1_0"):
        with pytest.raises(ValueError, match="conversion error"):
            float_columns([*lines, f"s4\t{cell}\ttrue\t1"], [1, 2, 3], "\t")


def test_float_columns__may_be_written_to():
    assert float_columns(["s1\t1", "s2\tNA"], [1], "\t").flags.writeable


def test_float_columns__every_digit_counts_and_lines_are_long():
    random = np.random.default_rng(0)
    values = random.normal(size=(3, 70_000)) * 10.0 ** random.integers(-6, 6, (3, 70_000))
    lines = ["\t".join(map(repr, row)) for row in values.tolist()]
    np.testing.assert_array_equal(float_columns(lines, range(70_000), "\t"), values.astype(np.float32))
