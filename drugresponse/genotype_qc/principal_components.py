"""Principal components of genotypes: ancestry, batches and relatives become visible in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from drugresponse.data.genotypes import KINDS, Genotypes
from drugresponse.shown import Shown

__all__ = [
    "PrincipalComponents",
    "independent_features",
    "leading_axes",
    "principal_components",
    "shares_explained",
    "standardising",
]

MOST_FEATURES = 20_000
"""Features that components are made of, at most; with many samples fewer, so that the work stays small."""
_MOST_CELLS = 20_000_000
_FEWEST = 10
_WINDOW = 50
_LINKED = 0.2
_CHANCE = 9.0
_SEX_AND_OTHER = ("X", "Y", "MT", "M", "XY", "23", "24", "25", "26")


@dataclass(frozen=True, eq=False, repr=False)
class PrincipalComponents(Shown):
    """Components of the samples.

    Attributes
    ----------
    scores
        Index `sample_id`, columns `PC1`, `PC2`, ...: eigenvectors of length 1 times the root of their eigenvalue.
    shares
        `(n_components,)` share of the variance of each.
    n_features, kind
        How many features they are made of, and of which kind; none when there are too few.
    """

    scores: pd.DataFrame
    shares: NDArray[np.float64]
    n_features: int
    kind: str


def principal_components(genotypes: Genotypes, n_components: int = 10) -> PrincipalComponents:
    """Find the directions in which samples differ most.

    The features are those of `independent_features`. Each is centred and divided by its standard deviation, which for a
    dosage is the one expected of its allele frequency p, sqrt(2 p (1 - p)); a missing call is taken as the mean.

    Parameters
    ----------
    genotypes
        Of any kind.
    n_components
        How many, at most.

    Returns
    -------
    PrincipalComponents
        Without components when fewer than 3 samples or 10 features vary. The sample that is farthest out on a component
        has a positive score.

    References
    ----------
    Patterson, Price, Reich. Population structure and eigenanalysis. PLoS Genetics 2 (2006) e190,
    doi:10.1371/journal.pgen.0020190.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frequency = np.stack([rng.uniform(0.1, 0.9, 200), rng.uniform(0.1, 0.9, 200)])
    >>> dosages = rng.binomial(2, frequency[np.repeat([0, 1], 10)])
    >>> ids = [f"s{i}" for i in range(20)], [f"rs{i}" for i in range(200)]
    >>> components = principal_components(Genotypes.from_dense(dosages, *ids, kind="dosage"))
    >>> sides = components.scores["PC1"].to_numpy() > 0
    >>> bool(sides[:10].all() or sides[10:].all()), len(set(sides[:10])), len(set(sides[10:]))
    (True, 1, 1)
    """
    columns, kind = independent_features(genotypes)
    n_samples = genotypes.shape[0]
    if n_samples < 3 or len(columns) < _FEWEST:
        return PrincipalComponents(pd.DataFrame(index=genotypes.sample_ids), np.empty(0), 0, "")
    # products differ between one thread and two
    with threadpool_limits(limits=1, user_api="blas"):
        table = _standardised(genotypes.dense(columns), kind)
        scores, shares, _ = leading_axes(table, min(n_components, n_samples - 1, table.shape[1]))
    names = [f"PC{i + 1}" for i in range(scores.shape[1])]
    return PrincipalComponents(
        pd.DataFrame(scores, index=genotypes.sample_ids, columns=names), shares, table.shape[1], kind
    )


def shares_explained(scores: pd.DataFrame, groups: pd.Series) -> NDArray[np.float64]:
    """`(n_components,)` share of each component's variance that lies between groups of samples.

    Parameters
    ----------
    scores
        Components of the samples.
    groups
        Same rows, text; samples with "" are left out.

    Returns
    -------
    numpy.ndarray
        The adjusted share (1 minus the ratio of the variance within groups to that of all: chance gives 0), at least
        0; NaN with fewer than two groups, or without a sample to spare.

    Examples
    --------
    >>> scores = pd.DataFrame({"PC1": [1.0, 1.1, -1.0, -1.1], "PC2": [1.0, -1.0, 1.0, -1.0]})
    >>> shares_explained(scores, pd.Series(["a", "a", "b", "b"])).round(2).tolist()
    [1.0, 0.0]
    """
    known = (groups != "").to_numpy()
    values, codes = scores.to_numpy()[known], pd.factorize(groups[known])[0]
    n_groups, n = len(np.unique(codes)), len(codes)
    if n_groups < 2 or n <= n_groups:
        return np.full(scores.shape[1], np.nan)
    means = np.stack([values[codes == code].mean(axis=0) for code in range(n_groups)])
    within = ((values - means[codes]) ** 2).sum(axis=0) / (n - n_groups)
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0) / (n - 1)
    return np.maximum(1 - within / np.where(total > 0, total, np.nan), 0.0)


def independent_features(genotypes: Genotypes) -> tuple[NDArray[np.intp], str]:
    """Choose features that vary, of one kind, not too many, and dosages that are not linked.

    Taken are dosages when ten or more vary, otherwise the kind with the most features that vary. Of more than 20,000
    (with over 1,000 samples: fewer) features, that many at equal steps along the genome. Of dosages those on autosomes
    with a minor allele frequency of 0.01 or more, whose r squared with the features kept before in a window of 50 is at
    most 0.2 (with fewer than 45 samples more, since chance alone gives more).

    Returns
    -------
    columns, kind
        `(n_chosen,)` column numbers in the order of the genome; the kind.
    """
    columns, kind = _varying_features(genotypes)
    if kind != "dosage" or not len(columns):
        return columns, kind
    with threadpool_limits(limits=1, user_api="blas"):
        return columns[_unlinked(_standardised(genotypes.dense(columns), kind))], kind


def _varying_features(genotypes: Genotypes) -> tuple[NDArray[np.intp], str]:
    """Columns that vary, of one kind, in the order of the genome, and not too many."""
    mean, variance = genotypes.moments()
    kinds, chromosomes = (genotypes.features[name].to_numpy() for name in ("kind", "chromosome"))
    usable = variance > 0
    frequency = np.minimum(mean, 2 - mean) / 2
    usable &= (kinds != "dosage") | ((frequency >= 0.01) & ~np.isin(chromosomes, _SEX_AND_OTHER))
    columns_of = {kind: np.flatnonzero(usable & (kinds == kind)) for kind in KINDS}
    enough = len(columns_of["dosage"]) >= _FEWEST
    kind = "dosage" if enough else max(KINDS, key=lambda kind: len(columns_of[kind]))
    most = min(MOST_FEATURES, max(_FEWEST, _MOST_CELLS // max(genotypes.shape[0], 1)))
    columns = columns_of[kind]
    if len(columns) > most:
        columns = columns[np.linspace(0, len(columns) - 1, most).round().astype(np.intp)]
    return columns, kind


def standardising(values: NDArray[np.float32], kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(n_features,)` means and spreads by which features are standardised; a dosage's spread is that of its frequency.

    Parameters
    ----------
    values
        `(n_samples, n_features)`, NaN where missing.
    kind
        Of the features.
    """
    mean = np.nanmean(values, axis=0, dtype=np.float64)
    spread = np.sqrt(mean * (1 - mean / 2)) if kind == "dosage" else np.nanstd(values, axis=0, dtype=np.float64)
    return np.asarray(mean), np.where(spread > 0, spread, 1)


