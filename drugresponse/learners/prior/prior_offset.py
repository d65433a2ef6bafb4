"""What a prior adds to each prediction: a sum over features, in the unit of the response."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.features.alignment import align
from drugresponse.learners.encoders import feature_table_state, load_feature_table
from drugresponse.learners.prior.prior import MatchedPrior
from drugresponse.learners.state import Array, State, state_array, state_ids, state_number

__all__ = ["PriorOffset", "centred_dosages", "learned_slopes"]

_FEWEST_ROWS = 5
"""Rows of a drug with which it has a slope of its own."""


@dataclass(frozen=True, eq=False)
class PriorOffset:
    """Effects that are added to what a learner predicts.

    Attributes
    ----------
    features
        Rows of the training's feature table.
    means
        `(n_features,)` of the training samples; a missing call adds nothing.
    effects
        `(n_features, n_drugs + 1)` per unit of the feature, the chosen strength in them; the last column is that of
        drugs that training lacks.
    drug_ids
        `(n_drugs,)` drugs of the training.
    share
        Of the weight of a model's features.
    """

    features: pd.DataFrame
    means: Array
    effects: Array
    drug_ids: pd.Index
    share: float

    @classmethod
    def of(cls, matched: MatchedPrior, effects: Array, pairs: Pairs, means: Array, share: float) -> PriorOffset:
        """Of effects in the columns of the drugs of some pairs."""
        return cls(pairs.genotypes.features.iloc[matched.columns], means, effects, pairs.drugs.index, share)

    def over(self, features: pd.DataFrame) -> PriorOffset:
        """The same among all features of a training, of which those that it does not speak of add nothing."""
        at = pd.MultiIndex.from_arrays([self.features["block"], self.features.index]).get_indexer(
            pd.MultiIndex.from_arrays([features["block"], features.index])
        )
        means, effects = np.append(self.means, 0.0)[at], np.vstack([self.effects, np.zeros(self.effects.shape[1])])[at]
        return replace(self, features=features, means=means, effects=effects)

    def dosages(self, genotypes: Genotypes, trained: pd.DataFrame) -> Array:
        """`(n_samples, n_features)` above the training's means; `trained` is the feature table of the training."""
        all_keys, keys = (
            pd.MultiIndex.from_arrays([table["block"], table.index]) for table in (trained, self.features)
        )
        rows = all_keys.get_indexer(keys)
        known = align(genotypes.features, trained).values(genotypes, rows.astype(np.intp))
        return np.nan_to_num(known - self.means)

    def effects_of(self, drug_ids: pd.Index) -> Array:
        """`(n_features, n_drugs)` of any drugs."""
        return self.effects[:, self.drug_ids.get_indexer(drug_ids)]

    def values(self, pairs: Pairs, trained: pd.DataFrame) -> Array:
        """`(n_pairs,)` what is added."""
        by_drug = self.dosages(pairs.genotypes, trained) @ self.effects_of(pairs.drugs.index)
        return np.asarray(by_drug[pairs.sample_index, pairs.drug_index])

    def weights(self) -> Array:
        """`(n_features,)` shares of the features in the prior."""
        size = np.abs(self.effects).mean(axis=1)
        return size / size.sum() if size.any() else size

    def get_state(self) -> State:
        """Arrays, ids and the table of features."""
        return {
            "features": feature_table_state(self.features),
            "means": self.means,
            "effects": self.effects,
            "drug_ids": [str(drug) for drug in self.drug_ids],
            "share": self.share,
        }

    @classmethod
    def from_state(cls, state: State) -> PriorOffset:
        """From `get_state`'s answer, each part proved."""
        features, drugs = load_feature_table(state["features"]), state_ids(state, "drug_ids")
        return cls(
            features,
            state_array(state, "means", len(features)),
            state_array(state, "effects", len(features), len(drugs) + 1),
            pd.Index(drugs, dtype=object),
            state_number(state, "share", 0.0, 1.0),
        )


def centred_dosages(genotypes: Genotypes, columns: NDArray[np.intp], samples: NDArray[np.intp]) -> tuple[Array, Array]:
    """`(n_samples, n_columns)` values above the means of some of the samples, 0 where missing; and those means."""
    values = genotypes.values[:, columns].toarray().astype(np.float64)
    some = values[np.unique(samples)]
    known = np.isfinite(some)
    means = np.where(known, some, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.nan_to_num(values - means), means


def learned_slopes(scores: Array, pairs: Pairs, y: Array, weights: Array) -> Array:
    """`(n_drugs + 1,)` responses for each unit of a score, 0 or more, each drug's own drawn towards that of all.

    Least squares for each drug; how far slopes differ between drugs beyond their errors is estimated by moments
    (DerSimonian and Laird 1986, "Meta-analysis in clinical trials", doi:10.1016/0197-2456(86)90046-2).

    Parameters
    ----------
    scores
        `(n_samples, n_drugs + 1)`; that of drugs that training lacks is last, and so is their slope.
    pairs, y, weights
        Training rows.
    """
    slopes, variances = np.full(scores.shape[1], np.nan), np.full(scores.shape[1], np.inf)
    for drug in pairs.used_drugs():
        rows = pairs.drug_index == drug
        x, w = scores[pairs.sample_index[rows], drug], weights[rows]
        x, away = x - np.average(x, weights=w), y[rows] - np.average(y[rows], weights=w)
        spread = float(w @ x**2)
        if rows.sum() < _FEWEST_ROWS or spread <= 1e-9 * max(1.0, float(np.abs(x).max(initial=0.0)) ** 2):
            continue
        slopes[drug] = float(w @ (x * away)) / spread
        left = away - slopes[drug] * x
        # a perfect line has no error, and no weight without end
        variances[drug] = max(float(w @ left**2), 1e-9 * float(w @ away**2), 1e-300) / (rows.sum() - 2) / spread
    own = np.isfinite(slopes)
    if not own.any():
        return np.zeros(len(slopes))
    precise = 1.0 / variances[own]
    mean = float(np.average(slopes[own], weights=precise))
    excess = float(precise @ (slopes[own] - mean) ** 2) - (own.sum() - 1)
    spare = precise.sum() - (precise**2).sum() / precise.sum()
    between = max(excess / spare, 0.0) if spare > 0 else 0.0
    mean = float(np.average(slopes[own], weights=1.0 / (variances[own] + between)))
    drawn = np.full(len(slopes), mean)
    if between > 0:
        drawn[own] = (slopes[own] / variances[own] + mean / between) / (precise + 1.0 / between)
    return np.maximum(drawn, 0.0) if mean > 0 else np.zeros(len(slopes))
