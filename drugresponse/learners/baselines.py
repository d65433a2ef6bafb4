"""Naive predictions: means that know no genotype, which every model must beat to be worth anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions, parts_table, rows_by_drug
from drugresponse.learners.naive_scores import NaiveScores
from drugresponse.learners.state import Array, State, damaged, state_array, state_ids, state_number

__all__ = ["NAIVE_NAMES", "AdditiveMean", "NaiveEffects", "reference_name", "shrinkage", "tissue_of_samples"]

_SWEEPS = 10
NAIVE_NAMES = ("overall mean", "drug mean", "sample mean", "tissue-drug mean", "mean effects")
"""What `NaiveEffects.predict` can answer."""
_JOINT = "\t"
"""Between tissue and drug in a stored key; tables are tab-separated, so no id holds one."""


@dataclass(frozen=True, eq=False)
class NaiveEffects:
    """Every naive mean that training rows support, by id.

    Of an outcome that is not continuous they are scores on the link's scale, not means: those that suit the rows best.

    Attributes
    ----------
    overall
        Weighted mean response.
    drug_means, sample_means, tissue_drug_means
        Plain means, index drug id, sample id, and tissue, tab, drug id.
    drug_effects, sample_effects
        Of the additive model `overall + drug + sample`, shrunken towards 0. Sample means and effects are empty in
        schemes where the samples are new, and with one drug: nothing about a person is kept that cannot be used.
    """

    overall: float
    drug_means: pd.Series
    sample_means: pd.Series
    tissue_drug_means: pd.Series
    drug_effects: pd.Series
    sample_effects: pd.Series

    @classmethod
    def fit(cls, pairs: Pairs, y: Array, weights: Array | None = None, *, scheme: str) -> NaiveEffects:
        """Means over training pairs; which of them exist depends on the scheme."""
        if pairs.observed is not None:
            return cls._fit_scores(pairs.compact(), y, weights, scheme)
        weight = np.ones(len(y)) if weights is None else weights
        known = find_scheme(scheme)
        # of one drug a sample's mean would be its response
        sample_effect = known.sample_effect and len(pairs.used_drugs()) > 1
        empty = pd.Series(dtype=np.float64)
        overall = float(np.average(y, weights=weight))
        drug_means = _means(pairs.drug_ids, y, weight) if known.drug_effect else empty
        sample_means = _means(pairs.sample_ids, y, weight) if sample_effect else empty
        tissues = tissue_of_samples(pairs)
        joint = empty
        if known.drug_effect and tissues is not None:
            rows = tissues[pairs.sample_index] != ""
            keys = _joint_keys(tissues, pairs)
            joint = _means(keys[rows], y[rows], weight[rows]) if rows.any() else empty
        drug_effects, sample_effects = _additive(pairs, y - overall, weight, known.drug_effect, sample_effect)
        return cls(overall, drug_means, sample_means, joint, drug_effects, sample_effects)

    @classmethod
    def _fit_scores(cls, pairs: Pairs, y: Array, weights: Array | None, scheme: str) -> NaiveEffects:
        known, scores, empty = find_scheme(scheme), NaiveScores.fit(pairs, y, weights), pd.Series(dtype=np.float64)
        drug_ids, sample_ids = pairs.drugs.index.astype(object), pairs.genotypes.sample_ids.astype(object)
        sample_effect = known.sample_effect and len(drug_ids) > 1
        tissues, joint = tissue_of_samples(pairs), empty
        if known.drug_effect and tissues is not None and (tissues != "").any():
            rows = np.flatnonzero(tissues[pairs.sample_index] != "")
            groups, keys = pd.factorize(_joint_keys(tissues, pairs)[rows], sort=True)
            of_drug = np.zeros(len(keys), dtype=np.intp)
            of_drug[groups] = pairs.drug_index[rows]
            joint = pd.Series(scores.levels[of_drug] + scores.of_groups(groups, rows), index=keys.astype(object))
        drugs, samples = scores.additive(known.drug_effect, sample_effect)
        return cls(
            scores.overall,
            pd.Series(scores.levels, drug_ids) if known.drug_effect else empty,
            pd.Series(scores.of_samples(), sample_ids) if sample_effect else empty,
            joint,
            pd.Series(drugs, drug_ids) if known.drug_effect else empty,
            pd.Series(samples, sample_ids) if sample_effect else empty,
        )

    def predict(self, pairs: Pairs) -> dict[str, Array]:
        """`(n_pairs,)` predictions of each naive model that exists; a row of unknown id takes the next coarser."""
        overall, drug = np.full(len(pairs), self.overall), _lookup(self.drug_means, pairs.drug_ids)
        predicted = {"overall mean": overall}
        if len(self.drug_means):
            predicted["drug mean"] = _first(drug, overall)
        if len(self.sample_means):
            predicted["sample mean"] = _first(_lookup(self.sample_means, pairs.sample_ids), overall)
        if len(self.tissue_drug_means):
            predicted["tissue-drug mean"] = _first(self._tissue_drug(pairs), drug, overall)
        if len(self.drug_effects) and len(self.sample_effects):
            drugs, samples = self.effects(pairs)
            predicted["mean effects"] = self.overall + drugs + samples
        return predicted

    def effects(self, pairs: Pairs) -> tuple[Array, Array]:
        """`(n_pairs,)` effects of the drug and of the sample of each row, 0 where they are not known."""
        drugs, samples = _lookup(self.drug_effects, pairs.drug_ids), _lookup(self.sample_effects, pairs.sample_ids)
        return np.nan_to_num(drugs), np.nan_to_num(samples)

    def finest(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` the finest naive prediction that each row's ids allow."""
        drugs, samples = _lookup(self.drug_effects, pairs.drug_ids), _lookup(self.sample_effects, pairs.sample_ids)
        return _first(
            self.overall + drugs + samples,
            self._tissue_drug(pairs),
            _lookup(self.drug_means, pairs.drug_ids),
            _lookup(self.sample_means, pairs.sample_ids),
            np.full(len(pairs), self.overall),
        )

    def _tissue_drug(self, pairs: Pairs) -> Array:
        tissues = tissue_of_samples(pairs)
        if tissues is None or self.tissue_drug_means.empty:
            return np.full(len(pairs), np.nan)
        table = self.tissue_drug_means
        parts = table.index.str.rsplit(_JOINT, n=1, expand=True)
        wide = pd.Series(table.to_numpy(), index=parts).unstack()
        grid = wide.reindex(index=tissues, columns=pairs.drugs.index).to_numpy(dtype=np.float64)
        return grid[pairs.sample_index, pairs.drug_index]

    def get_state(self) -> State:
        """Ids as lists of text, values as arrays."""
        state: State = {"overall": self.overall}
        for name in _SERIES:
            series: pd.Series = getattr(self, name)
            state[name] = {"ids": list(series.index.map(str)), "values": series.to_numpy(dtype=np.float64)}
        return state

    @classmethod
    def from_state(cls, state: State) -> NaiveEffects:
        """The effects of `get_state`'s answer."""
        series = {}
        for name in _SERIES:
            ids = state_ids(state[name], "ids")
            series[name] = pd.Series(state_array(state[name], "values", len(ids)), index=pd.Index(ids, dtype=object))
        if not all(_JOINT in key for key in series["tissue_drug_means"].index):
            raise damaged("a mean is of no tissue")
        return cls(state_number(state, "overall"), **series)


