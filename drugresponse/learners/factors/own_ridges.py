"""A ridge for one drug alone, on its measured samples: what its holes are filled by, and a second opinion of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.factors._low_rank import factorise
from drugresponse.learners.factors.response_factors import ResponseFactors
from drugresponse.learners.factors.token_spaces import TokenSpace
from drugresponse.learners.state import Array

__all__ = ["OwnRidges", "OwnShares", "affordable_drugs"]

_MOST_COST = 4.0
"""What the ridges may cost together, in ridges on all samples; drugs with most holes come first."""
_COST = 2.0
"""Power of a drug's share of samples that its ridge costs: from 1, where tokens are few, to 3, where samples are."""
_CHEAP = 2e9
"""Cubes of the drugs' numbers of rows that together cost no more than about a second, however many drugs these are."""
_MANY_HOLES = 0.5
"""Share of the cells that were measured, up to which drugs vouch for each other."""
_FEWEST_ROWS = 10
_SURE_OF_FILLING, _SURE_OF_MIXING = 2.0, 1.0
"""Standard errors by which a ridge of the drug's own must lessen the left-out error."""
_SURE_TOGETHER = 2.0
"""The same of all drugs together."""
_TOWARDS_SHARED = 2.0
"""Rows that speak against a drug's own ridge before any was looked at."""
_HELD_OUT = 5
"""One sample in so many says how far other drugs tell of this one's residuals."""


