"""The head that goes with an outcome: learned, learned without the rows that it is asked of, and read from a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import KINDS, Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.learners.base import relative_weights
from drugresponse.learners.state import State, damaged, state_ids, state_whole
from drugresponse.model.forecasts._fold_levels import without_fold_levels
from drugresponse.model.forecasts._held_out_rows import HeldOutRows
from drugresponse.model.forecasts.class_head import ClassHead
from drugresponse.model.forecasts.head import Forecast, Head
from drugresponse.model.forecasts.interval_head import IntervalHead
from drugresponse.model.forecasts.time_head import TimeHead

__all__ = ["cross_fitted", "fit_head", "head_from_state", "head_state"]

Array = NDArray[np.float64]


def fit_head(
    pairs: Pairs,
    y: Array,
    scores: Array,
    weights: Array | None = None,
    *,
    scheme: str,
    fold: NDArray[np.intp] | None = None,
    cost_of_miss: float | None = None,
    horizon: float | None = None,
) -> Head:
    """Learn what scores say of an outcome, on rows that no training of the score saw.

    Parameters
    ----------
    pairs
        Held-out pairs with what was observed of them; their outcome is not continuous.
    y, scores
        `(n_pairs,)` responses, and scores on the scale of the link, all finite.
    weights
        `(n_pairs,)` above 0; None is 1 for all.
    scheme
        The split scheme by which the rows were held out.
    fold
        `(n_pairs,)` in which fold each was; levels of the scores are not compared between folds. None is one for all.
    cost_of_miss
        How many false alarms are as bad as one missed event, of a binary outcome; None where that was not told.
    horizon
        Time up to which survival is told; None chooses it.

    Raises
    ------
    InputError
        A score is missing.
    """
    if not np.isfinite(scores).all():
        raise InputError(
            "forecasts: found a missing score (expected one for every held-out row). Report this as a defect."
        )
    share = relative_weights(weights, len(y))
    apart = 0.0
    if fold is not None:
        scores, apart = without_fold_levels(pairs, scores, fold, share, scheme)
    held = HeldOutRows(pairs, y, scores, share, scheme, apart)
    if pairs.outcome.has_classes:
        return ClassHead.fit(held, cost_of_miss=cost_of_miss)
    if pairs.outcome.kind == "interval":
        return IntervalHead.fit(held)
    return TimeHead.fit(held, horizon=horizon)


def cross_fitted(
    pairs: Pairs,
    y: Array,
    scores: Array,
    fold: NDArray[np.intp],
    weights: Array | None = None,
    *,
    scheme: str,
    cost_of_miss: float | None = None,
    horizon: float | None = None,
) -> list[tuple[NDArray[np.intp], Forecast]]:
    """What is told of the rows of each fold by a head that was learned on the other folds.

    Nothing else is fitted again. A row has no part in its own probability, set, bounds or threshold but through what
    the models of the other folds learnt.

    Parameters
    ----------
    pairs, y, scores, weights, scheme, cost_of_miss, horizon
        As in `fit_head`; scores are read where a row was held out.
    fold
        `(n_pairs,)` in which each row was held out; -1 where it never was. A single fold is halved by groups.

    Returns
    -------
    list of (rows, forecast)
        Row numbers, ascending, and what is told of them, fold by fold.
    """
    tested = np.flatnonzero(fold >= 0)
    number = fold[tested]
    if len(np.unique(number)) < 2:
        held = HeldOutRows(pairs[tested], y[tested], scores[tested], np.ones(len(tested)), scheme)
        for at, (_, left_out) in enumerate(held.parts(2)):
            number[left_out] = at
    answers = []
    for at in np.unique(number):
        rows, others = tested[number == at], tested[number != at]
        seen = others if len(others) else rows
        head = fit_head(
            pairs[seen], y[seen], scores[seen], None if weights is None else weights[seen],
            scheme=scheme, fold=fold[seen], cost_of_miss=cost_of_miss, horizon=horizon,
        )  # fmt: skip
        answers.append((rows, head.forecast(pairs[rows], scores[rows])))
    return answers


def head_state(head: Head) -> State:
    """All that `head_from_state` needs."""
    outcome: dict[str, Any] = head.outcome.to_dict()
    return {**head.get_state(), "outcome": outcome, "scheme": head.scheme, "n_groups": head.n_groups}


def head_from_state(state: State) -> Head:
    """The head of `head_state`'s answer, each part proved.

    Raises
    ------
    ModelFileError
        A part is damaged.
    """
    told = state["outcome"]
    kind, classes = told.get("kind"), state_ids(told, "classes")
    if kind not in KINDS or (kind == "binary" and len(classes) != 2) or (kind == "ordinal" and len(classes) < 2):
        raise damaged("the outcome of its forecasts is none")
    outcome = Outcome(kind, tuple(classes), state_whole(told, "logarithm", 10))
    scheme = find_scheme(str(state["scheme"])).name
    n_groups = state_whole(state, "n_groups", 2**53)
    if outcome.has_classes:
        return ClassHead.from_state(state, outcome, scheme, n_groups)
    kinds: dict[str, type[IntervalHead] | type[TimeHead]] = {"interval": IntervalHead, "time-to-event": TimeHead}
    if kind not in kinds:
        raise damaged("its forecasts are of no outcome that has any")
    return kinds[kind].from_state(state, outcome, scheme, n_groups)
