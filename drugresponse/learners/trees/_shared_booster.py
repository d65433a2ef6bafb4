"""One booster for the rows of all drugs, where drugs are few: what is rare for one is learned from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array, State, state_array, state_wholes
from drugresponse.learners.trees._boosters import Growth, booster_bytes, grow_booster, grow_by_loss, load_booster

__all__ = ["SharedBooster", "with_drugs"]

_MOST_DRUGS = 8
"""Rounds grow with the drugs, up to so many."""
_INPUT_SHARE = 0.3
_FEWEST_INPUTS = 30
"""Share of the inputs that a tree looks at, and how many at least; beside them it is to see which drug it is."""
_DRUG_WEIGHT = 20.0
"""How readily a drug's own input is drawn for a tree, beside any other."""
_FEW_ROWS = 10
"""So many rows of a drug say as much of its spread as all drugs together."""


@dataclass(frozen=True, eq=False)
class SharedBooster:
    """Boosted trees on each drug's responses less its mean, over its spread; which drug it is, is among the inputs.

    By a loss they are grown on what is to be added to the drug's own score.

    Attributes
    ----------
    booster
        XGBoost's.
    spreads
        `(n_drugs,)` standard deviation of each drug's responses, or the unit of the loss.
    """

    booster: Any
    spreads: Array

    @classmethod
    def fit(
        cls, inputs: NDArray[np.float32], drug_index: NDArray[np.intp], beyond: Array, weights: Array, growth: Growth
    ) -> SharedBooster:
        """Fit to the training rows.

        Parameters
        ----------
        inputs
            `(n_rows, n_inputs)`, NaN where missing.
        drug_index
            `(n_rows,)` from 0, each drug at least once.
        beyond
            `(n_rows,)` responses less the mean of their drug.
        weights
            `(n_rows,)`.
        growth
            That of a booster for one drug; `eta`, `max_depth` and `subsample` are taken from its parameters.
        """
        n_drugs = int(drug_index.max()) + 1
        spreads = _spreads(beyond, drug_index, weights)
        booster = grow_booster(
            with_drugs(inputs, drug_index, n_drugs),
            beyond / spreads[drug_index],
            weights,
            _parameters(growth, inputs.shape[1], n_drugs),
            growth.rounds * min(n_drugs, _MOST_DRUGS),
            random_state=growth.random_state,
            input_weights=_input_weights(inputs.shape[1], n_drugs),
        )
        return cls(booster, spreads)

    @classmethod
    def fit_by_loss(
        cls,
        inputs: NDArray[np.float32],
        drug_index: NDArray[np.intp],
        n_drugs: int,
        loss: RowLoss,
        base: Array,
        growth: Growth,
    ) -> SharedBooster:
        """Fit to the training rows by their loss.

        Parameters
        ----------
        inputs, drug_index
            As in `fit`; some of `n_drugs` may have no row.
        loss, base
            Of the rows, and `(n_rows,)` the score of their drug that the trees add to.
        growth
            As in `fit`; its rounds are taken as they are.
        """
        parameters = _parameters(growth, inputs.shape[1], n_drugs)
        booster = grow_by_loss(
            with_drugs(inputs, drug_index, n_drugs),
            loss,
            base,
            {**parameters, "min_child_weight": growth.parameters["min_child_weight"]},
            growth.rounds,
            random_state=growth.random_state,
            input_weights=_input_weights(inputs.shape[1], n_drugs),
        )
        return cls(booster, np.full(n_drugs, loss.unit))

    def inputs(self, inputs: NDArray[np.float32], drug_index: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_rows, n_inputs + n_drugs)` the inputs, and which drug it is."""
        return with_drugs(inputs, drug_index, len(self.spreads))

    def predict(self, inputs: NDArray[np.float32], drug_index: NDArray[np.intp]) -> Array:
        """`(n_rows,)` responses less the mean of their drug."""
        predicted = self.booster.inplace_predict(self.inputs(inputs, drug_index))
        return np.asarray(self.spreads[drug_index] * predicted, dtype=np.float64)

    def get_state(self) -> State:
        """UBJSON bytes and spreads."""
        return {"booster": booster_bytes(self.booster), "spreads": self.spreads}

    @classmethod
    def from_state(cls, state: State, n_inputs: int, n_drugs: int) -> SharedBooster:
        """A booster of so many inputs beside the drugs."""
        booster = load_booster(state_wholes(state, "booster", -1, below=256), n_inputs + n_drugs)
        return cls(booster, state_array(state, "spreads", n_drugs))


def _parameters(growth: Growth, n_inputs: int, n_drugs: int) -> dict[str, Any]:
    n_drawn = min(n_inputs, max(_FEWEST_INPUTS, round(_INPUT_SHARE * n_inputs)))
    return {
        "eta": growth.parameters["eta"],
        "subsample": growth.parameters["subsample"],
        # which drug it is takes one question more
        "max_depth": growth.parameters["max_depth"] + 1,
        "colsample_bytree": (n_drawn + n_drugs) / (n_inputs + n_drugs),
    }


def _input_weights(n_inputs: int, n_drugs: int) -> Array:
    return np.append(np.ones(n_inputs), np.full(n_drugs, _DRUG_WEIGHT))


def with_drugs(inputs: NDArray[np.float32], drug_index: NDArray[np.intp], n_drugs: int) -> NDArray[np.float32]:
    """`(n_rows, n_inputs + n_drugs)` the inputs, and which drug it is."""
    return np.hstack([inputs, np.eye(n_drugs, dtype=np.float32)[drug_index]])


def _spreads(beyond: Array, drug_index: NDArray[np.intp], weights: Array) -> Array:
    """`(n_drugs,)` root mean square, that of drugs with few rows towards that of all; 1 where all is 0."""
    overall = float(np.average(beyond**2, weights=weights))
    squares = np.bincount(drug_index, weights * beyond**2) + _FEW_ROWS * overall
    if overall == 0:
        return np.ones(len(squares))
    return np.asarray(np.sqrt(squares / (np.bincount(drug_index, weights) + _FEW_ROWS)))
