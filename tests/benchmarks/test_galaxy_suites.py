"""The table of Galaxy suites counts what it says it counts."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

pytest.importorskip("galaxy.util.xml_macros")

from benchmarks.galaxy_suites import (
    HEADINGS,
    OTHERS,
    REASONS,
    Counts,
    columns_behind,
    count_suite,
    lines_of_columns_behind,
    our_tools,
    table_of_suites,
)

TOOL = """<tool id="a" name="A">
    <macros><import>macros.xml</import></macros>
    <expand macro="edam"/>
    <version_command>a --version</version_command>
    <tests>
        <test expect_num_outputs="1">
            <output name="x" compare="sim_size"/>
            <output name="y"><assert_contents><has_text text="1"/><has_n_lines n="2"/></assert_contents></output>
        </test>
        <test expect_failure="true"><assert_stderr><has_text text="error"/></assert_stderr></test>
    </tests>
    <help>Short.</help>
</tool>"""
MACROS = """<macros><xml name="edam">
    <edam_operations><edam_operation>operation_3659</edam_operation></edam_operations>
    <xrefs><xref type="bio.tools">a</xref></xrefs>
</xml></macros>"""


def test_count_suite__counts_tests_and_tools(tmp_path):
    (tmp_path / "macros.xml").write_text(MACROS, encoding="utf-8")
    (tmp_path / "a.xml").write_text(TOOL, encoding="utf-8")
    bare = '<tool id="b" name="B"><help>' + "Long. " * 100 + "</help></tool>"
    (tmp_path / "b.xml").write_text(bare, encoding="utf-8")
    counts = count_suite([tmp_path / "a.xml", tmp_path / "b.xml"], lint=False)
    assert counts == Counts(
        tools=2,
        tests=2,
        expected_failures=1,
        counted_outputs=1,
        content_assertions=2,
        compared_sizes=1,
        bio_tools=1,
        version_commands=1,
        edam=1,
        short_help=1,
        lint_errors=None,
        lint_warnings=None,
    )


def test_table__has_a_row_for_each_suite_and_a_cell_for_each_count():
    ours = Counts(*range(len(fields(Counts))))
    lines = table_of_suites(ours).splitlines()
    assert len(lines) == 2 + 1 + len(OTHERS)
    assert {line.count("|") for line in lines} == {len(HEADINGS) + 2} == {len(fields(Counts)) + 2}
    assert lines[2] == "| drugresponse | " + " | ".join(map(str, range(len(HEADINGS)))) + " |"
    assert lines[-1].endswith("| 37 | - | - |")


def test_columns_behind__are_counted_for_each_tool():
    level = Counts(2, 40, 40, 40, 400, 0, 2, 2, 2, 0, 0, 0)
    assert columns_behind(level) == {}
    worse = replace(level, bio_tools=1, lint_warnings=3)
    assert columns_behind(worse) == {
        "bio.tools": ("Galaxy Image Analysis", 44 / 60, 0.5),
        "lint warnings": ("Flexynesis", 0.0, 1.5),
    }


def test_columns_behind__each_has_its_reason():
    ours = count_suite(our_tools(), lint=False)
    assert set(columns_behind(ours)) <= set(REASONS)
    assert len(lines_of_columns_behind(ours)) == 2 + len(columns_behind(ours))