@dataclass(frozen=True, eq=False)
class OwnRidges:
    """Ridges of some drugs on their measured responses alone, beside what all drugs together say of these.

    Few factors of the responses fill holes without a look at the tokens: of what a drug has for itself nothing is in
    the holes, and a map that is fitted to them has it by the share of samples that were measured.

    Attributes
    ----------
    drugs
        `(n_own,)` numbers of the drugs.
    coefficients, intercepts
        `(n_inputs, n_own)` and `(n_own,)` of the response less overall mean and drug effects.
    left_out
        `(n_samples, n_own)` predictions without the sample's group.
    completed
        `(n_samples, n_own)` what the shared ridge predicts of each sample and a ridge of this drug on what that one
        lacks; only of drugs where the second lessens the error for certain, else NaN.
    leverage
        `(n_own,)` what a measured response counts in its prediction by the second ridge; 0 where that fills none.
    shared
        `(n_samples, n_drugs)` predictions of the shared ridge without the sample's group.
    """

    drugs: NDArray[np.intp]
    coefficients: Array
    intercepts: Array
    left_out: Array
    completed: Array
    leverage: Array
    shared: Array

    @classmethod
    def fit(cls, tokens: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> OwnRidges:
        """Two ridges of each drug; drugs that were measured in the same samples share a factorisation.

        Parameters
        ----------
        tokens
            Of the samples.
        targets
            Their holes may be filled by anything.
        weights, groups
            `(n_samples,)` as of the shared ridge.
        """
        alike = affordable_drugs(targets.weights) if targets.weights.shape[1] > 1 else []
        drugs = np.array([drug for together in alike for drug in together], dtype=np.intp)
        n, n_own = len(tokens), len(drugs)
        if not n_own:
            nothing = np.zeros((n, 0))
            return cls(
                drugs, np.zeros((tokens.inputs.shape[1], 0)), np.zeros(0), nothing, nothing, np.zeros(0), nothing
            )
        ridges = tokens.row_ridges()
        of_all = ridges.fit(np.arange(n), targets.values, weights=weights, groups=groups)[0]
        shared = of_all.left_out @ targets.loadings.T
        coefficients, intercepts, leverage = np.zeros((ridges.n_axes, n_own)), np.zeros(n_own), np.zeros(n_own)
        left_out, beyond = np.zeros((n, n_own)), np.zeros((n, n_own))
        for together in alike:
            mine, of_rows = np.isin(drugs, together), targets.weights[:, together[0]]
            rows, n_mine = np.flatnonzero(of_rows > 0), len(together)
            measured, known = targets.responses[np.ix_(rows, together)], shared[:, together]
            lacking = measured - known[rows]
            both = np.hstack([measured, lacking])
            fit, predicted = ridges.fit(rows, both, weights=of_rows[rows], groups=groups[rows])
            inside = predicted[rows, n_mine:]
            predicted[rows] = fit.left_out
            coefficients[:, mine], intercepts[mine] = fit.coefficients[:, :n_mine], fit.intercepts[:n_mine]
            left_out[:, mine], beyond[:, mine] = predicted[:, :n_mine], predicted[:, n_mine:]
            leverage[mine] = _leverage(lacking - inside, lacking - predicted[rows, n_mine:])
        known, of_cells = shared[:, drugs], targets.weights[:, drugs]
        shares = _sure_shares(
            targets.responses[:, drugs] - known, beyond, of_cells, _SURE_OF_FILLING, _mostly_holes(targets.weights)
        )
        completed = np.where(shares > 0, known + shares * beyond, np.nan)
        leverage = np.where(shares > 0, leverage, 0.0)
        return cls(drugs, ridges.of_inputs(coefficients), intercepts, left_out, completed, leverage, shared)

    def refill(self, targets: ResponseFactors, rank: int) -> ResponseFactors:
        """The same targets, the holes of drugs with something of their own filled by what tells of it.

        That is the sample's tokens, and what its other responses have beyond these.

        Parameters
        ----------
        targets
            Those of `fit`.
        rank
            Most axes.
        """
        certain = np.flatnonzero(np.isfinite(self.completed).all(axis=0))
        drugs, completed = self.drugs[certain], self.completed[:, certain]
        holes = targets.weights[:, drugs] == 0
        if not holes.any():
            return targets
        beyond = np.where(targets.weights > 0, targets.responses - self.shared, 0.0)
        beyond[:, drugs] = np.where(holes, 0.0, targets.responses[:, drugs] - completed)
        table = targets.values @ targets.loadings.T
        guess = completed + _of_other_drugs(beyond, targets.weights, targets.fill_rank, drugs)
        table[:, drugs] = np.where(holes, guess, table[:, drugs])
        return targets.of_table(table, drugs, rank)

    def mix(self, targets: ResponseFactors, left_out: Array) -> OwnShares:
        """How much of a drug's own ridge suits its measured responses beside the shared embedding, by left-out error.

        Parameters
        ----------
        targets
            Those that the embedding was fitted to.
        left_out
            `(n_samples, 1 + rank)` embedding of each sample without its group.
        """
        loadings, weights = targets.loadings[self.drugs], targets.weights[:, self.drugs]
        before = left_out @ loadings.T
        # what fills a drug's holes has seen all its measured rows, and the map hides that in rows of their own
        measured = targets.responses[:, self.drugs]
        hidden = (1 - self.leverage * (weights > 0).mean(axis=0)) / (1 - self.leverage)
        known = np.where(weights > 0, measured - hidden * (measured - before), before)
        away, lacking = self.left_out - known, targets.responses[:, self.drugs] - known
        counts = (weights > 0).sum(axis=0)
        sure = _sure_shares(lacking, away, weights, _SURE_OF_MIXING, _mostly_holes(targets.weights))
        shares = sure * counts / (counts + _TOWARDS_SHARED)
        # as far as the axes reach, which is all the way unless there are more drugs than the rank allows
        back_all = np.linalg.pinv(targets.loadings.T)[self.drugs]
        back = shares[:, None] * back_all
        honest = left_out + (known - before + away * shares) @ back_all
        turn = np.eye(targets.rank + 1) - loadings.T @ back
        return OwnShares(turn, self.coefficients @ back, self.intercepts @ back, honest)


@dataclass(frozen=True, eq=False)
class OwnShares:
    """What mixing makes of an embedding: `embedding @ turn + inputs @ coefficients + intercepts`.

    Attributes
    ----------
    turn, coefficients, intercepts
        `(1 + rank, 1 + rank)`, `(n_inputs, 1 + rank)` and `(1 + rank,)`.
    left_out
        `(n_samples, 1 + rank)` embedding of each sample without its group.
    """

    turn: Array
    coefficients: Array
    intercepts: Array
    left_out: Array


def affordable_drugs(weights: Array) -> list[NDArray[np.intp]]:
    """Drugs of most holes, as many as are cheap beside a ridge on all samples; those measured alike go together."""
    counts = (weights > 0).sum(axis=0)
    alike: dict[bytes, list[int]] = {}
    for drug in np.argsort(counts, kind="stable"):
        if counts[drug] >= _FEWEST_ROWS:
            alike.setdefault(weights[:, drug].tobytes(), []).append(int(drug))
    together = [np.array(drugs, dtype=np.intp) for drugs in alike.values()]
    rows = np.array([counts[drugs[0]] for drugs in together], dtype=np.float64)
    affordable = np.cumsum((rows / len(weights)) ** _COST) <= _MOST_COST
    if _mostly_holes(weights):
        affordable |= np.cumsum(rows**3) <= _CHEAP
    return together[: int(affordable.sum())]


def _mostly_holes(weights: Array) -> bool:
    """Whether few rows of each drug have to do: elsewhere its own tell enough."""
    return bool((weights > 0).mean() <= _MANY_HOLES)


def _shares(lacking: Array, predicted: Array, weights: Array) -> Array:
    """`(n_drugs,)` share of each column's prediction, 0 to 1, that comes nearest to what is lacking."""
    aim, square = _products(lacking, predicted, weights)
    return np.clip(np.divide(aim, square, out=np.zeros_like(square), where=square > 0), 0.0, 1.0)


def _products(lacking: Array, predicted: Array, weights: Array) -> tuple[Array, Array]:
    """`(n_drugs,)` weighted sums of what was predicted times what is lacking, and times itself."""
    return (weights * predicted * lacking).sum(axis=0), (weights * predicted**2).sum(axis=0)


def _sure_shares(lacking: Array, predicted: Array, weights: Array, errors: float, vouching: bool) -> Array:
    """The same; 0 where the error is not lessened by more than so many standard errors.

    Few rows of a drug are sure of little. Where drugs vouch for each other, and all together are sure, a drug that is
    not takes the share of all, as far as its own rows do not speak against it.
    """
    shares, measured = _shares(lacking, predicted, weights), weights > 0
    gains = weights * (lacking**2 - (lacking - shares * predicted) ** 2)
    counts = measured.sum(axis=0)
    means = gains.sum(axis=0) / counts
    spread = np.sqrt((measured * (gains - means) ** 2).sum(axis=0) / counts)
    sure = means > errors * spread / np.sqrt(counts)
    if not vouching:
        return np.where(sure, shares, 0.0)
    aim, square = _products(lacking, predicted, weights)
    typical = square.sum() / max(len(square), 1)
    of_all = float(np.clip(aim.sum() / max(float(square.sum()), 1e-300), 0.0, 1.0))
    # drugs of one sample are no independent witnesses
    by_sample = (weights * (lacking**2 - (lacking - of_all * predicted) ** 2)).sum(axis=1)
    together = by_sample.mean() > _SURE_TOGETHER * by_sample.std() / np.sqrt(len(by_sample))
    pulled = np.clip((aim + of_all * typical) / (square + typical + 1e-300), 0.0, 1.0)
    return np.where(sure, shares, pulled if together else 0.0)


def _leverage(inside: Array, left_out: Array) -> Array:
    """`(n_drugs,)` by the errors of the same rows when they are in the fit, and when they are not."""
    ratio = (inside**2).sum(axis=0) / np.maximum((left_out**2).sum(axis=0), 1e-300)
    return 1 - np.sqrt(np.clip(ratio, 0.01, 1.0))


def _of_other_drugs(residuals: Array, weights: Array, rank: int, drugs: NDArray[np.intp]) -> Array:
    """`(n_samples, n_chosen)` residuals of some drugs by few factors of all, as far as these tell held-out cells."""
    out = np.zeros(weights.shape, dtype=bool)
    out[::_HELD_OUT, drugs] = weights[::_HELD_OUT, drugs] > 0

    def predicted(kept: Array) -> Array:
        samples, loadings = factorise(residuals, kept, rank)
        return np.asarray(samples @ loadings[drugs].T, dtype=np.float64)

    checked = predicted(np.where(out, 0.0, weights))
    return predicted(weights) * _shares(residuals[:, drugs], checked, (weights * out)[:, drugs])
