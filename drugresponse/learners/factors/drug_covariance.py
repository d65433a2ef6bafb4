"""How the errors of a prediction go together over drugs, and what some of a sample's errors tell about the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array, State, damaged, state_array

__all__ = ["DrugCovariance", "Posterior"]

MOST_FACTORS = 20
_SWEEPS = 40
_CHANGE = 0.02
"""Relative change of the covariance below which the sweeps end."""
_PRIOR_ROWS = 5.0
"""Rows of the pooled noise that a drug's own noise is averaged with."""
_REPEATABLE = 0.5
"""Share of a drug's own noise that repeated measurements average away; the rest is the drug's answer in that sample."""
_MOST = 2.5
"""Standard deviations of a drug's residual beyond which a pilot tells of the drug more than of the sample."""
_SMALL = 1e-8


@dataclass(frozen=True, eq=False)
class DrugCovariance:
    """Covariance over drugs of a sample's residuals: `loadings loadings' + diag(noise)`.

    Attributes
    ----------
    loadings
        `(n_drugs, n_factors)` in the unit of the response, for independent standard normal factors of a sample.
    noise
        `(n_drugs,)` variance that a drug shares with no other, that of the measurement included; above 0.

    Examples
    --------
    >>> factor = np.random.default_rng(0).normal(size=(300, 1))
    >>> noise = np.random.default_rng(1).normal(size=(300, 4))
    >>> covariance = DrugCovariance.fit(2 * factor + noise, np.ones((300, 4)))
    >>> posterior = covariance.update(np.array([[3.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0]]))
    >>> bool(2 < posterior.shift[0, 1] < 3), bool(posterior.variance[0, 1] < 3)
    (True, True)
    """

    loadings: Array
    noise: Array

    @classmethod
    def fit(cls, residuals: Array, weights: Array, most_factors: int = MOST_FACTORS) -> DrugCovariance:
        """Variational Bayes for a factor model of a table with holes.

        The loadings of a drug are drawn from a normal distribution that all drugs share and that is learned with them:
        factors that the data do not support vanish, and drugs with few rows are drawn towards the common ones. Source:
        Ilin and Raiko 2010, "Practical approaches to principal component analysis in the presence of missing values".

        Parameters
        ----------
        residuals
            `(n_samples, n_drugs)` held-out residuals; where the weight is 0 not looked at.
        weights
            `(n_samples, n_drugs)` of each measurement, about 1; 0 where not measured.
        most_factors
            1 or more; cut to the smaller side.
        """
        weights = _effective(weights)
        filled = np.where(weights > 0, residuals, 0.0)
        pooled = float((weights * filled**2).sum() / max(float(weights.sum()), _SMALL))
        if pooled <= 0:
            return cls(np.zeros((residuals.shape[1], 1)), np.full(residuals.shape[1], _SMALL))
        scale = float(np.sqrt(pooled))
        state = _Sweep.start(filled / scale, weights, min(most_factors, *residuals.shape))
        for _ in range(_SWEEPS):
            state, change = state.next()
            if change < _CHANGE:
                break
        return cls(state.loadings * scale, (state.noise + np.trace(state.spread, axis1=1, axis2=2)) * pooled)

    def update(self, residuals: Array, weights: Array) -> Posterior:
        """What is known of each sample's other residuals once some are known.

        A residual beyond 2.5 standard deviations of its drug counts as 2.5.

        Parameters
        ----------
        residuals, weights
            `(n_samples, n_drugs)` as in `fit`; weight 0 where there is no pilot measurement.
        """
        most = _MOST * np.sqrt((self.loadings**2).sum(axis=1) + self.noise)
        known = np.where(weights > 0, np.clip(residuals, -most, most), 0.0)
        means, covariance, explained = self._factors(known, _effective(weights) / self.noise)
        return Posterior(means @ self.loadings.T, explained + self.noise, covariance)

    def complete(self, residuals: Array, weights: Array) -> tuple[Array, Array]:
        """Each sample's factors, and what they say of each cell when its own residual is not looked at.

        Parameters
        ----------
        residuals, weights
            `(n_samples, n_drugs)` as in `fit`.

        Returns
        -------
        factors : (n_samples, n_factors)
            Their means.
        left_out : (n_samples, n_drugs)
            `(f - h r) / (1 - h)` for a measured cell of residual `r`, fit `f` and leverage `h`; `f` elsewhere.
        """
        known, precision = np.where(weights > 0, residuals, 0.0), _effective(weights) / self.noise
        factors, _, explained = self._factors(known, precision)
        leverage = precision * explained
        left_out = (factors @ self.loadings.T - leverage * known) / np.maximum(1 - leverage, 1e-3)
        return factors, np.asarray(left_out, dtype=np.float64)

    def _factors(self, known: Array, precision: Array) -> tuple[Array, Array, Array]:
        """Means and covariance of each sample's factors, and what variance they leave to each of its cells."""
        squares = (self.loadings[:, :, None] * self.loadings[:, None, :]).reshape(len(self.noise), -1)
        means, covariance = _posterior_factors(self.loadings, squares, known, precision)
        return means, covariance, np.asarray(covariance.reshape(len(known), -1) @ squares.T, dtype=np.float64)

    def choose_drugs(
        self, covariance: Array, candidates: NDArray[np.intp], targets: NDArray[np.intp], n: int
    ) -> tuple[list[int], list[float]]:
        """The drugs to measure next, each the one that removes most variance from the targets not yet measured.

        Parameters
        ----------
        covariance
            `(n_factors, n_factors)` of one sample, as in `Posterior`; the identity for a sample without pilots.
        candidates, targets
            Numbers of the drugs that may be measured, and of those whose variance counts.
        n
            Drugs to choose; fewer where there are fewer candidates.

        Returns
        -------
        chosen : list of int
        removed : list of float
            Share of the variance of all targets, noise included, that each choice removes from the others.
        """
        is_target, left = np.isin(np.arange(len(self.noise)), targets), list(candidates)
        total = float(
            (np.einsum("di,ij,dj->d", self.loadings, covariance, self.loadings) + self.noise)[is_target].sum()
        )
        chosen: list[int] = []
        removed: list[float] = []
        while left and len(chosen) < n:
            shared = self.loadings @ covariance  # (n_drugs, n_factors)
            own = np.einsum("di,di->d", shared, self.loadings)
            aims = self.loadings[is_target]
            gains = ((aims @ shared[left].T) ** 2).sum(axis=0) - np.where(is_target[left], own[left] ** 2, 0.0)
            gains = gains / (own + self.noise)[left]
            best = left.pop(int(np.argmax(gains)))
            chosen.append(int(best))
            removed.append(float(gains.max()) / total)
            covariance = covariance - np.outer(shared[best], shared[best]) / (own[best] + self.noise[best])
            is_target[best] = False
        return chosen, removed

    def get_state(self) -> State:
        """Two arrays."""
        return {"loadings": self.loadings, "noise": self.noise}

    @classmethod
    def from_state(cls, state: State, n_drugs: int) -> DrugCovariance:
        """The covariance of `get_state`'s answer, its shapes proved."""
        noise = state_array(state, "noise", n_drugs)
        if not (noise > 0).all():
            raise damaged("a drug has no noise of its own")
        return cls(state_array(state, "loadings", n_drugs, -1), noise)


