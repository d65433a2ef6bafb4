"""One table a question, and the paired differences to the better reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcomes.measures import FIGURES, Held, auroc_of_drugs
from benchmarks.outcomes.questions import Question
from benchmarks.outcomes.said import Said
from drugresponse.evaluation.bootstrap import draw_counts, percentile_interval

__all__ = ["question_page"]

Array = NDArray[np.float64]
_N_DRAWS = 1000
_DIGITS = {"Brier": 4, "calibration error": 4, "censored log loss": 4}
_LARGER_IS_BETTER = ("AUROC", "average precision", "agreement", "weighted kappa", "accuracy", "Harrell's C")
_RANKINGS = ("AUROC", "average precision")
_COMPARED = {
    "binary": ("AUROC", "Brier"),
    "interval": ("RMSE", "agreement"),
    "ordinal": ("weighted kappa", "cumulative log loss"),
    "time-to-event": ("Harrell's C",),
}


def question_page(question: Question, held: Held, said: Mapping[str, Said], references: Sequence[str]) -> str:
    """A heading, a table with a row for each model, and what the learners gain on the better reference.

    Parameters
    ----------
    question, held
        What was asked.
    said
        By model, in the order of the rows.
    references
        Which of them learners are compared with.
    """
    n_groups = int(held.groups.max()) + 1
    whole, figures = np.ones((1, n_groups), dtype=np.int16), FIGURES[question.kind]
    values = {name: {key: float(v[0]) for key, v in figures(held, each, whole).items()} for name, each in said.items()}
    for key in _RANKINGS:
        # a prevalence differs by fold only, by what was held out, and so ranks the wrong way round
        values.get("best naive", {}).pop(key, None)
    columns = list(dict.fromkeys(key for row in values.values() for key in row))
    lines = [
        f"### {question.title}",
        "",
        f"{_rows_told(held)}.",
        "",
        f"|  | {' | '.join(columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
        *(f"| {name} | {' | '.join(_cell(row.get(key), key) for key in columns)} |" for name, row in values.items()),
        "",
    ]
    present = [name for name in references if name in said]
    learners = [name for name in said if name not in references and name != "best naive"]
    if present and learners:
        counts = draw_counts(n_groups, _N_DRAWS, 0)
        lines += _differences(question, held, said, present, learners, values, counts)
        if question.kind == "binary":
            lines += _drugs(held, said, present, learners[-1], counts)
    return "\n".join(lines)


def _differences(
    question: Question,
    held: Held,
    said: Mapping[str, Said],
    references: Sequence[str],
    learners: Sequence[str],
    values: Mapping[str, Mapping[str, float]],
    counts: NDArray[np.int16],
) -> list[str]:
    """A line for each learner: the gain on the better reference with its 95 % interval over the same draws."""
    figures = FIGURES[question.kind]
    drawn = {name: figures(held, said[name], counts) for name in (*references, *learners)}
    lines = ["Gain on the better reference, paired bootstrap over groups, 95 % interval:", ""]
    for name in learners:
        gains = []
        for key in _COMPARED[question.kind]:
            sign = 1.0 if key in _LARGER_IS_BETTER else -1.0
            other = max(references, key=lambda each: sign * values[each][key])
            gain = sign * (values[name][key] - values[other][key])
            bounds = percentile_interval(sign * (drawn[name][key] - drawn[other][key]), np.array(gain))
            lower, upper = (float(bound) for bound in bounds)
            gains.append(f"{key} {_signed(gain)} ({_signed(lower)} to {_signed(upper)}; {other})")
        lines.append(f"- {name}: {', '.join(gains)}")
    return [*lines, ""]


def _drugs(
    held: Held, said: Mapping[str, Said], references: Sequence[str], learner: str, counts: NDArray[np.int16]
) -> list[str]:
    """The lower bound of each drug's difference."""
    whole = np.ones((1, counts.shape[1]), dtype=np.int16)
    own, drawn = (auroc_of_drugs(held, said[learner], each) for each in (whole, counts))
    others = {name: [auroc_of_drugs(held, said[name], each) for each in (whole, counts)] for name in references}
    cells = []
    for drug, value in own.items():
        best = max(references, key=lambda name: others[name][0][drug][0])
        gain = float(value[0] - others[best][0][drug][0])
        lower = float(percentile_interval(drawn[drug] - others[best][1][drug], np.array(gain))[0])
        cells.append((lower, f"{drug} {_signed(gain)} ({_signed(lower)})"))
    worst = min(lower for lower, _ in cells)
    return [
        f"AUROC of {learner} by drug of 50 or more resistant isolates, less that of its better reference, with the "
        f"lower bound (the lowest is {_signed(worst)}): {', '.join(cell for _, cell in cells)}.",
        "",
    ]


def _rows_told(held: Held) -> str:
    happened = held.observed.happened
    told = f"{len(held.rows.y):,} rows, {int(held.groups.max()) + 1:,} groups, {len(np.unique(held.fold))} folds"
    if happened is not None:
        stated = ", ".join(f"{time:.3g}" for time in held.times)
        return f"{told}, {int(happened.sum())} events; Brier scores at {stated}"
    return told


def _cell(value: float | None, key: str) -> str:
    return "" if value is None or np.isnan(value) else _minus(f"{value:.{_DIGITS.get(key, 3)}f}")


def _signed(value: float) -> str:
    return _minus(f"{value:+.3f}")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
