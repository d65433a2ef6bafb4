"""What new samples have of the features that a model's predictions hang on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues
from drugresponse.errors import InputError, show_ids
from drugresponse.features.aligned_columns import AlignedColumns
from drugresponse.features.alignment import Alignment, align
from drugresponse.learners.base import PairRegressor

__all__ = [
    "USUAL_LEAST_SHARE",
    "FeatureMatch",
    "keep_missing_as_trained",
    "least_share",
    "rows_of_features",
    "share_of_weight",
    "share_without",
    "weights_of_rows",
]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_SHOWN = 3
USUAL_LEAST_SHARE = 0.5
_UNUSUAL, _LEAST = 0.01, 0.01
"""Share of training samples that may have less than the least share, and what a sample needs in any case."""
_MISSING = "missing as trained"


@dataclass(frozen=True, eq=False)
class FeatureMatch:
    """How the features that have weight in a model match those of new samples.

    Attributes
    ----------
    n_features
        How many features have weight.
    absent
        Those that no sample has, heaviest first: columns `feature_id, share` (of the model's weight), `why` (`absent`,
        `conflict` or `never called`).
    n_calls, n_missing
        Calls of the others in all samples, and how many of them are missing.
    alignment
        Where the model's features stand among those of the samples.
    """

    n_features: int
    absent: pd.DataFrame
    n_calls: int
    n_missing: int
    alignment: Alignment

    @classmethod
    def of(cls, learner: PairRegressor, genotypes: Genotypes) -> FeatureMatch:
        """Look a learner's features up in the genotypes of new samples."""
        trained = learner.trained_features()
        alignment = align(genotypes.features, trained)
        weights = weights_of_rows(learner, trained)
        rows = np.flatnonzero(weights > 0)
        n_samples = genotypes.shape[0]
        missing = _count_missing(genotypes, alignment)[rows]
        present, conflict = alignment.columns[rows] >= 0, alignment.conflict[rows]
        never = present & (missing == n_samples)
        why = np.where(conflict, "conflict", np.where(never, "never called", "absent"))
        table = pd.DataFrame({"feature_id": trained.index[rows], "share": weights[rows], "why": why})
        absent = table[~present | never].sort_values(["share", "feature_id"], ascending=[False, True])
        called = present & ~never
        return cls(
            len(rows),
            absent.reset_index(drop=True),
            n_samples * int(called.sum()),
            int(missing[called].sum()),
            alignment,
        )

    def heaviest_absent(self) -> str:
        """The heaviest features that no sample has, and what may be the reason, as sentences; empty without any."""
        if self.absent.empty:
            return ""
        named = [f"{show_ids([row.feature_id])} ({row.share:.1%})" for row in self.absent.head(_SHOWN).itertuples()]
        more = f" and {len(self.absent) - _SHOWN:,} more" if len(self.absent) > _SHOWN else ""
        noun, its = ("feature", "its") if len(self.absent) == 1 else ("features", "their")
        sentences = [f"No sample has the {noun} {', '.join(named)}{more}; in brackets {its} share of the weight."]
        if (self.alignment.columns < 0).all():
            sentences.append("Neither ids nor places and alleles of the model's features occur: another genome build?")
        elif self.alignment.conflict.any():
            sentences.append(f"Genotypes: {self.alignment.sentence()}.")
        return " ".join(sentences)


def tell_of_alignment(alignment: Alignment) -> None:
    """Say in one line how alleles and places were brought together, and warn of another genome build."""
    tell = logger.warning if alignment.conflict.any() else progress.info
    if alignment.changed:
        tell("genotypes: %s.", alignment.sentence())
    if alignment.moved:
        logger.warning(
            "genotypes: positions differ for %.0f %% of the variants that have the same id: another genome build? "
            "Variants are found by id, as far as their alleles agree.",
            100 * alignment.moved,
        )


def share_of_weight(weights: NDArray[np.float64], genotypes: Genotypes, alignment: Alignment) -> NDArray[np.float64]:
    """`(n_samples,)` share of a model's weight that each sample's known features hold; 1 without genotype.

    Parameters
    ----------
    weights
        `(n_trained,)` of the model's features, as `weights_of_rows` gives them.
    genotypes
        Of new samples.
    alignment
        Where the model's features stand among theirs; what is in conflict counts as missing.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[1, float("nan")], [0, 1]], ["s1", "s2"], ["KRAS", "TP53"])
    >>> alignment = align(genotypes.features, genotypes.features)
    >>> share_of_weight(np.array([0.7, 0.3]), genotypes, alignment).tolist()
    [0.7, 1.0]
    """
    if not weights.any():
        return np.ones(genotypes.shape[0])
    if genotypes.is_stored:
        lost = np.zeros(genotypes.shape[0])
        root = genotypes.values.root or genotypes.values
        if (alignment.columns >= 0).all() and not root.n_missing().any():
            return share_without(weights, lost)
        for columns, block in StoredValues.of(AlignedColumns.of(genotypes, alignment)).blocks(np.flatnonzero(weights)):
            lost += np.isnan(block) @ weights[columns]
        return share_without(weights, lost)
    present = weights[alignment.columns >= 0].sum()
    return np.clip(np.round(present - alignment.missing(genotypes) @ weights, 9), 0.0, 1.0)


