"""Axes of ancestry: principal components of the training's genotypes, on which new samples are projected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.genotype_qc.principal_components import independent_features, leading_axes, standardising
from drugresponse.shown import Shown
from drugresponse.threads import one_thread

__all__ = ["ANCESTRY", "AncestryAxes"]

ANCESTRY = "ancestry PC"
"""What the names of the covariates begin with; a number follows."""
_FOLDS = 5
_LEAST_KNOWN = 0.5
_FAR, _DEVIATIONS = 1.0, 5.0


@dataclass(frozen=True, eq=False, repr=False)
class AncestryAxes(Shown):
    """Directions in which the training's samples differ most, in terms of their features.

    Samples that made the axes lie farther out on them than samples that did not, the more so the fewer they were. New
    samples are stretched by what held-out fifths of the training tell of that, so that both can be compared.

    Attributes
    ----------
    features
        `(n_features, ...)` the features that the axes are made of, as in `Genotypes`.
    means, spreads
        `(n_features,)` float64: a dosage is standardised as `(dosage - mean) / spread`.
    loadings
        `(n_features, n_axes)` float64: standardised dosages times these are scores, whose standard deviation over the
        training is 1.
    stretch
        `(n_axes,)` float64, by how much the scores of new samples are multiplied.
    limits
        `(n_axes + 1, 2)` float64 between which a sample counts as one like the training's: on each axis the training's
        range and as much beyond either end; and of the mean squared standardised dosage of a sample, by which one of
        another ancestry is known that lies on none of the axes, the training's mean and five standard deviations.

    References
    ----------
    On projected scores that shrink: Lee, Zou, Wright. Convergence and prediction of principal component scores in
    high-dimensional settings. Annals of Statistics 38 (2010) 3605, doi:10.1214/10-AOS821.
    """

    features: pd.DataFrame
    means: NDArray[np.float64]
    spreads: NDArray[np.float64]
    loadings: NDArray[np.float64]
    stretch: NDArray[np.float64]
    limits: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        """Names of the axes as covariates."""
        return [f"{ANCESTRY}{number}" for number in range(1, self.loadings.shape[1] + 1)]

    @classmethod
    def fit(cls, genotypes: Genotypes, n_axes: int) -> tuple[AncestryAxes, pd.DataFrame]:
        """The axes of these samples, and where these lie on them.

        Parameters
        ----------
        genotypes
            Of the training. The features are those of `independent_features`.
        n_axes
            How many.

        Returns
        -------
        axes, scores
            The scores have the index `sample_id` and the columns `names`.

        Raises
        ------
        InputError
            There are too few samples or features for so many axes.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> frequency = rng.uniform(0.1, 0.9, (2, 300))
        >>> def drawn(n):
        ...     return rng.binomial(2, frequency[np.arange(n) % 2])
        >>> features = [f"rs{i}" for i in range(300)]
        >>> old = Genotypes.from_dense(drawn(60), [f"s{i}" for i in range(60)], features, kind="dosage")
        >>> axes, scores = AncestryAxes.fit(old, 1)
        >>> at = [features.index(name) for name in axes.features.index]
        >>> new = axes.project(drawn(10)[:, at].astype(float), np.ones(10, dtype=bool))[:, 0]
        >>> bool(np.all(np.sign(new) == np.sign(scores["ancestry PC1"][:10])))
        True
        """
        columns, kind = independent_features(genotypes)
        n_samples = genotypes.shape[0]
        if min(len(columns), n_samples // 2) < n_axes or not len(columns):
            raise InputError(
                f"`ancestry_components`: found {n_samples} samples and {len(columns)} features that vary and are not "
                f"linked (expected at least {2 * n_axes} and {n_axes} for {n_axes} components). Ask for fewer, or none."
            )
        values = genotypes.dense(columns)
        means, spreads = standardising(values, kind)
        table = _standardised(values, means, spreads)
        with one_thread():
            scores, _, axes = leading_axes(table, n_axes)
            stretch = _stretch(table, n_axes)
        loadings = axes / np.sqrt((scores**2).mean(axis=0))
        placed = _measures(table, ~np.isnan(values), loadings)
        fitted = cls(genotypes.features.iloc[columns], means, spreads, loadings, stretch, _limits(placed))
        return fitted, pd.DataFrame(placed[:, :-1], index=genotypes.sample_ids, columns=fitted.names)

    def project(self, values: NDArray[np.float64], is_new: NDArray[np.bool_]) -> NDArray[np.float64]:
        """`(n_samples, n_axes)` scores of samples, comparable with those of the training.

        Parameters
        ----------
        values
            `(n_samples, n_features)` the features of the axes, on the training's alleles; NaN where a call is missing,
            which counts as the training's mean.
        is_new
            `(n_samples,)` which samples did not make the axes.

        Returns
        -------
        numpy.ndarray
            NaN where features that carry half of an axis are missing.
        """
        stretched = self._stretched(values)[:, :-1]
        return np.where(is_new[:, None], stretched, stretched / self.stretch)

    def outside(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """`(n_samples,)` which samples, if new, lie outside the limits; `values` as for `project`."""
        measures, (low, high) = self._stretched(values), self.limits.T
        return np.asarray(((measures < low) | (measures > high)).any(axis=1))

    def _stretched(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        table = _standardised(values, self.means, self.spreads)
        return _measures(table, ~np.isnan(values), self.loadings) * np.append(self.stretch, 1.0)


def _measures(
    table: NDArray[np.float64], known: NDArray[np.bool_], loadings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`(n_samples, n_axes + 1)` scores, not stretched, and the mean square; NaN where less than half is known."""
    weights = loadings**2
    share, n_known = known @ weights / weights.sum(axis=0), known.sum(axis=1)
    scores = np.where(share >= _LEAST_KNOWN, table @ loadings / np.maximum(share, _LEAST_KNOWN), np.nan)
    far = np.where(n_known >= _LEAST_KNOWN * len(weights), (table**2).sum(axis=1) / np.maximum(n_known, 1), np.nan)
    return np.column_stack([scores, far])


def _limits(placed: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.nanmin(placed, axis=0), np.nanmax(placed, axis=0)
    low, high = low - _FAR * (high - low), high + _FAR * (high - low)
    squares = placed[:, -1]
    low[-1], high[-1] = 0.0, np.nanmean(squares) + _DEVIATIONS * np.nanstd(squares)
    return np.stack([low, high], axis=1)


def _standardised(
    values: NDArray[np.floating], means: NDArray[np.float64], spreads: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.nan_to_num((values - means) / spreads)


def _stretch(table: NDArray[np.float64], n_axes: int) -> NDArray[np.float64]:
    """`(n_axes,)` how much farther out samples lie that made the axes than a fifth of them that did not."""
    fold = np.random.default_rng(0).permutation(len(table)) % _FOLDS
    ratios = []
    for number in range(_FOLDS):
        held = fold == number
        scores, _, axes = leading_axes(table[~held], n_axes)
        new = (table[held] - table[~held].mean(axis=0)) @ axes
        ratios.append(np.sqrt((scores**2).mean(axis=0) / np.maximum((new**2).mean(axis=0), 1e-12)))
    return np.maximum(np.median(ratios, axis=0), 1.0)
