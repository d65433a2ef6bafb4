"""The pictures of outcomes that are no numbers: what is caught, whether probabilities hold, and who is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.metrics import precision_recall_curve, roc_curve

from drugresponse.data.scores.follow_up import kaplan_meier
from drugresponse.report.line_charts import Axis, Line, line_chart
from drugresponse.report.page import Html, count
from drugresponse.report.scatter import COLOURS

__all__ = [
    "calibration_drawing",
    "precision_drawing",
    "roc_drawing",
    "survival_curve",
    "survival_drawing",
    "survival_line",
]

Array = NDArray[np.float64]

_BINS = 10
_DIAGONAL = np.array([0.0, 1.0])


def roc_drawing(happened: NDArray[np.bool_], scores: Mapping[str, Array]) -> Html:
    """Share of the events caught against share of false alarms, of each of some predictions.

    Parameters
    ----------
    happened
        `(n_rows,)` which rows are the event.
    scores
        `(n_rows,)` by name in the legend; larger for the event.
    """
    lines = [Line("", _DIAGONAL, _DIAGONAL, dashed=True)]
    for colour, (name, values) in zip(COLOURS, scores.items(), strict=False):
        false_alarms, caught, _ = roc_curve(happened, values)
        lines.append(Line(name, false_alarms, caught, colour))
    axes = Axis.of_shares("false alarms (1 - specificity)"), Axis.of_shares("events caught (sensitivity)")
    return line_chart(lines, *axes, "Receiver operating characteristic")


def precision_drawing(happened: NDArray[np.bool_], scores: Mapping[str, Array]) -> Html:
    """Share of alarms that are right against share of the events caught.

    Parameters
    ----------
    happened, scores
        As in `roc_drawing`.
    """
    prevalence = float(happened.mean())
    lines = [Line("", _DIAGONAL, np.full(2, prevalence), dashed=True)]
    for colour, (name, values) in zip(COLOURS, scores.items(), strict=False):
        precision, caught, _ = precision_recall_curve(happened, values)
        lines.append(Line(name, caught, precision, colour))
    axes = Axis.of_shares("events caught (recall)"), Axis.of_shares("alarms that are right (precision)")
    return line_chart(lines, *axes, "Precision and recall")


def calibration_drawing(happened: NDArray[np.bool_], probabilities: Mapping[str, Array]) -> Html:
    """Observed shares against predicted probabilities, in ten bins of equal counts, with exact 95 % intervals.

    Parameters
    ----------
    happened
        `(n_rows,)` which rows are the event.
    probabilities
        `(n_rows,)` by name in the legend.
    """
    lines = [Line("", _DIAGONAL, _DIAGONAL, dashed=True)]
    for colour, (name, values) in zip(COLOURS, probabilities.items(), strict=False):
        lines.append(_binned(name, colour, happened, values))
    axes = Axis.of_shares("predicted probability"), Axis.of_shares("observed share")
    return line_chart(lines, *axes, "Calibration")


def _binned(name: str, colour: str, happened: NDArray[np.bool_], values: Array) -> Line:
    # rows of one probability stay in one bin
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, values, side="right")
    n = np.bincount(bins)
    used = n > 0
    n, events = n[used], np.bincount(bins, happened)[used]
    predicted = np.bincount(bins, values)[used] / n
    # Clopper and Pearson
    lower = np.where(events > 0, beta.ppf(0.025, np.maximum(events, 0.5), n - events + 1), 0.0)
    upper = np.where(events < n, beta.ppf(0.975, events + 1, np.maximum(n - events, 0.5)), 1.0)
    return Line(name, predicted, events / n, colour, dots=True, bounds=np.column_stack([lower, upper]))


def survival_curve(time: Array, happened: NDArray[np.bool_], entry: Array | None = None) -> tuple[Array, Array]:
    """Times and Kaplan-Meier's share without the event after each, beginning with 0 and 1.

    Parameters
    ----------
    time, happened, entry
        `(n_rows,)`, as in `Observed`.

    Examples
    --------
    >>> survival_curve(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))[1].round(3).tolist()
    [1.0, 0.667, 0.0]
    """
    at, left = kaplan_meier(time, happened, entry)
    return np.append(0.0, at), np.append(1.0, left)


def survival_line(name: str, colour: str, time: Array, happened: NDArray[np.bool_], entry: Array | None) -> Line:
    """The curve of some rows as steps, to the last time that is known of any.

    Parameters
    ----------
    name, colour
        As of a `Line`.
    time, happened, entry
        `(n_rows,)`, as in `Observed`.
    """
    at, left = survival_curve(time, happened, entry)
    return Line(name, np.append(np.repeat(at, 2)[1:], float(time.max())), np.repeat(left, 2), colour)


def survival_drawing(groups: Mapping[str, tuple[Array, NDArray[np.bool_], Array | None]], unit: str) -> Html:
    """Who is left without the event, by group.

    Parameters
    ----------
    groups
        Time, event and entry of the rows of each group, by its name in the legend.
    unit
        Of the times, for the axis; "" where it is not known.
    """
    last = max(float(time.max()) for time, _, _ in groups.values())
    lines = []
    for colour, (name, (time, happened, entry)) in zip(COLOURS, groups.items(), strict=False):
        words = f"{name} ({len(time):,}, {count(int(happened.sum()), 'event')})"
        lines.append(survival_line(words, colour, time, happened, entry))
    axes = Axis.from_zero(f"time ({unit})" if unit else "time", last), Axis.of_shares("share without the event")
    return line_chart(lines, *axes, "Kaplan-Meier curves")
