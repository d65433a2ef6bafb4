"""From sums to effects, intervals and p-values; what cannot be tested is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import special

from drugresponse.association._clones import Clones
from drugresponse.association._covariate_bases import CovariateBases
from drugresponse.association._grid import GridSums, grid_sums
from drugresponse.association._rare_carriers import RARE, SumNull, drawn_p_value
from drugresponse.association.feature_columns import FeatureColumns

__all__ = ["AssociationCells", "associate_drugs"]

_LEAST_SPREAD = 1e-8
"""Of a feature's variance: what covariates must leave of it."""
_LEAST_TOTAL = 1e-12
_LEAST_REST = 1e-15
_COVERAGE = 0.95


@dataclass(frozen=True, eq=False)
class AssociationCells:
    """The (feature, drug) cells that could be tested; all arrays are `(n_cells,)`, ordered by drug and feature.

    Attributes
    ----------
    feature, drug
        Column numbers.
    effect, half_width
        In response units for each unit of the feature, and half of its 95 % interval.
    carriers, samples
        Among the samples that have both response and call.
    statistic, p
        t of the effect, or z of its score, and its two-sided p.
    permuted
        Whether p is by permutation.
    """

    feature: NDArray[np.intp]
    drug: NDArray[np.intp]
    effect: NDArray[np.float64]
    half_width: NDArray[np.float64]
    carriers: NDArray[np.int64]
    samples: NDArray[np.int64]
    statistic: NDArray[np.float64]
    p: NDArray[np.float64]
    permuted: NDArray[np.bool_]

    @classmethod
    def join(cls, parts: Sequence[AssociationCells]) -> AssociationCells:
        """Cells of several drugs after one another."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def associate_drugs(
    features: FeatureColumns,
    bases: CovariateBases,
    drugs: NDArray[np.intp],
    minimum_carriers: int,
    random_state: int,
    clones: Clones | None = None,
) -> AssociationCells:
    """Test these drugs with every feature.

    Parameters
    ----------
    features, bases
        Of the same samples; the bases of these drugs.
    drugs
        `(n_drugs,)` their numbers, which with `random_state` seed what is drawn for a drug.
    minimum_carriers
        Fewest carriers, and fewest others of a feature with two values.
    random_state
        Seed.
    clones
        Samples that are alike, of the same samples; None where each stands for itself.
    """
    sums = grid_sums(features, bases)
    drug, feature = np.nonzero(_testable(sums, features, bases, minimum_carriers).T)
    at = feature, drug
    product, spread, total = sums.product[at], sums.spread[at], sums.total[at]
    samples, carriers = sums.samples[at], sums.carriers[at]
    if bases.root is None:
        statistic, strength, p, half_width = _t_tests(product, spread, total, samples - sums.rank[at] - 1)
    else:
        statistic = strength = product / np.sqrt(spread)
        p, half_width = 2 * special.ndtr(-np.abs(statistic)), special.ndtri((1 + _COVERAGE) / 2) / np.sqrt(spread)
    p = np.maximum(p, np.finfo(np.float64).tiny)
    few = np.where(features.two_valued[feature], np.minimum(carriers, samples - carriers), carriers)
    permuted = few <= RARE
    for number in np.unique(drug[permuted]):
        some = np.flatnonzero(permuted & (drug == number))
        measured, residual = bases.measured[:, number] > 0, (bases.scaling * bases.residual)[:, number]
        generator = np.random.default_rng([random_state, int(drugs[number])])
        own = features.take(feature[some])
        if clones is not None:
            where = np.flatnonzero(measured)
            p[some] = clones.p_values(_rarer_calls(own, measured), residual[where], where, generator)
            continue
        p[some] = _rare_p_values(own, few[some], strength[some], residual, measured, generator)
    return AssociationCells(
        feature, drugs[drug], product / spread, half_width, carriers, samples, statistic, p, permuted
    )


def _t_tests(
    product: NDArray[np.float64], spread: NDArray[np.float64], total: NDArray[np.float64], df: NDArray[np.int64]
) -> tuple[NDArray[np.float64], ...]:
    """t, the adjusted correlation times the root of the dimensions that the covariates leave, p, and half-widths."""
    correlation = product / np.sqrt(spread * total)
    rest = np.maximum(1 - correlation**2, _LEAST_REST)
    t = correlation * np.sqrt(df / rest)
    every, which = np.unique(df, return_inverse=True)
    quantile: NDArray[np.float64] = np.asarray(special.stdtrit(every, (1 + _COVERAGE) / 2), dtype=np.float64)
    half_width = quantile[which] * np.sqrt(total * rest / (df * spread))
    return t, correlation * np.sqrt(df + 1), 2 * special.stdtr(df, -np.abs(t)), half_width


def _testable(
    sums: GridSums, features: FeatureColumns, bases: CovariateBases, minimum_carriers: int
) -> NDArray[np.bool_]:
    """`(n_features, n_drugs)` enough carriers, something left of feature and response, and one sample to spare."""
    others = np.where(features.two_valued[:, None], sums.samples - sums.carriers, minimum_carriers)
    return (
        (np.minimum(sums.carriers, others) >= minimum_carriers)
        & (sums.samples - sums.rank > 1)
        & (sums.spread > _LEAST_SPREAD * sums.centred)
        & (sums.spread > 0)
        & (sums.total > _LEAST_TOTAL * (bases.residual**2).sum(axis=0))
    )


def _rare_p_values(
    features: FeatureColumns,
    few: NDArray[np.int64],
    strength: NDArray[np.float64],
    residual: NDArray[np.float64],
    measured: NDArray[np.bool_],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """`(n_features,)` of features with few carriers, from the residuals of the samples that a drug was measured in.

    `strength` is what has variance 1 by chance: the adjusted correlation times the root of the dimensions that the
    covariates leave, or the score by its standard deviation. A permutation of
    the residuals has a plain correlation over all samples but one in its place, so that is how the two are compared.
    Residuals are permuted among all samples of the drug, also for a feature that lacks some calls.
    """
    residual = residual[measured]
    n = len(residual)
    bound = np.abs(strength) * np.sqrt(residual @ residual / (n - 1))
    p, alike = np.empty(len(few)), features.two_valued
    if alike.any():
        k = few[alike]
        p[alike] = SumNull.of(residual, int(k.max())).p_value(k, bound[alike] * np.sqrt(k * (n - k) / n))
    if not alike.all():
        calls = _carried_calls(features.take(np.flatnonzero(~alike)), measured, int(few[~alike].max()))
        length = (calls**2).sum(axis=1) - calls.sum(axis=1) ** 2 / n
        p[~alike] = drawn_p_value(residual, calls, bound[~alike] * np.sqrt(length), generator)
    return p


def _rarer_calls(features: FeatureColumns, measured: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`(n_measured, n_features)` what the calls differ from the most common one by; of two values 1 for the rarer."""
    differences = features.values.toarray()[measured] - features.common
    differences = np.where(np.isfinite(differences), differences, 0.0)
    for column in np.flatnonzero(features.two_valued):
        called = np.isfinite(features.values[:, [column]].toarray()[measured, 0])
        carried = differences[:, column] != 0
        many = 2 * carried.sum() > called.sum()
        differences[:, column] = (called & ~carried) if many else carried
    return differences


def _carried_calls(features: FeatureColumns, measured: NDArray[np.bool_], most: int) -> NDArray[np.float64]:
    """`(n_features, most)` what the carriers' calls differ from the most common one by; 0 fills a row up."""
    calls = np.zeros((len(features.common), most))
    for column, common in enumerate(features.common):
        differences = features.values[:, [column]].toarray()[measured, 0] - common
        differences = differences[np.isfinite(differences) & (differences != 0)]
        calls[column, : len(differences)] = differences
    return calls
