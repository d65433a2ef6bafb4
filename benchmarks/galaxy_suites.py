"""python -m benchmarks.galaxy_suites [--write]: our Galaxy tools beside others, by the same counts over the tools' XML.

The numbers of the others are typed in: they were counted in their repositories, in the state of the day that stands
with each. Ours are counted now. Lint messages are those of `planemo lint` 0.75 without a network. A dash:
not counted. `--write` puts the table, and the columns in which we are behind, into docs/galaxy-suites.md.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from lxml import etree

from benchmarks.pages import put_between_marks

__all__ = ["Counts", "columns_behind", "count_suite", "lines_of_columns_behind", "our_tools", "table_of_suites"]

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "galaxy-suites.md"
_SHORT_HELP = 500


@dataclass(frozen=True)
class Counts:
    """What is counted of one suite; None where it is not known."""

    tools: int
    tests: int
    expected_failures: int
    counted_outputs: int
    content_assertions: int
    compared_sizes: int
    bio_tools: int
    version_commands: int
    edam: int
    short_help: int
    lint_errors: int | None
    lint_warnings: int | None


HEADINGS = (
    "tools",
    "tests",
    "expected failures",
    "expect_num_outputs",
    "content assertions",
    "sim_size",
    "bio.tools",
    "version_command",
    "EDAM",
    "help < 500 characters",
    "lint errors",
    "lint warnings",
)
OTHERS = {
    # bgruening/galaxytools, tools/flexynesis and tools/sklearn, 2026-08-18
    "Flexynesis": Counts(5, 56, 2, 50, 433, 0, 0, 0, 2, 0, 0, 0),
    "sklearn suite": Counts(33, 254, 6, 198, 123, 100, 0, 33, 0, 10, 0, 0),
    # goeckslab/gleam, 2025-06-04
    "GLEAM Ludwig": Counts(8, 8, 0, 3, 7, 3, 0, 8, 0, 8, 0, 0),
    "GLEAM Tabular and Image": Counts(3, 6, 0, 3, 2, 9, 0, 0, 0, 1, 0, 3),
    # bgruening/galaxytools, tools/tabpfn and tools/pharmcat, 2026-08-18
    "TabPFN": Counts(1, 13, 13, 0, 3, 0, 0, 1, 0, 0, 0, 0),
    "PharmCAT": Counts(1, 5, 0, 5, 12, 0, 0, 0, 0, 1, 1, 2),
    # nvk747/papaa, 2021-01
    "PAPAA": Counts(12, 12, 0, 0, 18, 44, 0, 12, 0, 0, 5, 118),
    # qiime2/galaxy-tools, sample_classifier, 2025-11-24; fifteen further warnings need the network
    "QIIME 2 sample_classifier": Counts(15, 0, 0, 0, 0, 0, 15, 15, 0, 3, 112, 15),
    # deeptools/deepTools, 2024-03
    "deepTools": Counts(20, 46, 0, 0, 0, 27, 0, 20, 0, 0, 3, 75),
    # bgruening/galaxytools, chemicaltoolbox, 2026-08-18
    "ChemicalToolbox": Counts(85, 169, 9, 16, 128, 15, 0, 0, 0, 22, None, None),
    # BMCV/galaxy-image-analysis, 2026-05-11
    "Galaxy Image Analysis": Counts(60, 272, 20, 44, 750, 26, 44, 3, 55, 37, None, None),
}


COMPARED = ("Flexynesis", "GLEAM Ludwig", "GLEAM Tabular and Image", "Galaxy Image Analysis")
LESS_IS_BETTER = ("sim_size", "help < 500 characters", "lint errors", "lint warnings")
REASONS = {
    "tests": "validate takes no data, so that one test does for it; without it ours are ahead",
    "expect_num_outputs": "only tests that pass can count their outputs, and every one of ours does; a third of ours "
    "expect a failure, of which a suite without them has none",
    "content assertions": "ours assert the header of a table, its length and a few rows whose numbers a known truth "
    "gives; the tests in Python look at the rest of it",
    "bio.tools": "an entry names a homepage, and nothing is released yet; the draft is packaging/biotools",
}


def our_tools() -> list[Path]:
    """XML file of each of our tools, the data manager among them."""
    paths = sorted((ROOT / "tools").glob("drugresponse_*.xml"))
    return paths + sorted((ROOT / "data_managers").glob("*/data_manager/*_models.xml"))


def count_suite(paths: Sequence[Path], *, lint: bool = True) -> Counts:
    """Count what the XML of some tools holds, with their macros expanded.

    Parameters
    ----------
    paths
        XML file of each tool.
    lint
        Whether to lint too, which takes a second for each tool.

    Returns
    -------
    counts
        Summed over the tools; a tool counts once where it has a `version_command`, EDAM terms or an entry of bio.tools.
    """
    roots = [_expanded(path) for path in paths]
    tests = [test for root in roots for test in root.iterfind("tests/test")]
    asserted = [each for test in tests for each in test.iterfind("output//assert_contents/*")]
    messages = [_lint(path) for path in paths] if lint else None
    return Counts(
        tools=len(roots),
        tests=len(tests),
        expected_failures=sum(test.get("expect_failure") == "true" for test in tests),
        counted_outputs=sum(test.get("expect_num_outputs") is not None for test in tests),
        content_assertions=len(asserted),
        compared_sizes=sum(each.get("compare") == "sim_size" for test in tests for each in test.iter("output")),
        bio_tools=sum(root.find("xrefs/xref[@type='bio.tools']") is not None for root in roots),
        version_commands=sum(root.find("version_command") is not None for root in roots),
        edam=sum(root.find("edam_operations/edam_operation") is not None for root in roots),
        short_help=sum(len(root.findtext("help", "")) < _SHORT_HELP for root in roots),
        lint_errors=None if messages is None else sum(errors for errors, _ in messages),
        lint_warnings=None if messages is None else sum(found for _, found in messages),
    )


def table_of_suites(ours: Counts) -> str:
    """Markdown, one row for each suite, ours first."""
    rows = {"drugresponse": ours} | OTHERS
    lines = [f"| suite | {' | '.join(HEADINGS)} |", "|---" * (len(HEADINGS) + 1) + "|"]
    for name, counts in rows.items():
        cells = ["-" if value is None else str(value) for value in astuple(counts)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def columns_behind(ours: Counts) -> dict[str, tuple[str, float, float]]:
    """The columns in which one of the compared suites is better, counted for each tool.

    Parameters
    ----------
    ours
        Counts of our tools.

    Returns
    -------
    columns
        Heading to the suite that is best there, its count for each tool, and ours.
    """
    behind = {}
    for heading, count, *others in zip(
        HEADINGS, astuple(ours), *(astuple(OTHERS[name]) for name in COMPARED), strict=True
    ):
        sign = -1 if heading in LESS_IS_BETTER else 1
        each = {
            name: other / OTHERS[name].tools for name, other in zip(COMPARED, others, strict=True) if other is not None
        }
        best = max(each, key=lambda name: sign * each[name])
        if heading != "tools" and count is not None and sign * each[best] > sign * count / ours.tools:
            behind[heading] = (best, each[best], count / ours.tools)
    return behind


def lines_of_columns_behind(ours: Counts) -> list[str]:
    """Markdown, a row for each column in which we are behind, with its reason."""
    rows = [
        f"| {heading} | {suite} | {theirs:.1f} | {own:.1f} | {REASONS[heading]} |"
        for heading, (suite, theirs, own) in columns_behind(ours).items()
    ]
    return ["| column, for each tool | best | there | here | reason |", "|---|---|---|---|---|", *rows]


def _expanded(path: Path) -> etree._Element:
    from galaxy.util.xml_macros import load

    return load(str(path)).getroot()


def _lint(path: Path) -> tuple[int, int]:
    from galaxy.tool_util.lint import get_lint_context_for_tool_source
    from galaxy.tool_util.parser import get_tool_source

    with warnings.catch_warnings():
        # the library leaves a file open when it looks up ontology terms
        warnings.simplefilter("ignore", ResourceWarning)
        context = get_lint_context_for_tool_source(get_tool_source(str(path)))
    return len(context.error_messages), len(context.warn_messages)


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write the page."""
    ours = count_suite(our_tools())
    page = "\n".join([table_of_suites(ours), "", *lines_of_columns_behind(ours), ""])
    if "--write" in arguments:
        PAGE.write_text(put_between_marks(PAGE.read_text(encoding="utf-8"), page), encoding="utf-8")
    else:
        sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
