"""Values between limits: the interval-censored normal distribution around a location."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["IntervalNormalLoss"]

_PRIOR_ROWS = 2.0
"""Rows at the location over all drugs that a drug's own is averaged with."""
_SPREAD_PRECISION = 20.0
"""Precision of the logarithm of a drug's spread around that of all drugs: that of ten exact rows."""
_SPREADS = np.log(1e-3), np.log(1e2)
"""Logarithms between which a spread stays, relative to that of the values."""
_NARROW = 1e-5
"""Width between two limits below which a value is as good as exact, in units."""
_LEAST_CURVATURE = 1e-6
_STEPS = 50
_ROUNDS = 3
_LOG_ROOT = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class IntervalNormalLoss(RowLoss):
    """Minus the log probability of lying between the limits, or the log density of what is exact (Tobin 1958).

    The spread of a drug is drawn towards that of all drugs. doi:10.2307/1907382.

    Attributes
    ----------
    lower, upper
        `(n_rows,)` limits, -inf and inf where open, equal where the value is exact.
    spread
        `(n_drugs,)` standard deviation around the location.
    level
        `(n_drugs,)` the location that suits a drug's rows best.
    unit
        Spread of the values, of which the bounds of `spread` are multiples.

    Examples
    --------
    >>> upper = np.array([1.0, 2.0, np.inf, 3.0])
    >>> loss = IntervalNormalLoss.of(np.array([1.0, 2.0, 3.0, -np.inf]), upper, np.ones(4), np.zeros(4, dtype=np.intp))
    >>> slopes, _ = loss.derivatives(np.full(4, 2.5))
    >>> np.sign(slopes).tolist()
    [1.0, 1.0, -1.0, 1.0]
    """

    lower: Array
    upper: Array
    weights: Array
    drug_index: NDArray[np.intp]
    spread: Array
    level: Array
    unit: float

    @classmethod
    def of(cls, lower: Array, upper: Array, weights: Array, drug_index: NDArray[np.intp]) -> IntervalNormalLoss:
        """The loss whose spreads suit the drugs' own locations."""
        middle = (np.where(np.isfinite(lower), lower, upper) + np.where(np.isfinite(upper), upper, lower)) / 2
        centre = float(np.average(middle, weights=weights))
        unit = float(np.sqrt(np.average((middle - centre) ** 2, weights=weights))) or 1.0
        n_drugs = int(drug_index.max()) + 1
        level = np.full(n_drugs, centre)
        loss = cls(lower, upper, weights, drug_index, np.full(n_drugs, unit), level, unit)
        for _ in range(_ROUNDS):
            loss = replace(loss, level=loss._best_locations())
            loss = loss.adjusted(loss.level[drug_index])
        return loss

    def values(self, scores: Array) -> Array:
        """`(n_rows,)` minus the log likelihood of each row."""
        return self._at(scores)[0]

    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` slope and curvature; the latter is at most that of an exact value."""
        _, slope, by_spread = self._at(scores)
        spread = self.spread[self.drug_index]
        curvature = np.clip(by_spread + slope**2, _LEAST_CURVATURE, 1.0)
        return self.weights * slope / spread, self.weights * curvature / spread**2

    def total_and_slope(self, scores: Array) -> tuple[float, Array]:
        """Both from one look at the tails, which cost most."""
        losses, slope, _ = self._at(scores)
        return float(self.weights @ losses), self.weights * slope / self.spread[self.drug_index]

    def start(self) -> Array:
        """`(n_drugs,)` location of each drug's values."""
        return self.level

    def adjusted(self, scores: Array) -> IntervalNormalLoss:
        """The loss with the spreads that suit these scores best; that of one drug is drawn to that of all."""
        usual = np.log(np.average(self.spread, weights=self._by_drug(self.weights)))
        pooled = self._best_spreads(scores, np.array([usual]))
        return replace(self, spread=np.exp(self._best_spreads(scores, np.repeat(pooled, len(self.spread)))))

    def answers(self) -> NDArray[np.intp]:
        """`(n_rows,)` number of the pair of limits."""
        return _numbered(self.lower, self.upper)

    def take(self, rows: Any) -> IntervalNormalLoss:
        """The loss of some rows."""
        parts = {name: getattr(self, name)[rows] for name in ("lower", "upper", "weights", "drug_index")}
        return replace(self, **parts)

    @cached_property
    def _kinds(self) -> _Kinds:
        return _Kinds.of(self.lower, self.upper, _NARROW * self.unit)

    def _at(self, scores: Array, spreads: Array | None = None) -> tuple[Array, Array, Array]:
        """`(n_rows,)` losses, and their slopes by the score, in spreads, and by the logarithm of the spread.

        Parameters
        ----------
        spreads
            `(n_drugs,)`; None takes those that are held.
        """
        spread = (self.spread if spreads is None else spreads)[self.drug_index]
        losses, slope, by_spread = np.zeros((3, len(scores)))
        kinds = self._kinds
        if len(exact := kinds.exact):
            own = spread[exact]
            middle = (kinds.value - scores[exact]) / own
            losses[exact] = 0.5 * middle**2 + _LOG_ROOT + np.log(own) - kinds.log_width
            slope[exact], by_spread[exact] = -middle, 1 - middle**2
        if len(beyond := kinds.beyond):
            inside = kinds.sign * (kinds.limit - scores[beyond]) / spread[beyond]
            losses[beyond], ratio = _tail(inside)
            slope[beyond], by_spread[beyond] = kinds.sign * ratio, inside * ratio
        if len(both := kinds.both):
            limits = [(limit[both] - scores[both]) / spread[both] for limit in (self.lower, self.upper)]
            losses[both], of_lower, of_upper = _between(*limits)
            slope[both], by_spread[both] = of_upper - of_lower, limits[1] * of_upper - limits[0] * of_lower
        return losses, slope, by_spread

    def _by_drug(self, values: Array) -> Array:
        return np.bincount(self.drug_index, values, minlength=len(self.spread)).astype(np.float64)

    def _best_locations(self) -> Array:
        """`(n_drugs,)` by Newton's steps; what all drugs' rows say first, to which those of each are drawn."""
        usual = self._newton(self.level[:1], self.level[0])
        return self._newton(np.repeat(usual, len(self.spread)), usual[0])

    def _newton(self, levels: Array, usual: float) -> Array:
        """One location for all drugs, or one for each, which are drawn to the usual."""
        own = _PRIOR_ROWS / (self.spread[: len(levels)] ** 2)
        for _ in range(_STEPS):
            slopes, curvatures = self.derivatives(np.broadcast_to(levels, self.spread.shape)[self.drug_index])
            slope, curvature = self._by_drug(slopes), self._by_drug(curvatures)
            if len(levels) == 1:
                slope, curvature = slope.sum(keepdims=True), curvature.sum(keepdims=True)
            step = np.clip((slope + own * (levels - usual)) / (curvature + own), -self.unit, self.unit)
            levels = levels - step
            if np.abs(step).max() < 1e-9 * self.unit:
                break
        return levels

    def _best_spreads(self, scores: Array, usual: Array) -> Array:
        """Logarithms of one spread for all drugs, or one for each, which are drawn to the usual."""
        shared = len(usual) == 1

        def penalised(logarithms: Array) -> tuple[float, Array]:
            losses, _, by_spread = self._at(scores, np.exp(np.broadcast_to(logarithms, self.spread.shape)))
            slopes = self._by_drug(self.weights * by_spread)
            slopes = slopes.sum(keepdims=True) if shared else slopes
            away = logarithms - usual
            total = float(self.weights @ losses) + 0.5 * _SPREAD_PRECISION * float(away @ away)
            return total, slopes + _SPREAD_PRECISION * away

        limits = tuple(np.log(self.unit) + np.array(_SPREADS))
        start = np.clip(usual, *limits)
        best = minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=[limits] * len(usual))
        return np.asarray(best.x)


@dataclass(frozen=True, eq=False)
class _Kinds:
    """Rows by what is known of them: most have one limit, and the tails cost most, so that each is asked for its own.

    Attributes
    ----------
    exact, value, log_width
        Numbers of the rows that are as good as a value, the value, and the logarithm of their width, 0 where none.
    beyond, limit, sign
        Of those with one limit; the sign is 1 below it and -1 above.
    both
        Of those between two.
    """

    exact: NDArray[np.intp]
    value: Array
    log_width: Array
    beyond: NDArray[np.intp]
    limit: Array
    sign: Array
    both: NDArray[np.intp]

    @classmethod
    def of(cls, lower: Array, upper: Array, narrow: float) -> _Kinds:
        """Of `(n_rows,)` limits; those between which there is less than `narrow` are values."""
        above, below = np.isfinite(lower), np.isfinite(upper)
        between = np.flatnonzero(above & below)
        is_exact = upper[between] - lower[between] < narrow
        exact, beyond = between[is_exact], np.flatnonzero(above != below)
        width = upper[exact] - lower[exact]
        limit = np.where(below, upper, lower)[beyond]
        sign = np.where(below, 1.0, -1.0)[beyond]
        log_width = np.log(np.where(width > 0, width, 1.0))
        return cls(exact, lower[exact], log_width, beyond, limit, sign, between[~is_exact])


def _numbered(one: NDArray, other: NDArray) -> NDArray[np.intp]:
    """`(n_rows,)` number of each row's two values, from 0."""
    first, second = (np.unique(values, return_inverse=True)[1].astype(np.int64) for values in (one, other))
    pair = first * (second.max(initial=0) + 1) + second
    return np.unique(pair, return_inverse=True)[1].astype(np.intp)


def _tail(limit: Array) -> tuple[Array, Array]:
    """Minus the log probability below a standard limit, and the density there over that probability."""
    inside = log_ndtr(limit)
    return -inside, np.exp(-0.5 * limit**2 - _LOG_ROOT - inside)


def _between(below: Array, above: Array) -> tuple[Array, Array, Array]:
    """Minus the log probability between two standard limits, and the density at each over that probability."""
    # a row above the score is mirrored: the tail's logarithm is exact on the left only
    turned = below > 0
    left, right = np.where(turned, -above, below), np.where(turned, -below, above)
    outer, inner = log_ndtr(right), log_ndtr(left)
    inside = outer + np.log(-np.expm1(np.minimum(inner - outer, -1e-300)))
    of_lower, of_upper = (np.exp(-0.5 * limit**2 - _LOG_ROOT - inside) for limit in (below, above))
    return -inside, of_lower, of_upper
