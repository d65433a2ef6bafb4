"""The one interface of the metrics of all kinds: of some rows, for many weightings of them at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

__all__ = ["RowScores"]

_DRAWS_AT_ONCE = 100

Array = NDArray[np.float64]


class RowScores(ABC):
    """The metrics of one prediction of an outcome.

    Attributes
    ----------
    names
        Of the metrics, the proper loss first.
    losses
        `(n_rows,)` proper loss of each row.
    """

    names: tuple[str, ...]
    losses: Array

    @abstractmethod
    def weighted(self, at: NDArray[np.intp], weights: Array) -> dict[str, Array]:
        """`(n_draws,)` of each metric over rows `at`, with `(n_draws, len(at))` weights, not below 0."""

    def of(self, at: NDArray[np.intp], weights: Array | None = None) -> Array:
        """`(n_metrics, n_draws)` over some rows; NaN where a metric is not defined.

        Parameters
        ----------
        at
            Numbers of the rows.
        weights
            `(n_draws, len(at))` not below 0, such as how often a bootstrap drew each row; None is once each.
        """
        if weights is None:
            weights = np.ones((1, len(at)))
        blocks = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for start in range(0, len(weights), _DRAWS_AT_ONCE):
                made = self.weighted(at, np.asarray(weights[start : start + _DRAWS_AT_ONCE], dtype=np.float64))
                blocks.append(np.stack([made[name] for name in self.names]))
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((len(self.names), 0))
