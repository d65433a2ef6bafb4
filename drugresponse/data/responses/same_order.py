"""Columns that order the samples as a response does: the response in another unit, another sign, as ranks, or cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

__all__ = ["BETTER_THAN_REPEATS", "FEWEST", "ResponseOrders", "are_one_to_one", "is_cut", "levels_of", "means_of"]

_COPY = 0.99
"""Rank correlation beyond which a column is a copy: measured twice, no response agrees so well with itself."""
BETTER_THAN_REPEATS = 0.8
"""Rank correlation that two measurements of one drug hardly reach, in screens 0.5 to 0.8."""
_LIKELY = 0.9
"""Correlation of ranks taken once over all samples, beyond which they are taken anew over the common ones."""
FEWEST = 10
"""Samples, and distinct values: a marker of few values that decides the response is no copy of it."""
MANY_LEVELS = 4
"""Levels of which some may lie apart though they were cut from a response, and the fewest that rank it."""
_MANY_VALUES = 20
_GAP = 4.0
"""Widest gap between the parts of a response that was cut, in mean distances of neighbours."""
_CHANCE = 0.01
"""Expected number of columns that agree so well by chance, in all comparisons together."""


@dataclass(frozen=True, eq=False)
class ResponseOrders:
    """Responses of which a column of the inputs may be a copy.

    Attributes
    ----------
    values
        `(n_samples, n_responses)` each drug's and means of them, NaN where not measured.
    n_classes
        The first so many responses are numbers of classes, which a column copies where it names them or is parted by
        them.

    Examples
    --------
    >>> orders = ResponseOrders(np.arange(40.0)[:, None])
    >>> list(orders.copied_by(pd.Series(-np.arange(40.0) ** 3), 1, may_part=False))
    [(0, False)]
    """

    values: NDArray[np.float64]
    n_classes: int = 0

    @cached_property
    def _ranks(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _centred_ranks(self.values)

    def copied_by(self, column: pd.Series, n_comparisons: int, *, may_part: bool) -> Iterator[tuple[int, bool]]:
        """Numbers of the responses that a covariate orders the samples as, and whether it is one cut into parts.

        Fewer than four levels are no copy where they `may_part` a response, as two tissues can.
        """
        levels = levels_of(column)
        few = levels.max() + 1 < MANY_LEVELS
        for number, classes in enumerate(self.values.T[: self.n_classes]):
            parts = levels_of(pd.Series(classes))
            is_amount = column.dtype != object and not few
            parted = is_amount and is_cut(parts, column.to_numpy(np.float64), n_comparisons, gaps=may_part)
            if parted or (not may_part and are_one_to_one(levels, classes, n_comparisons)):
                yield number, False
        if column.dtype != object and not few:
            for _, response in self.copies(column.to_numpy(np.float64)[:, None], n_comparisons):
                yield response, False
        if few and may_part:
            return
        for number, response_values in enumerate(self.values.T):
            if is_cut(levels, response_values, n_comparisons):
                yield number, True

    def copies(self, columns: NDArray[np.float64], n_comparisons: int) -> Iterator[tuple[int, int]]:
        """`(column, response)` numbers of those that order the samples alike, or the other way round.

        Columns of few values never do, except for four or more that are the response cut into parts.
        """
        n_values = np.array([len(np.unique(column[np.isfinite(column)])) for column in columns.T], dtype=np.intp)
        many = np.flatnonzero(n_values >= MANY_LEVELS)
        correlations = np.abs(_rank_correlations(_centred_ranks(columns[:, many]), self._ranks))
        yield from self._parted(columns, many, correlations, n_comparisons)
        likely = correlations >= _LIKELY
        likely[:, : self.n_classes] = False
        for at, response in zip(*np.nonzero(likely), strict=True):
            if _is_copy(columns[:, many[at]], self.values[:, response], n_comparisons):
                yield int(many[at]), int(response)

    def near_copies(self, columns: NDArray[np.float64], chance: float) -> Iterator[tuple[int, int]]:
        """`(column, response)` numbers of those whose rank correlation is above 0.8 beyond chance (Fisher's z).

        Columns, or responses, of few values never are.
        """
        n_values = np.array([len(np.unique(column[np.isfinite(column)])) for column in columns.T], dtype=np.intp)
        many = np.flatnonzero(n_values >= max(FEWEST, min(_MANY_VALUES, len(columns) // 2)))
        correlations = np.abs(_rank_correlations(_centred_ranks(columns[:, many]), self._ranks))
        correlations[:, : self.n_classes] = 0.0
        for at, response in zip(*np.nonzero(correlations > BETTER_THAN_REPEATS), strict=True):
            both = np.isfinite(columns[:, many[at]]) & np.isfinite(self.values[:, response])
            n, n_distinct = int(both.sum()), len(np.unique(self.values[both, response]))
            if n_distinct < FEWEST:
                continue
            # 1.06: what ranks have more of variance than normal values (Fieller, Hartley and Pearson 1957)
            apart = np.arctanh(min(correlations[at, response], 1 - 1e-9)) - np.arctanh(BETTER_THAN_REPEATS)
            if stats.norm.sf(apart * np.sqrt((n - 3) / 1.06)) < chance:
                yield int(many[at]), int(response)

    def _parted(
        self,
        columns: NDArray[np.float64],
        many: NDArray[np.intp],
        correlations: NDArray[np.float64],
        n_comparisons: int,
    ) -> Iterator[tuple[int, int]]:
        """Amounts that the classes part, as a number does of which they were made."""
        for response, classes in enumerate(self.values.T[: self.n_classes]):
            levels = levels_of(pd.Series(classes))
            shares = np.bincount(levels[levels >= 0]) / max((levels >= 0).sum(), 1)
            # the correlation of the ranks of a number with the classes that part it, and some for what is missing
            least = 0.9 * np.sqrt(max(1 - float((shares**3).sum()), 0.0))
            for at in np.flatnonzero(correlations[:, response] >= least):
                if is_cut(levels, columns[:, many[at]], n_comparisons):
                    yield int(many[at]), response


def are_one_to_one(levels: NDArray[np.intp], classes: NDArray[np.float64], n_comparisons: int) -> bool:
    """Whether each level (-1 is none) is one class, in enough samples of each that chance would not do it.

    Examples
    --------
    >>> classes = np.tile([0.0, 1.0, 1.0], 10)
    >>> are_one_to_one(classes.astype(int), classes, 1), are_one_to_one(classes.astype(int)[::-1], classes, 1)
    (True, False)
    """
    known = (levels >= 0) & np.isfinite(classes)
    pairs, counts = np.unique(np.stack([levels[known], classes[known]]), axis=1, return_counts=True)
    n = [len(np.unique(side)) for side in pairs]
    if known.sum() < FEWEST or n[0] < 2 or not n[0] == n[1] == len(counts):
        return False
    chance = gammaln(len(counts) + 1) + gammaln(counts + 1).sum() - gammaln(counts.sum() + 1)
    return bool(chance + np.log(n_comparisons) < np.log(_CHANCE))


def _is_copy(column: NDArray[np.float64], response: NDArray[np.float64], n_comparisons: int) -> bool:
    both = np.isfinite(column) & np.isfinite(response)
    enough = min(_MANY_VALUES, max(FEWEST, len(column) // 2))
    column, response, n = column[both], response[both], int(both.sum())
    n_distinct, n_responses = len(np.unique(column)), len(np.unique(response))
    if n < FEWEST:
        return False
    if min(n_distinct, n_responses) < min(enough, max(FEWEST, n // 2)):
        # parts of a response hold several values; a marker that decides a few has one of each
        may_be_cut = n_distinct >= MANY_LEVELS and n_responses >= 2 * n_distinct
        return may_be_cut and is_cut(np.unique(column, return_inverse=True)[1], response, n_comparisons)
    correlation = abs(float(np.corrcoef(stats.rankdata(column), stats.rankdata(response))[0, 1]))
    t = correlation * np.sqrt((n - 2) / max(1 - correlation**2, 1e-12))
    return correlation > _COPY and bool(2 * stats.t.sf(t, n - 2) * n_comparisons < _CHANCE)


def levels_of(column: pd.Series) -> NDArray[np.intp]:
    """`(n_samples,)` number of each distinct value, -1 where there is none."""
    return pd.factorize(column.where(column != "") if column.dtype == object else column)[0]


def is_cut(levels: NDArray[np.intp], response: NDArray[np.float64], n_comparisons: int, *, gaps: bool = True) -> bool:
    """Whether the levels (-1 is none) are the response cut into parts, which chance would not do.

    Of a marker that decides the response the levels lie apart: those with gaps between them are no parts.

    Examples
    --------
    >>> y = np.arange(40.0)
    >>> is_cut(np.repeat([1, 0], 20), y, 1), is_cut(np.repeat([1, 0], 20), y + 30 * (y >= 20), 1)
    (True, False)
    """
    known = (levels >= 0) & np.isfinite(response)
    order = np.argsort(response[known], kind="stable")
    y, part = response[known][order], levels[known][order]
    counts, ends = np.unique(part, return_counts=True)[1], np.flatnonzero(np.diff(part))
    gap = y[ends + 1] - y[ends]
    if len(counts) < 2 or len(ends) != len(counts) - 1 or gap.min() <= 0:
        return False
    chance = gammaln(len(counts) + 1) + gammaln(counts + 1).sum() - gammaln(len(y) + 1)
    if chance + np.log(n_comparisons) > np.log(_CHANCE):
        return False
    # 0.8: the share of the values between the two quantiles
    usual = float(np.subtract(*np.quantile(y, [0.9, 0.1]))) / (0.8 * len(y))
    # of many parts those in the tails of the response may lie apart
    widest = gap.max() if len(counts) < MANY_LEVELS else np.median(gap)
    return bool(not gaps or widest <= _GAP * usual)


def means_of(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_samples, 2)` mean response over the drugs, as it is and without the means of the drugs."""
    frame = pd.DataFrame(table)
    return np.column_stack([frame.mean(axis=1), (frame - frame.mean()).mean(axis=1)])


def _rank_correlations(
    columns: tuple[NDArray[np.float64], NDArray[np.float64]], responses: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """`(n_columns, n_responses)` correlations of ranks taken once, each over the samples that have both; else 0."""
    (x, has_x), (y, has_y) = columns, responses
    n = has_x.T @ has_y
    with np.errstate(divide="ignore", invalid="ignore"):
        sum_x, sum_y = x.T @ has_y, has_x.T @ y
        covariance = x.T @ y - sum_x * sum_y / n
        spread_x, spread_y = (x**2).T @ has_y - sum_x**2 / n, has_x.T @ y**2 - sum_y**2 / n
        correlations = covariance / np.sqrt(spread_x * spread_y)
    return np.where(n >= FEWEST, np.nan_to_num(correlations), 0.0)


def _centred_ranks(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ranks within each column around 0 and at most 1, 0 where missing, and 1 where there is one."""
    known = np.isfinite(values)
    # what is missing ranks last, which leaves the others their ranks
    ranks = np.where(known, stats.rankdata(np.where(known, values, np.inf), axis=0), 0.0) / max(len(values), 1)
    means = ranks.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, ranks - means, 0.0), known.astype(np.float64)