def least_share(weights: NDArray[np.float64], genotypes: Genotypes, trained: pd.DataFrame) -> float:
    """Share of a model's weight below which a sample is not predicted: a half, or what 99 of 100 training samples have.

    The held-out check has seen samples with as many missing calls as the training has, and its scores hold for all of
    them together. Bounds are too narrow for those with less than a half, which bear a flag.

    Parameters
    ----------
    weights
        `(n_trained,)` of the model's features.
    genotypes
        Of the training samples; of stored ones, which are not read for this, the half.
    trained
        The model's features.

    Examples
    --------
    >>> calls = np.where(np.arange(100)[:, None] % 4 < [4, 2], 1.0, np.nan)
    >>> genotypes = Genotypes.from_dense(calls, list(map(str, range(100))), ["always called", "often missing"])
    >>> least_share(np.array([0.3, 0.7]), genotypes, genotypes.features)
    0.3
    """
    if genotypes.is_stored or not weights.any():
        return USUAL_LEAST_SHARE
    shares = share_of_weight(weights, genotypes, align(genotypes.features, trained))
    usual = np.floor(np.quantile(shares, _UNUSUAL) * 100 + 1e-6) / 100
    return float(min(USUAL_LEAST_SHARE, max(usual, _LEAST)))


def share_without(weights: NDArray[np.float64], lost: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_samples,)` share of the weight that is left without what is lost; 1 without genotype."""
    return np.clip(np.round(weights.sum() - lost, 9), 0.0, 1.0) if weights.any() else np.ones(len(lost))


def _count_missing(genotypes: Genotypes, alignment: Alignment) -> NDArray[np.intp]:
    """`(n_trained,)` in how many samples a feature of the model that was found is missing."""
    if not genotypes.is_stored:
        return np.asarray(alignment.missing(genotypes).sum(axis=0)).ravel().astype(np.intp)
    present = alignment.columns >= 0
    known = genotypes.values.shared.get(_MISSING)
    if known is not None and all(map(np.array_equal, _taken(known[0]), _taken(alignment))):
        return np.where(present, known[1], 0)
    return np.where(present, StoredValues.of(AlignedColumns.of(genotypes, alignment)).n_missing(), 0)


def keep_missing_as_trained(genotypes: Genotypes, alignment: Alignment, n_missing: NDArray[np.intp]) -> None:
    """Keep `(n_trained,)` missing calls of a model's features among stored ones, for `FeatureMatch` of that model."""
    if genotypes.is_stored:
        genotypes.values.shared[_MISSING] = alignment, n_missing


def _taken(alignment: Alignment) -> tuple[NDArray, ...]:
    """By which the features of two models are the same calls."""
    return alignment.columns, alignment.turned, *alignment.others


def weights_of_rows(learner: PairRegressor, trained: pd.DataFrame) -> NDArray[np.float64]:
    """`(n_trained,)` what a learner hangs on each row of the feature table of its training."""
    features, weights = learner.feature_weights()
    by_row = np.zeros(len(trained))
    if len(features):
        at = rows_of_features(features, trained)
        if np.shape(weights) != at.shape or (at < 0).any() or not (np.asarray(weights) >= 0).all():
            raise InputError(
                f"{type(learner).__name__}: its `feature_weights` are not those of its training (expected a number, 0 "
                "or more, for each of some features that it was trained on). Mend the method."
            )
        by_row[at] = weights
    return by_row


def rows_of_features(features: Sequence[tuple[str, str]], trained: pd.DataFrame) -> NDArray[np.intp]:
    """`(n_features,)` row of the feature table of a training of each block and id, -1 where there is none.

    Examples
    --------
    >>> trained = Genotypes.from_dense([[0, 1]], ["s1"], ["KRAS", "TP53"]).features
    >>> rows_of_features([("altered", "TP53"), ("altered", "MYC")], trained).tolist()
    [1, -1]
    """
    # zip(*features) makes an iterator for each of a million features
    blocks, ids = (np.fromiter((pair[at] for pair in features), object, len(features)) for at in (0, 1))
    if not trained.index.is_unique:
        keys = pd.MultiIndex.from_arrays([trained["block"], trained.index])
        return keys.get_indexer(pd.MultiIndex.from_arrays([blocks, ids]))
    at = trained.index.get_indexer(pd.Index(ids, dtype=object))
    of_block = trained["block"].to_numpy(dtype=object)[at] if len(trained) else blocks
    return np.where((at >= 0) & (of_block == blocks), at, -1)
