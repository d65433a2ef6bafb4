"""What is scored together, of the rows that several folds held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.follow_up import Censoring, FollowUp, Horizons
from drugresponse.data.scores.losses import survival_at
from drugresponse.data.scores.truth import Truth

__all__ = ["join_distributions", "truth_of_folds"]

Array = NDArray[np.float64]
_Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]


def truth_of_folds(
    pairs: Pairs, y: Array, folds: _Folds, horizon: float | None = None
) -> tuple[NDArray[np.intp], Truth]:
    """The rows that folds hold out, and what was observed of them.

    Parameters
    ----------
    pairs, y
        `(n_pairs,)` all of them, of an outcome that is not continuous.
    folds
        Row numbers of the training and of the test part of each; no row is held out twice. Censoring of times is
        estimated on the training part.
    horizon
        Up to which times are scored; None as `Horizons.of_rows` has it.

    Returns
    -------
    rows : numpy.ndarray
        `(n_rows,)` numbers of the rows that were held out, ascending.
    truth : Truth
        Of these rows.
    """
    observed = part(pairs.observed)
    number = np.concatenate([np.full(len(test), at) for at, (_, test) in enumerate(folds)])
    tested = np.concatenate([test for _, test in folds])
    order = np.argsort(tested, kind="stable")
    rows = tested[order].astype(np.intp)
    watched = None
    if observed.outcome.kind == "time-to-event":
        drugs, parts = pairs.drug_ids, []
        horizons = Horizons.of_rows(drugs, y, observed, horizon)
        for train, test in folds:
            censoring = Censoring.fit(drugs[train], y[train], observed[train])
            parts.append(censoring.follow_up(drugs[test], y[test], observed[test], horizons))
        watched = FollowUp.join(parts)[order]
    cut = pairs[rows]
    return rows, Truth(observed[rows], y[rows], cut.sample_ids, cut.drug_ids, number[order].astype(np.intp), watched)


def join_distributions(parts: Sequence[Distribution], rows: Sequence[NDArray[np.intp]]) -> Distribution:
    """The distributions of the rows of several folds, in the order of their numbers.

    Parameters
    ----------
    parts, rows
        For each fold what was said, and the numbers of the rows that it was said of. Survival that is told at other
        times in another fold is told at the times of all of them.

    Examples
    --------
    >>> from drugresponse.data.outcomes.outcome import Outcome
    >>> halves = [Distribution(Outcome("interval"), np.array([value]), spread=np.ones(1)) for value in (2.0, 1.0)]
    >>> join_distributions(halves, [np.array([1]), np.array([0])]).scores.tolist()
    [1.0, 2.0]
    """
    order = np.argsort(np.concatenate(list(rows)), kind="stable")
    if parts[0].times is not None:
        times = np.unique(np.concatenate([part(one.times) for one in parts]))
        parts = [_told_at(one, times) for one in parts]
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in parts])[order]
        for name in ("scores", "shares", "spread", "point", "survival")
        if getattr(parts[0], name) is not None
    }
    return replace(parts[0], **joined)


def _told_at(said: Distribution, times: Array) -> Distribution:
    if np.array_equal(part(said.times), times):
        return said
    return replace(said, times=times, survival=survival_at(said, np.broadcast_to(times, (len(said), len(times)))))