_SERIES = ("drug_means", "sample_means", "tissue_drug_means", "drug_effects", "sample_effects")


@dataclass(eq=False, repr=False)
class AdditiveMean(PairRegressor):
    """The mean effects that the scheme has, shrunken: the reference that genotype must beat.

    Examples
    --------
    >>> AdditiveMean(scheme="random-pairs").get_params()
    {'scheme': 'random-pairs'}
    """

    scheme: str = "new-samples"
    reads_blocks: ClassVar[bool] = True

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> AdditiveMean:
        """Fit the effects."""
        self.effects_ = NaiveEffects.fit(pairs, y, sample_weight, scheme=self.scheme)
        return self

    def predict(self, pairs: Pairs) -> Array:
        """Overall mean plus the effects of the row's ids, where they are known."""
        check_is_fitted(self, "effects_")
        drugs, samples = self.effects_.effects(pairs)
        return np.asarray(self.effects_.overall + drugs + samples, dtype=np.float64)

    def contribution_parts(self) -> pd.DataFrame:
        """Overall mean and drug effect, and where the scheme has it a sample's own effect."""
        return parts_table({"mean": True, "measured": find_scheme(self.scheme).sample_effect})

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The effects themselves."""
        n_parts, predicted = len(self.contribution_parts()), self.predict(pairs)
        drugs, samples = self.effects_.effects(pairs)
        values = np.column_stack([self.effects_.overall + drugs, samples])[:, :n_parts]
        for drug, rows in rows_by_drug(pairs):
            gaps = predicted[rows] - values[rows].sum(axis=1)
            yield Contributions(str(pairs.drugs.index[drug]), rows, values[rows], gaps)

    def get_state(self) -> State:
        """The effects by id."""
        return {"effects": self.effects_.get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> AdditiveMean:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner.effects_ = NaiveEffects.from_state(state["effects"])
        return learner


def reference_name(scheme: str, naive: Collection[str]) -> str:
    """The naive prediction that normalised scores subtract: the scheme's own, or the drug mean where it does not exist.

    Examples
    --------
    >>> reference_name("random-pairs", ["overall mean", "drug mean"])
    'drug mean'
    """
    reference = find_scheme(scheme).reference
    # with one drug there is no sample effect, and so no mean effects
    return reference if reference in naive else "drug mean"


def tissue_of_samples(pairs: Pairs) -> NDArray[np.object_] | None:
    """`(n_samples,)` tissue of each sample, "" where unknown; None without a text covariate `tissue`."""
    if "tissue" not in pairs.covariates.columns or pairs.covariates["tissue"].dtype != object:
        return None
    column = pairs.covariates["tissue"]
    return column.where(column.notna(), "").to_numpy(dtype=object)


def shrinkage(means: Array, counts: Array, within: float) -> float:
    """How many pseudo-measurements of 0 an effect is averaged with: noise variance over effect variance.

    Moment estimate, never negative; large when the means vary no more than noise explains.

    Examples
    --------
    >>> round(shrinkage(np.array([-1.0, 1.0]), np.array([10.0, 10.0]), within=1.0), 2)
    1.11
    """
    if len(means) < 2:
        return 0.0
    between = float(np.average(means**2, weights=counts)) - within * len(means) / float(counts.sum())
    return within / max(between, 1e-6 * within) if within > 0 else 0.0


def _additive(
    pairs: Pairs, residual: Array, weight: Array, use_drugs: bool, use_samples: bool
) -> tuple[pd.Series, pd.Series]:
    """Shrunken drug and sample effects by alternating means."""
    indices, ids = (pairs.drug_index, pairs.sample_index), (pairs.drugs.index, pairs.genotypes.sample_ids)
    counts = [np.bincount(at, weight, len(names)).astype(np.float64) for at, names in zip(indices, ids, strict=True)]
    effects = [np.zeros(len(names)) for names in ids]
    used = [side for side, uses in enumerate((use_drugs, use_samples)) if uses]
    for _ in range(_SWEEPS if len(used) > 1 else 1):
        for side in used:
            index, known = indices[side], counts[side] > 0
            # the effects of a side that is not used stay 0
            rest, count = residual - effects[1 - side][indices[1 - side]], counts[side][known]
            spread = np.zeros(len(known))
            spread[known] = np.bincount(index, weight * rest, len(known))[known] / count
            within = float(np.average((rest - spread[index]) ** 2, weights=weight))
            effects[side][known] = spread[known] * count / (count + shrinkage(spread[known], count, within))
    drugs, samples = (
        pd.Series(effect[count > 0], index=names[count > 0].astype(object)) if uses else pd.Series(dtype=np.float64)
        for effect, count, names, uses in zip(effects, counts, ids, (use_drugs, use_samples), strict=True)
    )
    return drugs, samples


def _joint_keys(tissues: NDArray[np.object_], pairs: Pairs) -> NDArray[np.str_]:
    """`(n_pairs,)` tissue and drug of each."""
    return np.array(tissues[pairs.sample_index] + _JOINT + pairs.drug_ids, dtype=str)


def _means(keys: NDArray, y: Array, weight: Array) -> pd.Series:
    sums = pd.DataFrame({"key": keys, "y": y * weight, "w": weight}).groupby("key", sort=True)[["y", "w"]].sum()
    return sums["y"] / sums["w"]


def _lookup(series: pd.Series, ids: NDArray[np.object_]) -> Array:
    at = pd.Index(series.index).get_indexer(pd.Index(ids)) if len(series) else np.full(len(ids), -1)
    values = np.append(series.to_numpy(dtype=np.float64), np.nan)
    return values[at]


def _first(*choices: Array) -> Array:
    """Per row, the first of the choices that is not missing."""
    result = choices[-1].copy()
    for choice in reversed(choices[:-1]):
        result = np.where(np.isnan(choice), result, choice)
    return result
