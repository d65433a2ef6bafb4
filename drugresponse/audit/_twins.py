"""Samples whose genotypes are identical, or nearly so, beyond what chance and kinship make alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.special import gammaln
from sklearn.utils.sparsefuncs import mean_variance_axis
from threadpoolctl import threadpool_limits

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.identical_rows import identical_rows
from drugresponse.data.surveys.survey import survey_of

__all__ = ["nearly_identical", "telling_rows"]

_MOST_CALLS = 300
"""Calls of a row that are weighed; fewer make a row look less telling, never more."""
_MOST_COMPARED = 4000
"""With more samples nearly identical ones are not looked for: the work grows with the square of their number."""
_MOST_FEATURES = 2000
"""Features by which samples are compared, those that vary most."""
_ENOUGH_FEATURES, _MOST_CELLS = 400, 8_000_000
"""Stored features that are brought into memory at least, and their cells where they are more."""
_FEWEST_FEATURES = 10
_ALIKE = {"counted": 0.85, "measured": 0.9}
"""Correlation of two samples beside the means of the features: siblings have 0.5, typed twice with 1 % errors 0.9."""
_CONTRADICTED = 0.5
_CHANCE = 0.05
"""Expected pairs among all that chance makes so much alike."""


def compared_features(genotypes: Genotypes) -> Genotypes:
    """The genotypes by which samples are compared, in memory.

    Of values that stay where they are stored these are the 2,000 features that vary most, of what is counted and of
    what is measured, or of many samples as few as 400: fewer calls make a row look less telling, never more. Others
    come back whole.
    """
    if not genotypes.is_stored:
        return genotypes
    varies, measured = np.nan_to_num(survey_of(genotypes).variance), _measured(genotypes)
    most = min(_MOST_FEATURES, max(_ENOUGH_FEATURES, _MOST_CELLS // max(genotypes.shape[0], 1)))
    kept = [at[np.argsort(-varies[at], kind="stable")[:most]] for at in map(np.flatnonzero, (~measured, measured))]
    return genotypes.select(np.sort(np.concatenate(kept))).in_memory()


def _measured(genotypes: Genotypes) -> NDArray[np.bool_]:
    return genotypes.features["kind"].isin(["score", "copy_number"]).to_numpy(dtype=bool)


def telling_rows(genotypes: Genotypes, rows: sparse.csr_array) -> NDArray[np.bool_]:
    """`(n_rows,)` whether each row of calls is too rare for two of these samples to share it by chance.

    The chance of the row is the greater of two: of its calls were features independent, and, for samples that differ
    in how much is altered, of drawing its altered features by their frequency. Features with equal columns (complete
    linkage, one copy-number segment) count once. A row is telling when under 0.05 pairs of such rows are expected
    among all pairs of samples.
    """
    n = genotypes.shape[0]
    columns = sparse.csc_array(genotypes.values)
    distinct = np.unique(identical_rows(columns.T), return_index=True)[1]
    columns, by_row = columns[:, distinct], sparse.csr_array(sparse.csc_array(rows)[:, distinct])
    present = np.diff(columns.indptr) / n
    total = max(float(present.sum()), 1e-12)
    absent = np.log(np.maximum(1 - present, 1e-12))
    telling = np.zeros(rows.shape[0], dtype=bool)
    for row in range(len(telling)):
        calls = slice(by_row.indptr[row], by_row.indptr[row + 1])
        at, values = by_row.indices[calls][:_MOST_CALLS], by_row.data[calls][:_MOST_CALLS]
        same, known = (columns[:, at].toarray() == values).mean(axis=0), int(np.isfinite(values).sum())
        # a missing call tells nothing
        same = np.log(np.where(np.isnan(values), 1.0, np.maximum(same, 1 / n)))
        chance = max(
            float(same.sum() + absent.sum() - absent[by_row.indices[calls]].sum()),
            float(gammaln(known + 1) + same.sum() - known * np.log(total)),
        )
        telling[row] = chance + np.log(n) + np.log(max(n - 1, 1)) - np.log(2) < np.log(_CHANCE)
    return telling


def nearly_identical(genotypes: Genotypes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of the samples of each pair that is one genotype but for errors, missing calls or noise.

    Two samples are compared by the correlation of their values beside the means of the features, calls that are
    counted apart from numbers that are measured. It must be that of one genotype, stand out of the correlations of
    this cohort (clones, families and tissues are alike in many features at once), and rest on calls that are rare
    together. Samples without much in common but the usual call are not named.

    Examples
    --------
    >>> calls = np.random.default_rng(0).binomial(2, 0.4, (30, 200)).astype(float)
    >>> calls[7] = calls[3]
    >>> calls[7, :4] = [0, np.nan, 1, 2]
    >>> genotypes = Genotypes.from_dense(calls, [f"s{i}" for i in range(30)], [f"rs{i}" for i in range(200)])
    >>> [samples.tolist() for samples in nearly_identical(genotypes)]
    [[3], [7]]
    """
    n = genotypes.shape[0]
    nothing = np.zeros(0, dtype=np.intp)
    if not 4 <= n <= _MOST_COMPARED:
        return nothing, nothing
    measured = _measured(genotypes)
    alike = {kind: np.zeros((n, n), dtype=bool) for kind in _ALIKE}
    differ = np.zeros((n, n), dtype=bool)
    for kind, columns in (("counted", np.flatnonzero(~measured)), ("measured", np.flatnonzero(measured))):
        values = _most_varying(genotypes.values, columns)
        if values.shape[1] >= _FEWEST_FEATURES:
            likeness, beyond = _likeness(values, kind == "measured")
            alike[kind] = beyond & (likeness >= _ALIKE[kind])
            differ |= likeness < _CONTRADICTED
    one, another = np.nonzero(np.triu((alike["counted"] | alike["measured"]) & ~differ, k=1))
    # measured numbers are never equal by chance, and need not be equal
    telling = alike["measured"][one, another] | _telling_pairs(genotypes, one, another)
    return one[telling], another[telling]