def _standardised(values: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    mean, spread = standardising(values, kind)
    table = (values - mean.astype(np.float32)) / spread.astype(np.float32)
    return np.where(np.isnan(table), np.float32(0), table)


def _unlinked(table: NDArray[np.float32]) -> NDArray[np.intp]:
    """Columns that are not linked to one that is kept before them in the same window."""
    n_samples, n_features = table.shape
    limit = max(_LINKED, _CHANCE / n_samples)
    kept: list[int] = []
    for start in range(0, n_features, _WINDOW):
        window = table[:, start : start + _WINDOW]
        length = np.sqrt((window**2).sum(axis=0))
        related = (window.T @ window / np.outer(length, length)) ** 2 > limit
        chosen: list[int] = []
        for at in range(window.shape[1]):
            if not related[at, chosen].any():
                chosen.append(at)
        kept += [start + at for at in chosen]
    return np.array(kept, dtype=np.intp)


def leading_axes(
    table: NDArray[np.floating], n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scores `(n_samples, n_components)`, the farthest above 0; shares; and axes `(n_features, n_components)`.

    Parameters
    ----------
    table
        `(n_samples, n_features)` standardised; missing is 0.
    n_components
        How many.
    """
    solver = "arpack" if n_components < min(table.shape) else "full"
    pca = PCA(n_components, svd_solver=solver, random_state=0)
    scores = pca.fit_transform(table).astype(np.float64)
    farthest = np.abs(scores).argmax(axis=0)
    signs = np.where(scores[farthest, np.arange(n_components)] < 0, -1.0, 1.0)
    shares = np.asarray(pca.explained_variance_ratio_, dtype=np.float64)
    return scores * signs, shares, np.asarray(pca.components_.T * signs, dtype=np.float64)
