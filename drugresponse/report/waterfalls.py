"""How named parts lead from a mean to a prediction: each part begins where the last one ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, number, text

__all__ = ["Step", "waterfall"]

_ROW = 40
_ROOM = 0.04


@dataclass(frozen=True)
class Step:
    """One part of a sum: what it is called, and what it adds."""

    label: str
    value: float


def waterfall(start: Step, steps: Sequence[Step], end: str, title: str) -> Html:
    """Horizontal bars that float from one total to the next, each under its label; the first and last line tell totals.

    Parameters
    ----------
    start
        The mean from which the parts lead away.
    steps
        The parts, in the order of the drawing; at least one.
    end
        Label of the last line, the sum of all.
    title
        What the figure shows, for those who do not see it.
    """
    totals = [start.value]
    for step in steps:
        totals.append(totals[-1] + step.value)
    low, high = min(totals), max(totals)
    room = (high - low) * _ROOM or 1.0
    low, high = low - room, high + room

    def at(value: float) -> float:
        return 100 * (value - low) / (high - low)

    rows = [_total(0, start.label, start.value, at(start.value))]
    for i, step in enumerate(steps):
        left, right = sorted((at(totals[i]), at(totals[i + 1])))
        kind = "gain" if step.value >= 0 else "loss"
        rows.append(
            _labels(i + 1, step.label, number(step.value, sign=True))
            + f'<rect class="{kind}" x="{left:.2f}%" y="{_ROW * (i + 1) + 20}" width="{max(right - left, 0.2):.2f}%" '
            f'height="12"/>\n'
        )
    rows.append(_total(len(steps) + 1, end, totals[-1], at(totals[-1])))
    height = _ROW * (len(steps) + 2)
    return drawing(title, "100%", height, "".join(rows))


def _labels(row: int, label: str, shown: str) -> str:
    top = _ROW * row
    return (
        f'<text x="0" y="{top + 14}">{text(label, 60)}</text>'
        f'<text x="100%" y="{top + 14}" text-anchor="end">{text(shown)}</text>'
    )


def _total(row: int, label: str, value: float, at: float) -> str:
    """A mark where a total lies."""
    top = _ROW * row
    return (
        _labels(row, label, number(value))
        + f'<line class="best" x1="{at:.2f}%" x2="{at:.2f}%" y1="{top + 18}" y2="{top + 34}"/>\n'
    )
