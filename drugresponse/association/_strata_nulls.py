"""The sum of the residuals of carriers who are drawn anew within strata: exactly, and by draws."""

from __future__ import annotations

from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from drugresponse.association._rare_carriers import DRAWS, ENOUGH, GRID, LEAST_P, elementary_symmetric

__all__ = ["StrataNulls", "drawn_in_strata"]

Array = NDArray[np.float64]

_NUMBERS_AT_ONCE = 1_000_000


class StrataNulls:
    """Exact distributions as in `SumNull`, where each stratum keeps its number of carriers.

    Sums of independent draws have the product of the transforms of each stratum.

    Parameters
    ----------
    residuals
        `(n,)` with mean 0 in each stratum.
    stratum
        `(n,)` numbers from 0.
    most
        Greatest number of carriers.

    Examples
    --------
    >>> nulls = StrataNulls(np.array([-1.0, 1.0, -3.0, 3.0]), np.array([0, 0, 1, 1]), most=2)
    >>> [round(nulls.p_value(carriers), 6) for carriers in (np.array([1, 3]), np.array([0, 1]))]
    [0.5, 1.0]
    """

    def __init__(self, residuals: Array, stratum: NDArray[np.intp], most: int) -> None:
        self.residuals, self.stratum = residuals, stratum
        self.size = np.bincount(stratum)
        self.least = float(residuals.min())
        self.step = float(residuals.max() - self.least) * most / (GRID - most - 1)
        self._transforms: dict[int, NDArray[np.complex128]] = {}

    def p_value(self, carriers: NDArray[np.intp]) -> float:
        """Probability that as many carriers in each stratum add up to something as far from 0, on either side.

        Parameters
        ----------
        carriers
            `(k,)` row numbers.
        """
        k = np.bincount(self.stratum[carriers], minlength=len(self.size))
        ways = prod(comb(int(n), int(number)) for n, number in zip(self.size, k, strict=True))
        if self.step == 0 or ways == 1:
            return 1.0
        total = np.ones(GRID // 2 + 1, dtype=np.complex128)
        for at in np.flatnonzero(k):
            total = total * self._chosen(int(at), int(k[at])) / comb(int(self.size[at]), int(k[at]))
        mass = np.maximum(np.fft.irfft(total, GRID), 0.0)
        sums = len(carriers) * self.least + self.step * np.arange(GRID)
        # rounding to the grid is taken against the finding, as in `SumNull`
        far = abs(float(self.residuals[carriers].sum())) - (len(carriers) / 2 + 1e-6) * self.step
        reached = float(mass[np.abs(sums) >= far].sum()) if far > 0 else 1.0
        return float(np.clip(max(reached, 1 / ways), LEAST_P, 1.0))

    def _chosen(self, at: int, k: int) -> NDArray[np.complex128]:
        """Transform of the number of ways in which k of a stratum add up to each sum."""
        if at not in self._transforms or len(self._transforms[at]) <= k:
            steps = np.rint((self.residuals[self.stratum == at] - self.least) / self.step).astype(np.intp)
            self._transforms[at] = elementary_symmetric(steps, k)
        return np.asarray(self._transforms[at][k])


def drawn_in_strata(residuals: Array, stratum: NDArray[np.intp], calls: Array, generator: np.random.Generator) -> float:
    """P-value by dealing calls anew within strata, for a feature whose carriers do not all have the same call.

    As many draws as in `drawn_p_value`.

    Parameters
    ----------
    residuals, stratum
        `(n,)` as in `StrataNulls`.
    calls
        `(n,)` what each row differs by from those that do not carry the feature.
    generator
        Of the draws.
    """
    order = np.argsort(stratum, kind="stable")
    ordered, carried = stratum[order], np.flatnonzero(calls[order])
    observed = abs(float(calls @ residuals)) * (1 - 1e-12)
    at_once, p = max(1, _NUMBERS_AT_ONCE // len(calls)), 1.0
    for n_draws in DRAWS:
        reached = 0
        for done in range(0, n_draws, at_once):
            keys = ordered + generator.random((min(at_once, n_draws - done), len(calls)))
            dealt = residuals[order][np.argsort(keys, axis=1)[:, carried]]
            reached += int((np.abs(dealt @ calls[order][carried]) >= observed).sum())
        p = (1 + reached) / (1 + n_draws)
        if reached >= ENOUGH:
            break
    return p
