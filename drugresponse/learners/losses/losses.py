"""The loss that goes with an outcome."""

from __future__ import annotations

import numpy as np

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.losses.cox import CoxLoss
from drugresponse.learners.losses.cumulative_logit import CumulativeLogitLoss
from drugresponse.learners.losses.interval_normal import IntervalNormalLoss
from drugresponse.learners.state import Array

__all__ = ["loss_of"]


def loss_of(pairs: Pairs, y: Array, weights: Array) -> RowLoss:
    """The loss of training rows.

    Parameters
    ----------
    pairs
        Training pairs, compact, whose outcome is not continuous.
    y, weights
        `(n_pairs,)` responses, and weights of mean 1.

    Raises
    ------
    InputError
        The outcome is continuous, or an interval or a time lacks what was observed of it.
    """
    observed, drugs = pairs.observed, pairs.drug_index
    if observed is None:
        raise InputError(
            "`pairs`: their outcome is continuous (expected one that a likelihood goes with). Give what was observed."
        )
    outcome = observed.outcome
    if outcome.kind == "binary":
        return BernoulliLoss(y, weights, drugs)
    if outcome.kind == "ordinal":
        return CumulativeLogitLoss.of(y, weights, drugs, len(outcome.classes))
    if observed.lower is not None and observed.upper is not None:
        return IntervalNormalLoss.of(observed.lower, observed.upper, weights, drugs)
    if observed.happened is not None:
        entry = np.zeros(len(y)) if observed.entry is None else observed.entry
        return CoxLoss(y, observed.happened, entry, weights, drugs)
    raise InputError(
        f"`pairs`: nothing is observed of the {outcome.kind} outcome beside `y` (expected limits of an interval, or "
        "whether the event of a time happened). Give them in `observed`."
    )
