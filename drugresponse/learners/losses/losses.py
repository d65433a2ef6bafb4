"""The loss that goes with an outcome."""

from __future__ import annotations

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
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
    """
    if pairs.outcome.kind == "binary":
        return BernoulliLoss(y, weights, pairs.drug_index)
    raise InputError(f"outcome: {pairs.outcome.kind} has no loss yet.")
