from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.model.forecasts.thresholds import MOST_MAJOR_ERRORS, choose_thresholds
from tests.model.forecasts.made_rows import class_rows

SUSCEPTIBILITY, EFFECT = Outcome("binary", ("S", "R")), Outcome("binary", ("no", "yes"))


def _rates(y: np.ndarray, called: np.ndarray) -> tuple[float, float]:
    return float(called[y == 1].mean()), float(called[y == 0].mean())


def test_choose_thresholds__major_errors_stay_within_three_percent_on_new_rows() -> None:
    held, new = class_rows(2000, [-1.0, 0.5]), class_rows(4000, [-1.0, 0.5], seed=1)
    drug = held.pairs.drug_index

    chosen = choose_thresholds(SUSCEPTIBILITY, held.y, held.truth[:, 1], drug, 2, groups=held.pairs.sample_index)

    called = new.truth[:, 1] >= chosen.values[new.pairs.drug_index]
    sensitivity, major = _rates(new.y, called)
    assert chosen.rule == "major-errors"
    assert major <= MOST_MAJOR_ERRORS
    # a much lower threshold would break the bound, so little is given away
    best = _rates(new.y, new.truth[:, 1] >= np.quantile(new.truth[new.y == 0, 1], 0.97))[0]
    assert best - 0.1 < sensitivity


def test_choose_thresholds__whole_groups_widen_the_margin() -> None:
    held = class_rows(1000, [0.0])
    rows = held.y, held.truth[:, 1], held.pairs.drug_index, 1

    alone = choose_thresholds(SUSCEPTIBILITY, *rows, groups=np.arange(1000))
    clones = choose_thresholds(SUSCEPTIBILITY, *rows, groups=np.argsort(np.argsort(-held.truth[:, 1])) // 50)

    assert clones.values[0] > alone.values[0]


def test_choose_thresholds__youden_is_near_the_best_sum() -> None:
    held, new = class_rows(2000, [-2.0, 1.0]), class_rows(4000, [-2.0, 1.0], seed=1)

    chosen = choose_thresholds(
        EFFECT, held.y, held.truth[:, 1], held.pairs.drug_index, 2, groups=held.pairs.sample_index
    )

    assert chosen.rule == "youden"
    for drug in (0, 1):
        at = new.pairs.drug_index == drug
        y, probability = new.y[at], new.truth[at, 1]

        def index(threshold: float, y: np.ndarray = y, probability: np.ndarray = probability) -> float:
            sensitivity, alarms = _rates(y, probability >= threshold)
            return sensitivity - alarms

        assert index(chosen.values[drug]) > max(index(threshold) for threshold in np.linspace(0.02, 0.98, 49)) - 0.02


@pytest.mark.parametrize(("cost", "threshold"), [(1.0, 0.5), (9.0, 0.1), (0.25, 0.8)])
def test_choose_thresholds__a_cost_decides_alone(cost: float, threshold: float) -> None:
    held = class_rows(50, [0.0])

    chosen = choose_thresholds(
        SUSCEPTIBILITY, held.y, held.truth[:, 1], held.pairs.drug_index, 1, groups=np.arange(50), cost_of_miss=cost
    )

    assert chosen.rule == "cost-of-miss"
    assert chosen.values.tolist() == pytest.approx([threshold, threshold])


def test_choose_thresholds__only_resistant_rows_fall_back() -> None:
    chosen = choose_thresholds(
        SUSCEPTIBILITY, np.ones(20), np.full(20, 0.9), np.zeros(20, dtype=np.intp), 1, groups=np.arange(20)
    )

    assert chosen.rule == "youden"
    assert ((chosen.values >= 0) & (chosen.values <= 1)).all()