def _most_varying(values: sparse.csr_array, columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """`(n_samples, at most 2000)` dense; what does not vary is left out."""
    some = sparse.csr_array(values[:, columns])
    mean, variance = mean_variance_axis(some.astype(np.float64), axis=0)
    kept = np.sort(np.argsort(-variance, kind="stable")[:_MOST_FEATURES])
    varies = variance[kept] > 1e-9 * (variance[kept] + mean[kept] ** 2)
    return np.asarray(some[:, kept[varies]].toarray(), dtype=np.float32)


def _likeness(values: NDArray[np.float32], measured: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """`(n, n)` how alike samples are, 1 for equal ones, and whether that stands out of this cohort."""
    known = np.isfinite(values)
    centred = np.where(known, values - np.nanmean(values, axis=0), np.float32(0.0))
    if measured:
        centred /= np.maximum(centred.std(axis=0), 1e-30)
    with threadpool_limits(limits=1, user_api="blas"):
        called = known.astype(np.float32)
        n_both = called @ called.T
        correlations = _correlations(centred, called)
        if not measured:
            # beside rare alterations that neither bears any two samples are alike
            correlations = np.minimum(correlations, _correlations(np.where(known, values, np.float32(0.0)), called))
    n = len(values)
    every = np.arctanh(np.clip(correlations, -0.999, 0.999))
    # what its samples have with others, those left aside that there are where every sample stands twice
    share = max(0.01, 2 / n)
    np.fill_diagonal(every, -9.0)
    usual = np.quantile(every, 1 - share, axis=0, method="lower")
    usual = np.maximum(usual, np.median(usual)) / stats.norm.isf(share)
    usual = np.maximum(np.maximum(usual, usual[:, None]), 1 / np.sqrt(values.shape[1]))
    weight = np.sqrt(np.minimum(n_both / max(float(np.median(n_both)), 1.0), 1.0))
    return correlations, (every * weight > usual * stats.norm.isf(_CHANCE / (n * (n - 1) / 2))) & (n_both > 0)


def _correlations(values: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(n, n)` of rows, over the columns that both know; 0 where one of them has nothing."""
    squares = (values**2) @ known.T
    size = np.sqrt(squares * squares.T)
    return np.asarray((values @ values.T) / np.where(size > 0, size, 1.0), dtype=np.float32)


def _telling_pairs(genotypes: Genotypes, one: NDArray[np.intp], another: NDArray[np.intp]) -> NDArray[np.bool_]:
    """`(n_pairs,)` whether the calls that the two have in common are rare together."""
    telling = [np.zeros(0, dtype=bool)]
    for start in range(0, len(one), 100):
        here, there = (genotypes.values[at[start : start + 100]].toarray() for at in (one, another))
        telling.append(telling_rows(genotypes, sparse.csr_array(np.where(here == there, here, np.nan))))
    return np.concatenate(telling)
