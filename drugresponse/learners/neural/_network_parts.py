"""What the network's score hangs on each token: slopes at samples, and their mean on the way from the mean sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from drugresponse.learners.neural.neural import NeuralResponse

__all__ = ["NetworkParts", "mean_slopes", "token_slopes"]

_SAMPLES_AT_ONCE = 64


class NetworkParts:
    """The score of a fitted network taken apart by token: the linear part as it is, the towers by integrated gradients.

    A tower has two layers of rectified units, so that its slopes change at a few points of the straight line from the
    mean sample, and their mean over the line is exact: nothing is left out. Source: Sundararajan, Taly and Yan 2017,
    "Axiomatic attribution for deep networks", arXiv:1703.01365.

    Parameters
    ----------
    learner
        A fitted network.
    tokens
        `(n_samples, n_tokens)`; the mean sample's are 0.
    """

    def __init__(self, learner: NeuralResponse, tokens: NDArray[np.float64]) -> None:
        self.learner, self.tokens = learner, tokens
        numbers, scaled = learner.parameters_, tokens * learner.input_scale_
        layers = ("tower_in", "tower_in_bias", "tower_out", "tower_out_bias")
        self.slopes = [
            mean_slopes(scaled, *(numbers[name][m] for name in layers)).astype(np.float32)
            for m in range(learner.members)
        ]

    def of(self, loadings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Parts of the score with a drug, whose `(width,)` loadings are 1 in column 0, as `EmbeddingParts` asks."""
        learner, stage, numbers = self.learner, self.learner.stage_, self.learner.parameters_
        share, width, moved = learner.scale_ / learner.members, 1 + stage.rank_, numbers["drug_delta"].shape[2]
        each = loadings[width + stage.seen_.factors.shape[1] :].reshape(learner.members, -1)
        linear = stage.coefficients_ @ loadings[:width]
        towers = np.zeros((len(self.tokens), len(linear)))
        for m, (slopes, own) in enumerate(zip(self.slopes, each, strict=True)):
            start, shift, head = np.split(own, [moved - 1, 2 * (moved - 1)])
            delta = numbers["token_delta"][m] * (share * learner.input_scale_)
            linear += delta[:, 0] + delta[:, 1:] @ (start + shift)
            linear += stage.coefficients_[:, 1:moved] @ shift / learner.members
            inner = slopes @ (share * (numbers["head_common"][m] + head)).astype(np.float32)
            towers += inner.astype(np.float64) @ numbers["tower_in"][m].T
        return self.tokens * (linear + learner.input_scale_ * towers), np.zeros(len(towers))


def mean_slopes(
    tokens: NDArray[np.float64],
    first: NDArray[np.float64],
    first_bias: NDArray[np.float64],
    second: NDArray[np.float64],
    second_bias: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`(n_samples, n_first, n_second)` mean slope of units along the units before them, on the way from 0 to a sample.

    The way is cut where a unit of the first layer turns on or off; between the cuts the second layer is linear, and its
    units turn at most once.

    Parameters
    ----------
    tokens
        `(n_samples, n_tokens)`.
    first, first_bias, second, second_bias
        `(n_tokens, n_first)`, `(n_first,)`, `(n_first, n_second)`, `(n_second,)`.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> mean_slopes(4 * one, one, np.array([-1.0]), one, np.array([0.0])).tolist()
    [[[0.75]]]
    """
    found = np.empty((len(tokens), *second.shape))
    for begin in range(0, len(tokens), _SAMPLES_AT_ONCE):
        rise = tokens[begin : begin + _SAMPLES_AT_ONCE] @ first
        turns = np.divide(-first_bias, rise, out=np.zeros_like(rise), where=rise != 0)
        ends = np.zeros((len(rise), 1))
        cuts = np.sort(np.hstack([ends, np.clip(turns, 0.0, 1.0), ends + 1.0]), axis=1)
        before = np.maximum(first_bias + cuts[:, :, None] * rise[:, None, :], 0.0) @ second + second_bias
        here, there = before[:, :-1], before[:, 1:]
        change = there - here
        on = np.where(here > 0, 1.0, 0.0)
        climbs = np.maximum(there, 0.0) - np.maximum(here, 0.0)
        lengths = np.diff(cuts, axis=1)[:, :, None] * np.divide(climbs, change, out=on, where=change != 0)
        middle = (cuts[:, :-1] + cuts[:, 1:]) / 2
        active = first_bias + middle[:, :, None] * rise[:, None, :] > 0
        found[begin : begin + len(rise)] = second * (active.transpose(0, 2, 1).astype(np.float64) @ lengths)
    return found


def token_slopes(
    learner: NeuralResponse, tokens: NDArray[np.float64], drugs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`(n_tokens,)` root mean square slope of the prediction along each token, over drugs and samples.

    Parameters
    ----------
    learner
        A fitted network.
    tokens
        `(n_samples, n_tokens)` of a few samples, as the network takes them.
    drugs
        `(n_drugs, width)` embeddings.
    """
    numbers, stage, share = learner.parameters_, learner.stage_, learner.scale_ / learner.members
    width, moved = 1 + stage.rank_, numbers["drug_delta"].shape[2]
    own = drugs[:, 1:width]
    each = drugs[:, 1 + own.shape[1] + stage.seen_.factors.shape[1] :].reshape(len(drugs), learner.members, -1)
    linear = stage.coefficients_[:, :1] + stage.coefficients_[:, 1:] @ own.T
    for m in range(learner.members):
        delta, start = numbers["token_delta"][m] * (share * learner.input_scale_), stage.coefficients_[:, 1:moved]
        shifts = each[:, m, moved - 1 : 2 * (moved - 1)]
        linear += delta[:, :1] + delta[:, 1:] @ (own[:, : moved - 1] + shifts).T + start @ shifts.T / learner.members
    squares = np.zeros(tokens.shape[1])
    # sample by sample: tokens x drugs is the largest array
    for row in tokens:
        slopes = linear.copy()
        for m in range(learner.members):
            first = row @ numbers["tower_in"][m] + numbers["tower_in_bias"][m]
            second = np.maximum(first, 0.0) @ numbers["tower_out"][m] + numbers["tower_out_bias"][m]
            heads = share * (numbers["head_common"][m] + each[:, m, 2 * (moved - 1) :]).T
            inner = numbers["tower_out"][m] @ ((second > 0)[:, None] * heads)
            slopes += learner.input_scale_ * (numbers["tower_in"][m] @ ((first > 0)[:, None] * inner))
        squares += (slopes**2).mean(axis=1)
    return np.asarray(np.sqrt(squares / len(tokens)))
