"""Which scale the responses are learned on: that which predicts held-out rows best on the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.measures.known import is_logarithm
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds, units_of_error
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.paired_gain import paired_gain_over_noise, spread_of_drugs, squared_errors
from drugresponse.model.response_scales.response_scale import AUTO, IDENTITY, SCALES, ResponseScale, on_scale

__all__ = ["ScaleChoice", "asked_scale", "choose_scale", "crossed_means"]

_FOLDS = 3
_GAIN = 2.0
"""Standard errors by which a scale must beat the responses as they are."""
_SKEW = 0.3
"""Skewness of the responses about their drug's mean below which no other scale is tried."""
_FEWEST = 60
"""Fewest groups that err together with which one is."""
_MOST_ROWS = 40_000
"""Of more, a share of the drugs speaks for all."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ScaleChoice:
    """A scale and what spoke for it.

    Attributes
    ----------
    name
        Of the scale.
    errors
        Root of the mean squared error on held-out rows by each scale that was tried, on the user's scale, in standard
        deviations of each drug's responses; empty where none was tried.
    """

    name: str
    errors: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def identity(cls) -> ScaleChoice:
        """Nothing was tried."""
        return cls(IDENTITY)

    @property
    def is_worth_telling(self) -> bool:
        """Whether responses are learned on another scale, or one was tried."""
        return self.name != IDENTITY or bool(self.errors)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        return {"name": self.name, "errors": {name: round(error, 6) for name, error in self.errors.items()}}


def asked_scale(asked: str, measure: Measure, *, has_prior: bool = False) -> str:
    """What is asked for: responses that are logarithms are never brought to another scale unasked, nor beside a prior.

    Raises
    ------
    InputError
        Another scale is asked for beside a prior, which adds to the responses as they are given.

    Examples
    --------
    >>> asked_scale("auto", Measure("ln_ic50")), asked_scale("auto", Measure("dose", "mg"))
    ('identity', 'auto')
    """
    if has_prior and asked not in (AUTO, IDENTITY):
        raise InputError(
            f"`response_scale`: found {asked} beside a prior (expected identity: a prior adds to the responses as they "
            "are given). Give responses and prior on that scale, or leave one of the two out."
        )
    return IDENTITY if asked == AUTO and (has_prior or is_logarithm(measure)) else asked


def choose_scale(
    asked: str, learner: PairRegressor, pairs: Pairs, y: Array, weights: Array, scheme: str, random_state: int
) -> ScaleChoice:
    """The scale that is asked for, or of `auto` the one with the least error on inner folds, if beyond noise.

    Others than the identity are tried where all responses are above 0 and skewed to the right.

    Parameters
    ----------
    asked
        A name of `SCALES`, or `auto`.
    learner
        Fitted to folds; a cheap one serves for others that build on it.
    pairs, y, weights
        Training rows.
    scheme, random_state
        Of the folds.
    """
    if pairs.outcome.kind != "continuous":
        return ScaleChoice.identity()
    if asked != AUTO:
        return ScaleChoice(asked)
    groups = units_of_error(pairs, scheme)
    may_gain = not pairs.genotypes.is_stored and len(np.unique(groups)) >= _FEWEST and y.min() > 0
    if not may_gain or _skewness(pairs, y, weights) < _SKEW:
        return ScaleChoice.identity()
    if len(pairs) > _MOST_ROWS:
        few = _of_some_drugs(pairs, random_state)
        pairs, y, weights, groups = pairs[few], y[few], weights[few], groups[few]
    try:
        folds = [fold for fold in make_folds(pairs, scheme, _FOLDS, random_state) if len(fold[0]) and len(fold[1])]
    except TooFewGroupsError:
        return ScaleChoice.identity()
    # how far beyond a limit a response lies is not known, on no scale
    tested = np.sort(np.concatenate([test for _, test in folds]))
    tested = tested if pairs.censor is None else tested[pairs.censor[tested] == 0]
    if len(folds) < 2 or not len(tested):
        return ScaleChoice.identity()
    unit = spread_of_drugs(pairs, y)[pairs.drug_index[tested]]
    losses = {}
    for name in SCALES:
        predicted = _held_out_means(name, learner, pairs, y, weights, folds)[tested]
        losses[name] = squared_errors(y[tested], predicted) / unit**2
    means = {name: float(np.average(loss, weights=weights[tested])) for name, loss in losses.items()}
    gains = {
        name: paired_gain_over_noise(losses[IDENTITY], loss, weights[tested], groups[tested])
        for name, loss in losses.items()
    }
    best = min((name for name in SCALES if name == IDENTITY or gains[name] > _GAIN), key=means.__getitem__)
    return ScaleChoice(best, {name: mean**0.5 for name, mean in means.items()})


def _held_out_means(
    name: str, learner: PairRegressor, pairs: Pairs, y: Array, weights: Array, folds: list[Any]
) -> Array:
    """`(n_pairs,)` mean responses that a scale predicts for the test rows of each fold; NaN where never held out."""
    z, scores = on_scale(name, y), np.full(len(y), np.nan)
    for train, test in folds:
        scores[test] = clone(learner).fit(pairs[train], z[train], weights[train]).predict(pairs[test])
    return crossed_means(name, pairs, y, weights, scores, [test for _, test in folds])


def crossed_means(
    name: str, pairs: Pairs, y: Array, weights: Array, scores: Array, tests: list[NDArray[np.intp]]
) -> Array:
    """`(n_pairs,)` mean responses of held-out rows, the way back learned from the rows of the other folds.

    Parameters
    ----------
    name
        Of the scale.
    pairs, y, weights
        All rows, with responses on the user's scale.
    scores
        `(n_pairs,)` held-out predictions on the model's scale; NaN where never held out.
    tests
        Row numbers of each fold, two or more.
    """
    means = np.full(len(y), np.nan)
    for number, test in enumerate(tests):
        others = np.concatenate([rows for other, rows in enumerate(tests) if other != number])
        scale = ResponseScale.fit(name, pairs[others], y[others], scores[others], weights[others])
        means[test] = scale.means(pairs[test].drug_ids, scores[test])
    return means


def _of_some_drugs(pairs: Pairs, random_state: int) -> NDArray[np.intp]:
    """Rows of drugs drawn at random, as many as keep within the limit; of a single drug all."""
    order = np.random.default_rng(random_state).permutation(len(pairs.drugs))
    rows = np.cumsum(np.bincount(pairs.drug_index, minlength=len(pairs.drugs))[order])
    kept = order[: max(int(np.searchsorted(rows, _MOST_ROWS, side="right")), 1)]
    return np.flatnonzero(np.isin(pairs.drug_index, kept))


def _skewness(pairs: Pairs, y: Array, weights: Array) -> float:
    """Third moment of the responses about the mean of their drug, in its standard deviations."""
    drug, n_drugs = pairs.drug_index, len(pairs.drugs)
    mean = np.bincount(drug, y, n_drugs) / np.maximum(np.bincount(drug, minlength=n_drugs), 1)
    away = (y - mean[drug]) / spread_of_drugs(pairs, y)[drug]
    return float(np.average(away**3, weights=weights))
