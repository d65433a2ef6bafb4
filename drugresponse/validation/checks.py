"""One check: what was expected, what came out, by how much it may differ, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drugresponse.errors import one_line

__all__ = ["Check", "at_least", "close", "equal", "refused", "within"]

_LONGEST = 160


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    check
        What was checked.
    expected, found
        In words, cut to a line of a table.
    tolerance
        By how much they may differ; "none" where they must be the same.
    holds
        Whether it came out as expected.
    """

    check: str
    expected: str
    found: str
    tolerance: str
    holds: bool


def equal(check: str, found: Any, expected: Any) -> Check:
    """Both must be the same.

    Examples
    --------
    >>> equal("Samples", 3, 4)
    Check(check='Samples', expected='4', found='3', tolerance='none', holds=False)
    """
    return Check(check, _shown(expected), _shown(found), "none", bool(found == expected))


def close(check: str, found: Any, expected: Any, tolerance: float) -> Check:
    """Numbers, or arrays of one shape, must not differ by more; missing ones must be missing in both.

    Examples
    --------
    >>> close("Mean", 1.00001, 1.0, 1e-3).holds, close("Mean", [1.0, float("nan")], [1.0, 2.0], 1e-3).found
    (True, '1 is missing in one alone')
    """
    import numpy as np

    one, other = (np.asarray(values, dtype=np.float64) for values in (found, expected))
    if one.shape != other.shape:
        return Check(check, f"{other.shape} numbers", f"{one.shape} numbers", f"{tolerance:g}", False)
    unlike = int((np.isnan(one) != np.isnan(other)).sum())
    apart = float(np.nanmax(np.abs(one - other), initial=0.0))
    if unlike:
        shown = f"{unlike} {'is' if unlike == 1 else 'are'} missing in one alone"
    elif one.ndim:
        shown = f"at most {apart:.3g} apart"
    else:
        shown = f"{float(one):.9g}"
    wanted = f"{one.size} known numbers" if one.ndim else f"{float(other):.9g}"
    return Check(check, wanted, shown, f"{tolerance:g}", not unlike and apart <= tolerance)


def within(check: str, found: float, low: float, high: float) -> Check:
    """A number must lie between two limits.

    Examples
    --------
    >>> within("Coverage", 0.91, 0.8, 1.0).expected
    '0.8 to 1'
    """
    return Check(check, f"{low:g} to {high:g}", f"{found:.4g}", "within", bool(low <= found <= high))


def at_least(check: str, found: float, least: float) -> Check:
    """A number must reach a limit.

    Examples
    --------
    >>> at_least("Correlation", 0.5, 0.8).holds
    False
    """
    return Check(check, f"{least:g} or more", f"{found:.4g}", "at least", bool(found >= least))


def refused(check: str, attempt: Callable[[], Any], words: str, code: int = 2) -> Check:
    """An attempt must be refused by an error of this package with an exit code, and words that say why.

    Examples
    --------
    >>> from drugresponse.errors import InputError
    >>> def attempt():
    ...     raise InputError("genotypes: no source was given.")
    >>> refused("No file", attempt, "no source").holds
    True
    """
    from drugresponse.errors import DrugResponseError

    expected = f"exit code {code}, with: {words}"
    try:
        attempt()
    except DrugResponseError as error:
        holds = error.exit_code == code and words in str(error)
        return Check(check, expected, _shown(f"exit code {error.exit_code}, with: {one_line(error)}"), "none", holds)
    return Check(check, expected, "nothing was refused", "none", False)


def _shown(value: Any) -> str:
    text = one_line(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
