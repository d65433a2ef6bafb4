"""The values of features and covariates in each sample, in the order of a prediction's parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.association.feature_columns import uncarried_calls
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.features.alignment import align_features
from drugresponse.features.centring import known_means

__all__ = ["PartValues", "feature_values"]


@dataclass(frozen=True, eq=False)
class PartValues:
    """What each part of a prediction is the part of, sample by sample.

    Attributes
    ----------
    shown : (n_samples, n_parts) float64
        The value of the part's feature or covariate, NaN where missing; a level of a text covariate is 0 or 1. NaN for
        parts that belong to neither, such as mean effects.
    compared : (n_samples, n_parts) float64
        The same, but for an interaction with the treatment arm: there, the product of the feature and the arm, each
        less its mean. The slope of a part on this is its effect.
    carried : (n_samples, n_parts) bool
        Whether the sample bears the feature, as in `FeatureColumns`, or another than the most common level of a
        covariate; for an interaction, whether also the arm is not 0.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0], [0.0]], ["s1", "s2", "s3"], ["KRAS"], block="mutation")
    >>> covariates = pd.DataFrame({"tissue": ["lung", "skin", ""]}, index=genotypes.sample_ids)
    >>> pairs = Pairs.grid(genotypes, covariates, pd.DataFrame(index=pd.Index(["d"])))
    >>> parts = pd.DataFrame({"kind": ["covariate", "genotype"], "block": ["covariates", "mutation"],
    ...                       "feature_id": ["tissue=lung", "KRAS"], "gene": "", "arm": ""})
    >>> PartValues.of(parts, pairs).shown.tolist()
    [[1.0, 0.0], [0.0, 1.0], [nan, 0.0]]
    """

    shown: NDArray[np.float64]
    compared: NDArray[np.float64]
    carried: NDArray[np.bool_]

    @classmethod
    def of(cls, parts: pd.DataFrame, pairs: Pairs) -> PartValues:
        """Look the values up.

        Parameters
        ----------
        parts
            One row a part, columns `kind, block, feature_id, gene, arm`, as of a learner's contributions.
        pairs
            Whose samples are explained.
        """
        shown = np.full((pairs.genotypes.shape[0], len(parts)), np.nan)
        part_kinds = parts["kind"].to_numpy(dtype=object)
        for at in np.flatnonzero(part_kinds == "covariate"):
            shown[:, at] = _covariate_value(pairs.covariates, str(parts["feature_id"].iloc[at]))
        genotype = np.flatnonzero(part_kinds == "genotype")
        shown[:, genotype] = feature_values(parts.iloc[genotype], pairs.genotypes)
        common = _most_common(shown)
        kinds = _kinds(parts.iloc[genotype], pairs.genotypes)
        common[genotype] = uncarried_calls(kinds, known_means(shown[:, genotype]), common[genotype])
        carried = np.isfinite(shown) & (shown != common)
        crossed = np.flatnonzero(parts["arm"] != "")
        if not len(crossed):
            return cls(shown, shown, carried)
        compared = shown.copy()
        for name in parts["arm"].iloc[crossed].unique():
            columns = np.flatnonzero(parts["arm"] == name)
            arm = _covariate_value(pairs.covariates, str(name))
            arm_centred = arm - known_means(arm[:, None])
            compared[:, columns] = (shown[:, columns] - known_means(shown[:, columns])) * arm_centred[:, None]
            carried[:, columns] &= (np.isfinite(arm) & (arm != 0))[:, None]
        return cls(shown, compared, carried)


def feature_values(wanted: pd.DataFrame, genotypes: Genotypes) -> NDArray[np.float64]:
    """Values of features in each sample, as the genotypes have them.

    Parameters
    ----------
    wanted
        One row a value, columns `block, feature_id`. Where the genotypes have the id in another block alone, it is
        that one: the guess of a block may differ between files.
    genotypes
        Samples.

    Returns
    -------
    (n_samples, n_wanted) float64
        NaN where the call is missing or the genotypes lack the feature.
    """
    at = _places(wanted, genotypes)
    values = np.full((genotypes.shape[0], len(wanted)), np.nan)
    values[:, at >= 0] = genotypes.values[:, at[at >= 0]].toarray()
    return values


def _places(wanted: pd.DataFrame, genotypes: Genotypes) -> NDArray[np.intp]:
    """`(n_wanted,)` column numbers; -1 where the genotypes lack the feature."""
    # a feature is wanted once more in each treatment arm
    keys = pd.MultiIndex.from_frame(wanted[["block", "feature_id"]])
    different = keys.unique()
    return align_features(different, genotypes.features)[different.get_indexer(keys)]


def _kinds(wanted: pd.DataFrame, genotypes: Genotypes) -> NDArray[np.object_]:
    """`(n_wanted,)` kinds of the features; empty where the genotypes lack one."""
    return np.append(genotypes.features["kind"].to_numpy(dtype=object), "")[_places(wanted, genotypes)]


def _covariate_value(covariates: pd.DataFrame, token: str) -> NDArray[np.float64]:
    """`(n_samples,)` value of a covariate token: a numeric column, or `column=level` of a text column."""
    for name, column in covariates.items():
        if column.dtype != object and token == str(name):
            return column.to_numpy(dtype=np.float64)
        if column.dtype == object and token.startswith(f"{name}="):
            text = column.to_numpy(dtype=object)
            return np.where(text == "", np.nan, text == token.removeprefix(f"{name}=")).astype(np.float64)
    return np.full(len(covariates), np.nan)


def _most_common(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_columns,)` most common known value of each column, the smallest of several; NaN where none is known."""
    common = np.full(values.shape[1], np.nan)
    for at, column in enumerate(values.T):
        levels, counts = np.unique(column[np.isfinite(column)], return_counts=True)
        if len(levels):
            common[at] = levels[np.argmax(counts)]
    return common
