"""The one interface of all losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["RowLoss"]


class RowLoss(ABC):
    """Minus the log likelihood of some training rows, as a function of one score for each.

    A score is on the link's scale and larger where the response is: log odds of the event, the place of a latent
    variable among the classes, the location of a value between limits, the log hazard. What a likelihood needs beside
    the score, such as the cuts between classes or the spread of values, is held for each drug and set by `adjusted`.

    Attributes
    ----------
    weights
        `(n_rows,)` above 0, of mean 1.
    drug_index
        `(n_rows,)` number of each row's drug, from 0.
    unit
        How far scores lie apart, as the kind of outcome has it: 1 for log odds and log hazards, the spread of values.
    looks_at_others
        Whether the loss of a row hangs on other rows too.
    """

    weights: Array
    drug_index: NDArray[np.intp]
    unit: float = 1.0
    looks_at_others: ClassVar[bool] = False

    @abstractmethod
    def values(self, scores: Array) -> Array:
        """`(n_rows,)` loss of each row, without its weight."""

    @abstractmethod
    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` slope and curvature of `total` by each score, weights included; the curvature is above 0."""

    @abstractmethod
    def start(self) -> Array:
        """`(n_drugs,)` the one score that suits the rows of each drug best.

        It is drawn towards that of all rows where a drug has few, and 0 where no score suits better than another.
        """

    def adjusted(self, scores: Array) -> RowLoss:  # noqa: ARG002 -- for losses that hold more than the score
        """The same loss with what it holds beside the scores set to what suits these best."""
        return self

    @abstractmethod
    def take(self, rows: Any) -> RowLoss:
        """The loss of some rows alone; drugs keep their numbers, and what is held for them."""

    @abstractmethod
    def answers(self) -> NDArray[np.intp]:
        """`(n_rows,)` number of what is known of each row.

        Rows of one number, drug and score differ in weight alone, unless a loss looks at other rows.
        """

    def reweighted(self, rows: NDArray[np.intp], weights: Array) -> RowLoss:
        """The loss of some rows, with other weights: where others are like them, those of all."""
        return cast("RowLoss", replace(cast("Any", self.take(rows)), weights=weights))

    def total(self, scores: Array) -> float:
        """The weighted sum over rows."""
        return float(self.weights @ self.values(scores))

    def total_and_slope(self, scores: Array) -> tuple[float, Array]:
        """`total`, and `(n_rows,)` its slope by each score."""
        return self.total(scores), self.derivatives(scores)[0]
