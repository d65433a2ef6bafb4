"""The loss of an outcome as torch sees it: its slopes come from the same object that every learner takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.state import Array

__all__ = ["balanced", "mean_loss"]

_MOST_WEIGHT = 30.0


class _ScoreLoss(torch.autograd.Function):
    """The sum over members of the mean loss of rows, and its slopes by the scores."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, loss: RowLoss, offset: Array, scale: float) -> Tensor:
        values = offset + scale * scores.detach().cpu().double().numpy()
        slopes = np.stack([loss.derivatives(member)[0] for member in values]) * (scale / values.shape[1])
        ctx.save_for_backward(torch.from_numpy(slopes).to(scores))
        total = sum(loss.total(member) for member in values) / values.shape[1]
        return scores.new_tensor(total)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return outer[0] * slopes, None, None, None


def balanced(loss: RowLoss) -> tuple[RowLoss, Array]:
    """The loss with the rarer events of yes or no weighed by the root of their odds, and what is added to its scores.

    Batches of whole samples hold hardly an event of a drug to which one in a hundred responds. The logarithm of an
    event's weight is what weighing adds to the log odds: with it on top, the scores stay those of the plain loss.
    Other outcomes have no class whose weight is made up for by a shift, and stay as they are. Source: King and Zeng
    2001, "Logistic regression in rare events data", Political Analysis 9:137-163.

    Returns
    -------
    loss : RowLoss
        Its weights are 1 on average.
    shift : (n_rows,) float64
    """
    if not isinstance(loss, BernoulliLoss):
        return loss, np.zeros(len(loss.weights))
    odds = np.exp(-loss.start())
    weight = np.clip(np.sqrt(odds), 1.0, _MOST_WEIGHT)[loss.drug_index]
    weights = loss.weights * np.where(loss.y > 0, weight, 1.0)
    return replace(loss, weights=weights / weights.mean()), np.log(weight)


def mean_loss(scores: Tensor, loss: RowLoss, rows: NDArray[np.intp], offset: Array, scale: float) -> Tensor:
    """The sum over members of the mean loss of some rows, weights included.

    Times are at risk among these rows alone. It is reckoned by numpy in float64, also where the scores are on a GPU.

    Parameters
    ----------
    scores
        `(members, n_rows)` of the network.
    loss
        Of all training rows.
    rows
        `(n_rows,)` their numbers.
    offset, scale
        `(n_rows,)` what is added to a score that was multiplied by the scale, so that it is on the scale of the link.
    """
    total: Tensor = _ScoreLoss.apply(scores, loss.take(rows), offset, scale)
    return total
