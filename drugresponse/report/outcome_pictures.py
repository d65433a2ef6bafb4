"""The figures of a page about an outcome that is no number, by its kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.truth import Truth
from drugresponse.report.blocks import Block, Cell, Figure, Row, Table
from drugresponse.report.line_charts import Axis, Line, line_chart
from drugresponse.report.outcome_figures import (
    calibration_drawing,
    precision_drawing,
    roc_drawing,
    survival_line,
)
from drugresponse.report.page import Html
from drugresponse.report.scatter import COLOURS

__all__ = ["outcome_pictures"]

Array = NDArray[np.float64]

_MOST_LEARNERS = 5
_MOST_DILUTIONS = 3
_GROUPS = ("lowest third of the risk", "middle third", "highest third")


def outcome_pictures(truth: Truth, predicted: Mapping[str, Distribution], unit: str = "") -> list[Block]:
    """Figures, and tables that are read like figures.

    Parameters
    ----------
    truth
        What was observed of held-out rows.
    predicted
        What learners said of them, by name, the first being the one whose own picture is drawn.
    unit
        Of times.
    """
    shown = dict(list(predicted.items())[:_MOST_LEARNERS])
    first = next(iter(shown))
    kind = truth.outcome.kind
    if kind == "binary":
        return [_yes_or_no(truth, shown)]
    if kind == "ordinal":
        return [_cuts(truth, shown), _confusion(truth, shown[first], first)]
    return (
        [_dilutions(truth, shown[first], first)] if kind == "interval" else [_times(truth, shown[first], first, unit)]
    )


def _yes_or_no(truth: Truth, predicted: Mapping[str, Distribution]) -> Figure:
    happened = truth.y == 1
    probabilities = {name: _shares(said)[:, 1] for name, said in predicted.items()}
    drawings = {
        "roc.svg": roc_drawing(happened, probabilities),
        "precision.svg": precision_drawing(happened, probabilities),
        "calibration.svg": calibration_drawing(happened, probabilities),
    }
    return Figure(
        drawings,
        f"Held-out rows of all folds and drugs, the event being {truth.outcome.event}. Left: what share of the events "
        "is caught at what share of false alarms; dashed: chance. Drugs differ in how frequent events are, so these "
        "curves also tell drugs apart: the metrics drug by drug do not. Then: how many alarms are right. Last: how "
        "often it came where so much was told, in ten bins of equal counts with 95% intervals; dashed: right.",
    )


def _shares(said: Distribution) -> Array:
    if said.shares is None:
        raise ValueError("a prediction of classes has shares")
    return said.shares


def _cuts(truth: Truth, predicted: Mapping[str, Distribution]) -> Figure:
    """Calibration of each class or a higher one, of the first prediction."""
    name, said = next(iter(predicted.items()))
    above = _shares(said)[:, ::-1].cumsum(axis=1)[:, ::-1]
    drawings = {}
    for cut in range(1, len(truth.outcome.classes)):
        words = truth.outcome.classes[cut] + (" or higher" if cut + 1 < len(truth.outcome.classes) else "")
        drawings[f"calibration_{cut}.svg"] = calibration_drawing(truth.y >= cut, {f"{name}: {words}": above[:, cut]})
    return Figure(
        drawings,
        "How often a class or a higher one came where so much was told, in ten bins of equal counts with 95% "
        "intervals; dashed: right.",
    )


def _confusion(truth: Truth, said: Distribution, name: str) -> Table:
    classes = truth.outcome.classes
    called, came = _shares(said).argmax(axis=1), truth.y.astype(np.intp)
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (came, called), 1)
    rows: list[Row] = [
        [Cell(word, "", "strong"), *_of_all(of_class)] for word, of_class in zip(classes, counts, strict=True)
    ]
    return Table(
        ["Came", *(f"called {word}" for word in classes)], rows, f"Most probable classes of {name} on held-out rows"
    )


def _of_all(counts: NDArray[np.int64]) -> list[Cell | str]:
    total = max(int(counts.sum()), 1)
    return [Cell(f"{number:,}", f"{100 * number / total:.0f}%") for number in counts]


def _dilutions(truth: Truth, said: Distribution, name: str) -> Table:
    """How far predictions of measured rows are off, in steps; limits are told apart."""
    lower, upper = truth.observed.lower, truth.observed.upper
    if lower is None or upper is None or said.point is None:
        raise ValueError("an interval outcome has limits, and a value that is predicted")
    exact = np.isfinite(lower) & np.isfinite(upper)
    off = np.ceil(said.point[exact]) - upper[exact]
    steps = np.clip(off, -_MOST_DILUTIONS, _MOST_DILUTIONS).astype(int)
    rows: list[Row] = []
    for step in range(-_MOST_DILUTIONS, _MOST_DILUTIONS + 1):
        end = " or more" if step == _MOST_DILUTIONS else " or less" if step == -_MOST_DILUTIONS else ""
        share = float(np.mean(steps == step)) if len(steps) else 0.0
        words = f"{step:+d}".replace("-", "\N{MINUS SIGN}") if step else "0"
        rows.append([f"{words}{end}", f"{int((steps == step).sum()):,}", f"{100 * share:.1f}%"])
    one = np.log(2) / np.log(truth.outcome.logarithm) if truth.outcome.logarithm else 1.0
    unit = "dilution" if truth.outcome.logarithm else "unit"
    for words, at, right in (
        ("at or below a limit", np.isinf(lower), said.point <= upper + one),
        ("above a limit", np.isinf(upper), said.point >= lower - one),
    ):
        agreed = int((at & right).sum())
        share = 100 * agreed / max(int(at.sum()), 1)
        words = f"{words}, and predicted so within one {unit}"
        rows.append([words, f"{agreed:,} of {int(at.sum()):,}", f"{share:.1f}%"])
    return Table([f"Off by, in {unit}s", "Rows", "Share"], rows, f"Predictions of {name} on held-out rows", words=1)


def _times(truth: Truth, said: Distribution, name: str, unit: str) -> Figure:
    """Who was left in each third of the predicted risk, and who was told to be left."""
    happened = truth.observed.happened
    if happened is None or said.times is None or said.survival is None:
        raise ValueError("a time to an event has survival")
    ends = np.quantile(said.scores, [1 / 3, 2 / 3])
    third = np.searchsorted(ends, said.scores, side="right")
    lines: list[Line] = []
    for number, (words, colour) in enumerate(zip(_GROUPS, COLOURS, strict=False)):
        rows = np.flatnonzero(third == number)
        if not len(rows):
            continue
        entry = None if truth.observed.entry is None else truth.observed.entry[rows]
        lines.append(survival_line(f"{words} ({len(rows):,})", colour, truth.y[rows], happened[rows], entry))
        told = said.survival[rows].mean(axis=0)
        lines.append(Line("", np.append(0.0, said.times), np.append(1.0, told), colour, dashed=True))
    axis = Axis.from_zero(f"time ({unit})" if unit else "time", float(said.times[-1]))
    drawing: Html = line_chart(lines, axis, Axis.of_shares("share without the event"), "Survival by predicted risk")
    return Figure(
        {"survival.svg": drawing},
        f"Held-out rows in thirds of the risk that {name} predicts, to the horizon: who was left without the event "
        "(Kaplan-Meier), and, dashed, who was told to be. Lines that lie apart say that the risk tells patients apart; "
        "dashed lines on their own colour say that the probabilities hold.",
    )
