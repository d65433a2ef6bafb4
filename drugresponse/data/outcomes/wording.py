"""What an outcome is, in one sentence: its kind, which class is the event, and how many there are of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.observed import Observed
from drugresponse.errors import count

__all__ = ["KIND_WORDS", "outcome_words"]

KIND_WORDS = {
    "continuous": "measured numbers",
    "binary": "yes or no",
    "ordinal": "ordered classes",
    "interval": "values known between limits",
    "time-to-event": "time to an event",
}
"""Each kind as people say it."""


def outcome_words(y: NDArray[np.float64], observed: Observed | None) -> str:
    """What the responses are, and how many of each.

    Parameters
    ----------
    y
        `(n_pairs,)` responses.
    observed
        Of these pairs; None where they are measured numbers.

    Examples
    --------
    >>> from drugresponse.data.outcomes.outcome import Outcome
    >>> outcome_words(np.array([0.0, 1.0, 0.0, 0.0]), Observed(Outcome("binary", ("S", "R"))))
    'Outcome: yes or no; "R" is the event: 1 of 4 responses (25.0 %).'
    """
    if observed is None:
        return f"Outcome: {KIND_WORDS['continuous']}, {count(len(y), 'response')}."
    tell = {"binary": _events, "ordinal": _classes, "interval": _limits, "time-to-event": _times}[observed.outcome.kind]
    return f"Outcome: {KIND_WORDS[observed.outcome.kind]}{tell(y, observed)}."


def _events(y: NDArray[np.float64], observed: Observed) -> str:
    n = int((y == 1).sum())
    return f'; "{observed.outcome.event}" is the event: {n:,} of {count(len(y), "response")} ({_percent(n, len(y), 1)})'


def _classes(y: NDArray[np.float64], observed: Observed) -> str:
    counts = [(word, int((y == number).sum())) for number, word in enumerate(observed.outcome.classes)]
    listed = ", ".join(f'"{word}" {n:,} ({_percent(n, len(y), 1)})' for word, n in counts)
    return f", lowest first: {listed} of {count(len(y), 'response')}"


def _limits(y: NDArray[np.float64], observed: Observed) -> str:
    lower, upper = np.asarray(observed.lower), np.asarray(observed.upper)
    below, above = np.isneginf(lower), np.isposinf(upper)
    between = ~below & ~above & (lower < upper)
    base = observed.outcome.logarithm
    n = int((below | above).sum())
    parts = [
        f": {n:,} of {count(len(y), 'response')} ({_percent(n, len(y))}) are limits, "
        f"{_percent(int(below.sum()), len(y))} at or below, {_percent(int(above.sum()), len(y))} above"
    ]
    if between.any():
        what = "lie within one dilution" if base == 2 else "lie between two limits"
        parts.append(f"{_percent(int(between.sum()), len(y))} {what}")
    parts.append(f"on a log{base} scale" if base else "on the scale they are written in")
    return "; ".join(parts)


def _times(y: NDArray[np.float64], observed: Observed) -> str:
    n = int(np.asarray(observed.happened).sum())
    words = f": {count(n, 'event')} among {count(len(y), 'response')} ({_percent(n, len(y))})"
    words += f"; followed for {np.median(y):.4g} in the median, {y.max():.4g} at most"
    late = 0 if observed.entry is None else int((observed.entry > 0).sum())
    return f"{words}; {late:,} came under observation late" if late else words


def _percent(n: int, of: int, decimals: int = 0) -> str:
    return f"{100 * n / max(of, 1):.{decimals}f} %"
