"""A scale of responses: there, and back to the mean on the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.learners.state import State, damaged, state_array, state_ids

__all__ = [
    "AUTO",
    "IDENTITY",
    "SCALES",
    "ResponseScale",
    "on_scale",
    "placed_on_scale",
    "to_users_scale",
    "within_responses",
]

AUTO, IDENTITY = "auto", "identity"
SCALES: Mapping[str, str] = MappingProxyType({IDENTITY: "as they are", "sqrt": "square root", "log": "logarithm"})
"""Every scale by name, in words."""
_THERE: Mapping[str, Callable[[Any], Any]] = {"sqrt": np.sqrt, "log": np.log}
_BACK: Mapping[str, Callable[[Any], Any]] = {"sqrt": np.square, "log": np.exp}
_PRIOR_ROWS = 20
"""Rows of all drugs that a drug's own correction is averaged with."""

Array = NDArray[np.float64]


def on_scale(name: str, y: Array) -> Array:
    """`(n_rows,)` responses on a scale.

    Raises
    ------
    InputError
        A response has no place on it.

    Examples
    --------
    >>> on_scale("sqrt", np.array([4.0, 9.0])).tolist()
    [2.0, 3.0]
    """
    if name == IDENTITY:
        return y
    if np.min(y, initial=np.inf) < 0 or (name == "log" and np.min(y, initial=np.inf) <= 0):
        least = "0 or more" if name == "sqrt" else "above 0"
        raise InputError(
            f"responses: found {float(np.min(y)):g} (expected responses {least}, which the {SCALES[name]} of "
            f"`response_scale` asks for). Set `response_scale` to identity, or correct the responses."
        )
    return np.asarray(_THERE[name](y), dtype=np.float64)


def placed_on_scale(name: str, predicted: Array) -> Array:
    """Predictions in the user's unit on a scale; those that have no place there stand at its end.

    Examples
    --------
    >>> placed_on_scale("sqrt", np.array([-4.0, 9.0])).tolist()
    [0.0, 3.0]
    """
    return predicted if name == IDENTITY else on_scale(name, np.maximum(predicted, 0.0 if name == "sqrt" else 1e-300))


def within_responses(name: str, predicted: Array, y: Array) -> Array:
    """Predictions as a model of the scale tells them: never beyond the range of the responses.

    A fold that chose another scale, or a naive sum of effects, may predict where the scale has no place: at the end of
    a logarithm a residual of hundreds would decide over all bounds.

    Examples
    --------
    >>> within_responses("log", np.array([-0.5, 3.0]), np.array([0.25, 8.0])).tolist()
    [0.25, 3.0]
    """
    return predicted if name == IDENTITY else np.clip(predicted, np.min(y), np.max(y))


