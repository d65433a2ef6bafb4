"""Words that stand for a missing value: of any cell, of an id, and of the level of a covariate."""

from __future__ import annotations

__all__ = ["MISSING_CELLS", "MISSING_IDS", "UNKNOWN_LEVELS", "is_missing"]

MISSING_CELLS = frozenset({"", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", ".", "-"})
"""In lower case, of any cell. The errors of a spreadsheet (`#REF!`) are no missing numbers: they are refused."""
MISSING_IDS = MISSING_CELLS | {
    *("#na", "<na>", "nat", "nil", "missing", "unknown", "__unknown__", "#value!", "#ref!", "#name?", "--", "?")
}
"""Also of an id, where any such word would join the rows of different samples; in a cell, `unknown` may be a level."""
UNKNOWN_LEVELS = MISSING_CELLS | {"unknown", "unk", "not known", "missing", "?"}
"""Also of a covariate of yes and no, whose unknown values do not count as a third answer."""


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or one of the usual words for missing.

    Examples
    --------
    >>> is_missing("N/A"), is_missing(" "), is_missing("0")
    (True, True, False)
    """
    return cell.strip().lower() in MISSING_CELLS
