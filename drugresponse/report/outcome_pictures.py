"""The figures of a page about an outcome that is no number, by its kind."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from drugresponse import plots
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.truth import Truth
from drugresponse.plots.agreement import dilutions_off
from drugresponse.plots.outcomes import HeldOut, said_of, shares_of
from drugresponse.report.blocks import Block, Cell, Figure, Row, Table
from drugresponse.report.pictures import BESIDE, Picture

__all__ = ["dilutions_table", "outcome_pictures"]


def outcome_pictures(given: HeldOut, learner: str, unit: str = "") -> list[Block]:
    """Figures, and tables that are read like figures.

    Parameters
    ----------
    given
        An evaluation, or the held-out check of a model.
    learner
        Whose own picture is drawn; its name where the check is of a model.
    unit
        Of times.
    """
    truth, told = said_of("outcome", given, ("binary", "ordinal", "interval", "time-to-event"))
    name, said = next(iter(told.items()))
    match truth.outcome.kind:
        case "binary":
            return [_yes_or_no(given, truth)]
        case "ordinal":
            return [_cuts(given, truth, name), _confusion(truth, said, learner)]
        case "interval":
            return [_dilutions(given, learner), dilutions_table(truth, said, learner)]
    return [_times(given, learner, unit)]


def _yes_or_no(given: HeldOut, truth: Truth) -> Figure:
    drawings = {
        "roc": Picture("Receiver operating characteristic", partial(plots.roc, given), BESIDE),
        "precision": Picture("Precision and recall", partial(plots.precision_recall, given), BESIDE),
        "calibration": Picture("Calibration", partial(plots.calibration, given), BESIDE),
    }
    words = (
        f"Held-out rows of all folds and drugs, the event being {truth.outcome.event}. First: what share of the events "
        "is caught at what share of false alarms; dashed: chance. Drugs differ in how frequent events are, so these "
        "curves also tell drugs apart: the metrics drug by drug do not. Then: how many alarms are right. Last: how "
        "often it came where so much was told, in ten bins of equal counts with 95% intervals; dashed: right."
    )
    return Figure(drawings, words)


def _cuts(given: HeldOut, truth: Truth, name: str) -> Figure:
    """Calibration of each class or a higher one, of the first prediction."""
    drawings = {
        f"calibration_{number}": Picture(
            f"Calibration of {word} or higher",
            partial(plots.calibration, given, at_least=word, learner=name),
            BESIDE,
        )
        for number, word in enumerate(truth.outcome.classes[1:], start=1)
    }
    words = (
        "How often a class or a higher one came where so much was told, in ten bins of equal counts with 95% "
        "intervals; dashed: right."
    )
    return Figure(drawings, words)


def _confusion(truth: Truth, said: Distribution, learner: str) -> Table:
    classes = truth.outcome.classes
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (truth.y.astype(np.intp), shares_of(said).argmax(axis=1)), 1)
    rows: list[Row] = [
        [Cell(word, "", "strong"), *_of_all(of_class)] for word, of_class in zip(classes, counts, strict=True)
    ]
    columns = ["Came", *(f"called {word}" for word in classes)]
    return Table(columns, rows, f"Most probable classes of {learner} on held-out rows")


def _of_all(counts: NDArray[np.int64]) -> Row:
    total = max(int(counts.sum()), 1)
    return [Cell(f"{number:,}", f"{100 * number / total:.0f}%") for number in counts]


def _dilutions(given: HeldOut, learner: str) -> Figure:
    picture = Picture(f"How many dilutions predictions of {learner} are off", partial(plots.dilutions, given))
    words = "Held-out rows that were measured between limits; blue: within one dilution."
    return Figure({"dilutions": picture}, words)


def dilutions_table(truth: Truth, said: Distribution, name: str) -> Table:
    """How far predictions of measured rows are off, in steps; limits are told apart.

    Parameters
    ----------
    truth, said
        What was observed of held-out rows, and what was said of them.
    name
        Of the learner.
    """
    steps, unit = dilutions_off(truth, said)
    lower, upper, point = truth.observed.lower, truth.observed.upper, said.point
    if lower is None or upper is None or point is None:
        raise ValueError("an interval outcome has limits, and a value that is predicted")
    rows: list[Row] = []
    for step in range(-3, 4):
        end = {3: " or more", -3: " or less"}.get(step, "")
        share = float(np.mean(steps == step)) if len(steps) else 0.0
        words = f"{step:+d}".replace("-", "\N{MINUS SIGN}") if step else "0"
        rows.append([f"{words}{end}", f"{int((steps == step).sum()):,}", f"{100 * share:.1f}%"])
    one = np.log(2) / np.log(truth.outcome.logarithm) if truth.outcome.logarithm else 1.0
    for words, at, right in (
        ("at or below a limit", np.isinf(lower), point <= upper + one),
        ("above a limit", np.isinf(upper), point >= lower - one),
    ):
        agreed = int((at & right).sum())
        share = 100 * agreed / max(int(at.sum()), 1)
        words = f"{words}, and predicted so within one {unit}"
        rows.append([words, f"{agreed:,} of {int(at.sum()):,}", f"{share:.1f}%"])
    return Table([f"Off by, in {unit}s", "Rows", "Share"], rows, f"Predictions of {name} on held-out rows", words=1)


def _times(given: HeldOut, learner: str, unit: str) -> Figure:
    picture = Picture("Survival by predicted risk", partial(plots.survival, given, unit=unit))
    return Figure(
        {"survival": picture},
        f"Held-out rows in thirds of the risk that {learner} predicts, to the horizon: who was left without the event "
        "(Kaplan-Meier), and, dashed, who was told to be. Lines that lie apart say that the risk tells patients apart; "
        "dashed lines on their own colour say that the probabilities hold.",
    )