def to_users_scale(name: str, values: Array) -> Array:
    """What stands for these values on the user's scale: the inverse of `on_scale`, NaN for NaN.

    Examples
    --------
    >>> to_users_scale("sqrt", np.array([-1.0, 3.0])).tolist()
    [0.0, 9.0]
    """
    if name == IDENTITY:
        return values
    # a root below 0 is that of no response; what no number holds is infinite
    with np.errstate(over="ignore"):
        return np.asarray(_BACK[name](np.maximum(values, 0.0) if name == "sqrt" else values), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ResponseScale:
    """How predictions on the model's scale become mean responses.

    The inverse of a mean on the scale of the root or of the logarithm lies below the mean response. To a squared root
    the mean square of held-out residuals is added; an exponential is multiplied by the ratio of the mean response to
    the mean exponential of held-out rows, which also holds where residuals are not even on the logarithm's scale. Both
    are learned drug by drug, few rows drawn towards those of all drugs. Sources: Duan 1983, "Smearing estimate: a
    nonparametric retransformation method", doi:10.1080/01621459.1983.10478017; Snowdon 1991, "A ratio estimator for
    bias correction in logarithmic regressions", doi:10.1139/x91-101.

    Attributes
    ----------
    name
        One of `SCALES`.
    least, most
        The range of the training's responses, beyond which a mean is never told.
    of_all
        Correction of a drug that training did not have.
    drug_ids, corrections
        `(n_drugs,)` drugs of training, and the correction of each.

    Examples
    --------
    >>> scale = ResponseScale("sqrt", 0.0, 100.0, 1.0, pd.Index(["a"]), np.array([2.0]))
    >>> scale.means(np.array(["a", "b"], dtype=object), np.array([3.0, 3.0])).tolist()
    [11.0, 10.0]
    """

    name: str
    least: float
    most: float
    of_all: float
    drug_ids: pd.Index
    corrections: Array

    @classmethod
    def identity(cls) -> ResponseScale:
        """Responses as they are."""
        return cls(IDENTITY, -np.inf, np.inf, 0.0, pd.Index([], dtype=object), np.zeros(0))

    @classmethod
    def fit(cls, name: str, pairs: Pairs, y: Array, predicted: Array, weights: Array) -> ResponseScale:
        """The corrections, from rows that were held out.

        Parameters
        ----------
        name
            Of the scale.
        pairs, y, weights
            `(n_rows,)` held-out rows, their responses as the user gave them, and weights.
        predicted
            `(n_rows,)` on the model's scale.
        """
        if name == IDENTITY:
            return cls.identity()
        drug, n_drugs, share = pairs.drug_index, len(pairs.drugs), weights * len(y) / weights.sum()
        if name == "sqrt":
            above, below = np.square(on_scale(name, y) - predicted), np.ones(len(y))
        else:
            above, below = y, to_users_scale(name, predicted)
        of_all = float(np.average(above, weights=weights) / np.average(below, weights=weights))
        # rows of the prior have the drug's own mean below
        below_of_drug = np.bincount(drug, share * below, n_drugs)
        rows = np.bincount(drug, share, n_drugs)
        prior = _PRIOR_ROWS * np.divide(below_of_drug, rows, out=np.ones(n_drugs), where=rows > 0)
        own = (np.bincount(drug, share * above, n_drugs) + prior * of_all) / (below_of_drug + prior)
        return cls(name, float(y.min()), float(y.max()), of_all, pairs.drugs.index, own)

    def within(self, y: Array) -> ResponseScale:
        """The same, with means in the range of these responses."""
        return replace(self, least=float(y.min()), most=float(y.max()))

    @property
    def is_identity(self) -> bool:
        """Whether responses are learned as they are."""
        return self.name == IDENTITY

    def means(self, drug_ids: NDArray[np.object_], predicted: Array) -> Array:
        """`(n_rows,)` mean responses on the user's scale.

        Parameters
        ----------
        drug_ids
            `(n_rows,)` drug of each row.
        predicted
            `(n_rows,)` on the model's scale.
        """
        if self.is_identity:
            return predicted
        by_drug = np.append(self.corrections, self.of_all)[self.drug_ids.get_indexer(pd.Index(drug_ids))]
        back = to_users_scale(self.name, predicted)
        means = back + by_drug if self.name == "sqrt" else back * by_drug
        return np.clip(means, self.least, self.most)

    def get_state(self) -> State:
        """Numbers and ids; nothing for responses as they are."""
        if self.is_identity:
            return {}
        return {
            "scale": self.name,
            "numbers": np.array([self.least, self.most, self.of_all]),
            "drug_ids": [str(drug) for drug in self.drug_ids],
            "corrections": self.corrections,
        }

    @classmethod
    def from_state(cls, state: State) -> ResponseScale:
        """The scale of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            It is none.
        """
        if not state:
            return cls.identity()
        name, ids = str(state.get("scale")), state_ids(state, "drug_ids")
        least, most, of_all = map(float, state_array(state, "numbers", 3))
        if name not in _THERE or least > most:
            raise damaged("the scale of its responses is none")
        return cls(name, least, most, of_all, pd.Index(ids, dtype=object), state_array(state, "corrections", len(ids)))
