"""The curve that is fitted: viability falls from a top to a bottom as the logarithm of the dose grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.shown import Shown

__all__ = ["HillCurves"]

LN10 = float(np.log(10.0))


@dataclass(frozen=True, eq=False, repr=False)
class HillCurves(Shown):
    """Many Hill curves: `bottom + (top - bottom) / (1 + (dose / midpoint) ** slope)`.

    Attributes
    ----------
    midpoint
        `(n_curves,)` log10 of the dose halfway between top and bottom.
    slope
        `(n_curves,)` above 0.
    top, bottom
        `(n_curves,)` viability without drug, and at doses without end; the bottom is not above the top.

    Examples
    --------
    >>> curve = HillCurves(*(np.array([value]) for value in (0.0, 1.0, 1.0, 0.0)))
    >>> curve.viability_at(np.array([[0.0, 1.0]])).round(3).tolist()
    [[0.5, 0.091]]
    >>> curve.log_dose_at(0.2).round(3).tolist()
    [0.602]
    """

    midpoint: NDArray[np.float64]
    slope: NDArray[np.float64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.midpoint)

    def take(self, rows: NDArray[np.intp]) -> HillCurves:
        """Some of the curves, in the order of `rows`."""
        return HillCurves(self.midpoint[rows], self.slope[rows], self.top[rows], self.bottom[rows])

    def viability_at(self, log_dose: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_curves, n_doses)` viability at the log10 doses of each curve, `(n_curves, n_doses)`."""
        steps = self.slope[:, None] * LN10 * (log_dose - self.midpoint[:, None])
        # 1 / (1 + exp(steps)), written so that nothing overflows
        remaining = 0.5 * (1.0 - np.tanh(0.5 * steps))
        return self.bottom[:, None] + (self.top - self.bottom)[:, None] * remaining

    def log_dose_at(self, viability: float) -> NDArray[np.float64]:
        """`(n_curves,)` log10 of the dose where a curve crosses a viability: -inf or inf where it never does."""
        crosses = (self.bottom < viability) & (viability < self.top)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log10((self.top - viability) / (viability - self.bottom))
        never = np.where(self.top <= viability, -np.inf, np.inf)
        return np.where(crosses, self.midpoint + np.where(crosses, ratio, 0.0) / self.slope, never)

    def mean_between(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_curves,)` mean viability over log10 dose from `low` to `high`, each `(n_curves,)`: exact, not sampled."""
        steep = self.slope * LN10

        def fallen(log_dose: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.logaddexp(0.0, steep * (log_dose - self.midpoint)) / steep

        remaining = 1.0 - (fallen(high) - fallen(low)) / (high - low)
        return self.bottom + (self.top - self.bottom) * remaining
