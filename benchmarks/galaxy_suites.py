"""python -m benchmarks.galaxy_suites: our Galaxy tools beside other suites, by the same counts over the tools' XML.

The numbers of the others are typed in: they were counted in their repositories, in the state of the day that stands
with each. Ours are counted now. Lint messages are those of `planemo lint` 0.75 without a network. A dash:
not counted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from lxml import etree

__all__ = ["Counts", "count_suite", "table_of_suites"]

ROOT = Path(__file__).resolve().parents[1]
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


def main() -> int:
    """Print the table."""
    paths = [*sorted((ROOT / "tools").glob("drugresponse_*.xml"))]
    paths += sorted((ROOT / "data_managers").glob("*/data_manager/*_models.xml"))
    sys.stdout.write(table_of_suites(count_suite(paths)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
