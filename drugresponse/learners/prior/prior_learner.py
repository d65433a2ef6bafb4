"""A learner that learns what a prior leaves over, the prior as strong as held-out rows allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds, units_of_error
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor, predictions_of, relative_weights
from drugresponse.learners.chosen import cheap_judge
from drugresponse.learners.contributions import PART_COLUMNS, Contributions
from drugresponse.learners.paired_gain import paired_gain_over_noise, spread_of_drugs, squared_errors
from drugresponse.learners.prior.prior import MatchedPrior, Prior
from drugresponse.learners.prior.prior_offset import PriorOffset, centred_dosages, learned_slopes
from drugresponse.learners.registry import find_learner, registered_name
from drugresponse.learners.state import Array, State

__all__ = ["PriorChoice", "PriorLearner", "bare_learner", "prior_offset", "takes_prior", "with_prior"]

_FOLDS = 5
_FEWEST = 20
"""Fewest groups that err together with which a strength is chosen."""
_GAIN = 1.0
"""Standard errors by which held-out rows must be better with the prior."""
_STEP = 0.05


@dataclass(frozen=True)
class PriorChoice:
    """How strong a prior is, and what spoke for it.

    Attributes
    ----------
    strength
        0 to 1: what share of the expected effects, or of the score's own slope, is taken.
    gain
        By what share the mean squared error on inner held-out rows is less with it; None where it was not tried.
    reason
        Why it is not used: `few`, `direction` or `no gain`; "" where it is.
    """

    strength: float
    gain: float | None
    reason: str = ""


@dataclass(eq=False, repr=False)
class PriorLearner(PairRegressor):
    """Another learner, fitted to what a prior's score leaves of the responses.

    Each sample has a score for each drug: the sum over the prior's features of their dosage times the expected effect.
    The learner starts from it as from an offset. Its strength is chosen on inner folds of the scheme, 0 included, by
    ridge for learners of more cost.

    Parameters
    ----------
    learner
        Any that uses genotype.
    prior
        What is expected; or an offset that is taken as it is.
    scheme, random_state
        Of the inner folds.

    Attributes
    ----------
    learner_
        The fitted learner.
    offset_
        What is added to its predictions; None where nothing is.
    choice_
        What spoke for the strength.
    """

    learner: PairRegressor
    prior: Prior | PriorOffset
    scheme: str = "new-samples"
    random_state: int = 0

    @property
    def reads_blocks(self) -> bool:  # type: ignore[override]
        """As of the learner."""
        return self.learner.reads_blocks

    @property
    def reads_blocks_of_numbers_alone(self) -> bool:  # type: ignore[override]
        """As of the learner."""
        return self.learner.reads_blocks_of_numbers_alone

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> PriorLearner:
        """Choose the strength, and fit the learner to what is left."""
        self.choice_, self.offset_, self.used_ = PriorChoice(1.0, None), None, 0
        if isinstance(self.prior, PriorOffset):
            self.offset_ = self.prior
        else:
            matched = self.prior.matched(pairs)
            self.used_ = int(matched.used.sum())
            weights = relative_weights(sample_weight, len(y))
            self.choice_ = self._choose(self.prior, matched, pairs, y, weights)
            if self.choice_.strength:
                self.offset_ = _offset(self.prior, matched, pairs, y, weights, self.choice_.strength)
        added = np.zeros(len(y)) if self.offset_ is None else self.offset_.values(pairs, pairs.genotypes.features)
        self.learner_: PairRegressor = clone(self.learner).fit(pairs, y - added, sample_weight)
        if self.offset_ is not None and self.offset_ is not self.prior:
            own, all_of_it = (_variance(pairs, part) for part in (added, added + self.learner_.predict(pairs)))
            if self.learner_.trained_features().empty:
                self.offset_ = self.offset_.over(pairs.genotypes.features)
            self.offset_ = replace(self.offset_, share=min(own / max(all_of_it, 1e-300), 1.0))
        return self

    def _choose(self, prior: Prior, matched: MatchedPrior, pairs: Pairs, y: Array, weights: Array) -> PriorChoice:
        """The strength at which inner held-out rows have the least error."""
        groups = units_of_error(pairs, self.scheme)
        few = PriorChoice(0.0, None, "few")
        if len(np.unique(groups)) < _FEWEST or not matched.used.any():
            return few
        try:
            folds = [fold for fold in make_folds(pairs, self.scheme, _FOLDS, self.random_state) if len(fold[0])]
        except TooFewGroupsError:
            return few
        judge, trained = cheap_judge(self.learner), pairs.genotypes.features
        without, whole, fold_of = np.full(len(y), np.nan), np.full(len(y), np.nan), np.full(len(y), -1)
        for number, (train, test) in enumerate(folds):
            some, held = pairs[train], pairs[test]
            offset = _offset(prior, matched, some, y[train], weights[train], 1.0)
            without[test] = clone(judge).fit(some, y[train], weights[train]).predict(held)
            left = y[train] - offset.values(some, trained)
            whole[test] = clone(judge).fit(some, left, weights[train]).predict(held) + offset.values(held, trained)
            fold_of[test] = number
        # how far beyond a limit a response lies is not known
        tested = (fold_of >= 0) & (True if pairs.censor is None else pairs.censor == 0)
        if not tested.any():
            return few
        spread = spread_of_drugs(pairs, y)[pairs.drug_index]
        moved, lacking = (whole - without) / spread, (y - without) / spread
        best = _strength(moved[tested], lacking[tested], weights[tested])
        crossed = np.zeros(len(y))
        for number in range(len(folds)):
            others = tested & (fold_of != number)
            crossed[fold_of == number] = np.clip(_strength(moved[others], lacking[others], weights[others]), 0.0, 1.0)
        before = squared_errors(lacking[tested], np.zeros(tested.sum()))
        after = squared_errors(lacking[tested], (crossed * moved)[tested])
        strength = float(np.clip(np.round(best / _STEP) * _STEP, 0.0, 1.0))
        gain = 1.0 - float(np.average(after, weights=weights[tested]) / np.average(before, weights=weights[tested]))
        if strength > 0 and paired_gain_over_noise(before, after, weights[tested], groups[tested]) > _GAIN:
            return PriorChoice(round(strength, 2), gain)
        return PriorChoice(0.0, gain, "direction" if best < 0 or not moved[tested].any() else "no gain")

    def predict(self, pairs: Pairs) -> Array:
        """The learner's, and what the prior adds."""
        predicted = predictions_of(self.learner_, pairs)
        return predicted if self.offset_ is None else predicted + self.offset_.values(pairs, self.trained_features())

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """What the learner prepares."""
        self.learner.prepare(pairs, n_jobs)

    def trained_features(self) -> pd.DataFrame:
        """As of the learner; where it uses no genotype, as `auto` may, those that the prior stands among."""
        trained = self.learner_.trained_features()
        return self.offset_.features if trained.empty and self.offset_ is not None else trained

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Those of the learner and of the prior, by their shares of the spread of predictions."""
        names, weights = self.learner_.feature_weights()
        if self.offset_ is None:
            return names, weights
        share = self.offset_.share if weights.any() else 1.0
        by_name = dict(zip(names, weights * (1.0 - share), strict=True))
        for name, own in zip(_names_of(self.offset_.features), self.offset_.weights(), strict=True):
            by_name[name] = by_name.get(name, 0.0) + share * own
        return list(by_name), np.array(list(by_name.values()))

    def contribution_parts(self) -> pd.DataFrame:
        """Those of the learner, and then the prior's features that are none of them."""
        return self._parts()[0]

    def _parts(self) -> tuple[pd.DataFrame, list[int]]:
        """The parts, and the place of each of the prior's features among them."""
        parts = self.learner_.contribution_parts()
        if self.offset_ is None:
            return parts, []
        own = (parts["kind"] == "genotype") & (parts["arm"] == "")
        place = dict(zip(_keys_of(parts[own]), np.flatnonzero(own).tolist(), strict=True))
        features, places = self.offset_.features, list[int]()
        more: list[tuple[str, ...]] = []
        for row, name in enumerate(_names_of(features)):
            if name not in place:
                place[name] = len(parts) + len(more)
                more.append(("genotype", *name, str(features["gene"].iloc[row]), ""))
            places.append(place[name])
        return pd.concat([parts, pd.DataFrame(more, columns=list(PART_COLUMNS))], ignore_index=True), places

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """Those of the learner; what the prior adds by a feature counts to that feature."""
        if self.offset_ is None:
            yield from self.learner_.contributions(pairs)
            return
        parts, places = self._parts()
        dosages = self.offset_.dosages(pairs.genotypes, self.trained_features())
        for of_drug in self.learner_.contributions(pairs):
            values = np.zeros((len(of_drug.rows), len(parts)))
            values[:, : of_drug.values.shape[1]] = of_drug.values
            effects = self.offset_.effects_of(pd.Index([of_drug.drug_id], dtype=object))[:, 0]
            values[:, places] += dosages[pairs.sample_index[of_drug.rows]] * effects
            yield Contributions(of_drug.drug_id, of_drug.rows, values, of_drug.gaps)

    def notes(self) -> dict[str, Any]:
        """As of the learner."""
        return self.learner_.notes()

    def describe(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        if not isinstance(self.prior, Prior):
            return {}
        told: dict[str, Any] = {
            "kind": "effect" if self.prior.by_effect else "score",
            "entries": len(self.prior.entries),
            "used": self.used_,
            "strength": self.choice_.strength,
            "reason": self.choice_.reason,
        }
        return told if self.choice_.gain is None else {**told, "gain": round(self.choice_.gain, 6)}

    def get_state(self) -> State:
        """Of the learner, and of what is added where anything is."""
        state: State = {"learner": self.learner_.get_state()}
        return state if self.offset_ is None else {**state, "prior": self.offset_.get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> PriorLearner:
        """A fitted learner from its state; the offset stands for the prior."""
        learner: PairRegressor = settings["learner"]
        fitted = type(learner).from_state(state["learner"], **learner.get_params(deep=False))
        return cls.around(fitted, PriorOffset.from_state(state["prior"]))

    @classmethod
    def around(cls, learner: PairRegressor, offset: PriorOffset) -> PriorLearner:
        """A fitted learner that was fitted to what an offset leaves."""
        restored = cls(learner, offset)
        restored.learner_, restored.offset_, restored.used_ = learner, offset, 0
        restored.choice_ = PriorChoice(1.0, None)
        return restored


def bare_learner(regressor: PairRegressor) -> PairRegressor:
    """The learner itself, where a prior stands beneath it."""
    return regressor.learner_ if isinstance(regressor, PriorLearner) else regressor


def prior_offset(regressor: PairRegressor) -> PriorOffset | None:
    """What a prior adds to a fitted learner; None where nothing does."""
    return regressor.offset_ if isinstance(regressor, PriorLearner) else None


def with_prior(learner: PairRegressor, prior: Prior, pairs: Pairs, scheme: str, random_state: int) -> PriorLearner:
    """A learner that starts from a prior, which is proved to speak of these genotypes and drugs.

    Parameters
    ----------
    learner, prior, pairs
        What is fitted to what.
    scheme, random_state
        Of the inner folds.

    Raises
    ------
    InputError
        The learner uses no genotype, the responses are no measured numbers, or the prior speaks of nothing here.
    """
    if not takes_prior(learner):
        raise InputError(
            f"`prior`: the learner {registered_name(type(learner))} uses no genotype (expected one that does). Choose "
            "another `learner`, or leave the prior out."
        )
    if pairs.outcome.kind != "continuous":
        raise InputError(
            f"`prior`: the outcome is {pairs.outcome.kind} (expected measured numbers). Leave the prior out; "
            "`evaluate` scores a table of scores beside the learners as its `rule`."
        )
    if pairs.studies is not None:
        raise InputError(
            "`prior`: the scheme new-studies frees the responses of shifts between studies first (expected responses "
            "as they are given). Choose another `scheme`, or leave the prior out."
        )
    prior.tell_of_unmatched(pairs)
    return PriorLearner(learner, prior, scheme, random_state)


def takes_prior(learner: PairRegressor) -> bool:
    """Whether a learner uses genotype, as far as that is known."""
    name = registered_name(type(learner))
    return name is None or find_learner(name).uses_genotype


def _offset(
    prior: Prior, matched: MatchedPrior, pairs: Pairs, y: Array, weights: Array, strength: float
) -> PriorOffset:
    """What the prior adds, as these rows have it."""
    dosages, means = centred_dosages(pairs.genotypes, matched.columns, pairs.sample_index)
    effects = matched.effects.copy()
    unmeasured = np.setdiff1d(np.arange(len(pairs.drugs)), pairs.used_drugs())
    # as it is of a drug that training lacks
    effects[:, unmeasured] = effects[:, [-1]]
    if not prior.by_effect:
        effects *= learned_slopes(dosages @ effects, pairs, y, weights)
    return PriorOffset.of(matched, effects * strength, pairs, means, 0.0)


def _strength(moved: Array, lacking: Array, weights: Array) -> float:
    """The share of the way from the one prediction to the other at which squared errors are least."""
    size = float(weights @ moved**2)
    return float(weights @ (moved * lacking)) / size if size > 0 else 0.0


def _variance(pairs: Pairs, values: Array) -> float:
    """Mean over rows of the squared distance from the mean of their drug."""
    return float(np.mean((values - _means_of_drugs(pairs, values)[pairs.drug_index]) ** 2))


def _means_of_drugs(pairs: Pairs, values: Array) -> Array:
    n = np.maximum(np.bincount(pairs.drug_index, minlength=len(pairs.drugs)), 1)
    return np.asarray(np.bincount(pairs.drug_index, values, len(pairs.drugs)) / n)


def _names_of(features: pd.DataFrame) -> list[tuple[str, str]]:
    """Block and id of each feature."""
    return [(str(block), str(name)) for block, name in zip(features["block"], features.index, strict=True)]


def _keys_of(parts: pd.DataFrame) -> list[tuple[str, str]]:
    """The same of parts."""
    return [(str(block), str(name)) for block, name in zip(parts["block"], parts["feature_id"], strict=True)]