@dataclass(frozen=True, eq=False)
class Posterior:
    """What pilot measurements leave open.

    Attributes
    ----------
    shift
        `(n_samples, n_drugs)` what to add to the predictions.
    variance
        `(n_samples, n_drugs)` of a measurement around the shifted prediction; for a pilot's drug, of a new one.
    factors
        `(n_samples, n_factors, n_factors)` covariance of each sample's factors.
    """

    shift: Array
    variance: Array
    factors: Array


def _effective(weights: Array) -> Array:
    """Weights as multiples of the precision: n repeats count 1 at n = 1 and less than 2 at any n."""
    return np.where(weights > 0, weights / (_REPEATABLE + (1 - _REPEATABLE) * weights), 0.0)


@dataclass(frozen=True, eq=False)
class _Sweep:
    """Where the fit stands: moments of the loadings, their common distribution, and the noise."""

    values: Array
    weights: Array
    loadings: Array
    spread: Array
    centre: Array
    common: Array
    noise: Array

    @classmethod
    def start(cls, values: Array, weights: Array, rank: int) -> _Sweep:
        """Principal directions of the table with its holes at 0."""
        n_samples, n_drugs = values.shape
        _, sizes, directions = np.linalg.svd(values, full_matrices=False)
        filled = max(float((weights > 0).mean()), 1e-3)
        loadings = np.clip(directions[:rank].T * sizes[:rank] / np.sqrt(n_samples * filled), -2, 2)
        counts = weights.sum(axis=0)
        variance = ((weights * values**2).sum(axis=0) + _PRIOR_ROWS) / (counts + _PRIOR_ROWS)
        noise = np.maximum(variance - (loadings**2).sum(axis=1), 0.3 * variance)
        spread = np.broadcast_to(0.01 * np.eye(rank), (n_drugs, rank, rank))
        return cls(values, weights, loadings, spread, *_common(loadings, spread), noise)

    def next(self) -> tuple[_Sweep, float]:
        """One sweep over samples, drugs and noise, and the relative change of the shared covariance."""
        rank, n_drugs = self.loadings.shape[1], len(self.noise)
        samples, squares = self._samples()
        # the samples' factors are kept at unit variance, by turning and stretching those of the drugs
        turn = np.linalg.cholesky(squares.mean(axis=0).reshape(rank, rank))
        back = np.linalg.inv(turn)
        centre, common = self.centre @ turn, turn.T @ self.common @ turn
        grams = back @ (self.weights.T @ squares).reshape(n_drugs, rank, rank) @ back.T
        products = ((self.weights * self.values).T @ samples) @ back.T
        prior = np.linalg.inv(common + _SMALL * np.eye(rank))
        spread = np.linalg.inv(grams / self.noise[:, None, None] + prior)
        loadings = np.einsum("dij,dj->di", spread, products / self.noise[:, None] + prior @ centre)
        moments = loadings[:, :, None] * loadings[:, None, :] + spread
        errors = (self.weights * self.values**2).sum(axis=0) - 2 * (loadings * products).sum(axis=1)
        errors = np.maximum(errors + np.einsum("dij,dij->d", moments, grams), 0.0)
        counts = self.weights.sum(axis=0)
        pooled = max(float(errors.sum() / counts.sum()), _SMALL)
        noise = (errors + _PRIOR_ROWS * pooled) / (counts + _PRIOR_ROWS)
        old, new = self.loadings @ self.loadings.T, loadings @ loadings.T
        change = float(np.linalg.norm(new - old) / max(float(np.linalg.norm(new)), _SMALL))
        sweep = _Sweep(self.values, self.weights, loadings, spread, *_common(loadings, spread), noise)
        return sweep, change

    def _samples(self) -> tuple[Array, Array]:
        """Means of the samples' factors, and their second moments as rows."""
        squares = (self.loadings[:, :, None] * self.loadings[:, None, :] + self.spread).reshape(len(self.noise), -1)
        means, covariance = _posterior_factors(self.loadings, squares, self.values, self.weights / self.noise)
        return means, (covariance + means[:, :, None] * means[:, None, :]).reshape(len(means), -1)


def _posterior_factors(loadings: Array, squares: Array, known: Array, precision: Array) -> tuple[Array, Array]:
    """Means and covariance of each sample's factors; `squares` `(n_drugs, n_factors ** 2)` of the loadings."""
    rank = loadings.shape[1]
    inverse = np.linalg.inv((precision @ squares).reshape(-1, rank, rank) + np.eye(rank))
    covariance = np.asarray(inverse, dtype=np.float64)
    return np.einsum("nij,nj->ni", covariance, (precision * known) @ loadings), covariance


def _common(loadings: Array, spread: Array) -> tuple[Array, Array]:
    """Mean and covariance that the drugs' loadings share."""
    centre = loadings.mean(axis=0)
    away = loadings - centre
    return centre, (away.T @ away + spread.sum(axis=0)) / len(loadings)
