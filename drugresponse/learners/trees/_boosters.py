"""XGBoost's boosters: grown with one thread, kept as UBJSON bytes, and proved before use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import ModelFileError
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array, State, state_ids, state_number, state_wholes
from drugresponse.learners.trees._booster_document import prove_booster
from drugresponse.learners.trees.credits.pattern_credits import PatternCredits
from drugresponse.threads import run_in_order

__all__ = [
    "Boosters",
    "Credits",
    "Growth",
    "booster_bytes",
    "booster_credits",
    "grow_booster",
    "grow_by_loss",
    "load_booster",
]

Credits: TypeAlias = Callable[[NDArray[np.float32]], Array]
"""Gives `(n_rows, n_inputs + 1)` contributions of rows of inputs, the expected prediction last."""

_FEWEST_ROWS = 500
"""To fill the tables of a booster takes as long as XGBoost's credits of half as many rows."""


@dataclass(frozen=True)
class Growth:
    """How trees are to be grown.

    Attributes
    ----------
    forest
        Whether they are those of a random forest, independent of each other.
    parameters, rounds
        XGBoost's own.
    trees
        In all.
    n_jobs
        Units grown at once; the result does not depend on it.
    random_state
        Seed.
    """

    forest: bool
    parameters: Mapping[str, Any]
    rounds: int
    trees: int
    n_jobs: int | None
    random_state: int


def grow_booster(
    inputs: NDArray[np.float32],
    target: Array,
    weights: Array,
    parameters: Mapping[str, Any],
    rounds: int,
    *,
    random_state: int,
    max_bin: int = 64,
    input_weights: Array | None = None,
) -> Any:
    """A fitted booster.

    Parameters
    ----------
    inputs
        `(n_rows, n_inputs)`, NaN where missing.
    target
        `(n_rows,)`, or `(n_rows, n_targets)` for trees whose leaves hold a vector.
    weights
        `(n_rows,)`.
    parameters, rounds
        XGBoost's own.
    random_state
        Seed.
    max_bin
        Bins of an input.
    input_weights
        `(n_inputs,)` how often each input is drawn beside the others, where not all are looked at.
    """
    import xgboost

    # one thread a booster: sums over threads would make the result depend on their number
    fixed = {"tree_method": "hist", "nthread": 1, "seed": random_state, "max_bin": max_bin}
    if target.ndim == 2:
        fixed["multi_strategy"] = "multi_output_tree"
    data = xgboost.QuantileDMatrix(
        inputs, label=target, weight=weights, feature_weights=input_weights, nthread=1, max_bin=max_bin
    )
    return xgboost.train({**fixed, **parameters}, data, num_boost_round=rounds)


def grow_by_loss(
    inputs: NDArray[np.float32],
    loss: RowLoss,
    base: Array,
    parameters: Mapping[str, Any],
    rounds: int,
    *,
    random_state: int,
    max_bin: int = 64,
    input_weights: Array | None = None,
) -> Any:
    """A fitted booster of what is to be added to scores, in units of the loss, so that it falls.

    XGBoost's own objectives (`binary:logistic`, `survival:aft`, `survival:cox`) know neither ordered classes nor
    strata, and times no late entry. A loss that every learner takes keeps their predictions on one scale; on what
    XGBoost has as well, the trees are the same.

    Parameters
    ----------
    inputs
        `(n_rows, n_inputs)`, NaN where missing.
    loss
        Of the rows; its derivatives hold the weights.
    base
        `(n_rows,)` scores to start from, which the booster does not hold.
    parameters, rounds, random_state, max_bin, input_weights
        As in `grow_booster`.
    """
    import xgboost

    def derivatives(beyond: Array, _: Any) -> tuple[Array, Array]:
        # XGBoost counts in float32: it is given numbers of order 1, and holds no scores that it is to add to
        slope, curvature = loss.derivatives(base + loss.unit * np.asarray(beyond, dtype=np.float64))
        return loss.unit * slope, loss.unit**2 * curvature

    fixed = {"tree_method": "hist", "nthread": 1, "seed": random_state, "max_bin": max_bin, "base_score": 0.0}
    data = xgboost.QuantileDMatrix(inputs, feature_weights=input_weights, nthread=1, max_bin=max_bin)
    return xgboost.train({**fixed, **parameters}, data, num_boost_round=rounds, obj=derivatives)


def booster_bytes(booster: Any) -> NDArray[np.uint8]:
    """A booster as UBJSON."""
    return np.frombuffer(booster.save_raw("ubj"), np.uint8)


def load_booster(raw: NDArray[np.uint8], n_inputs: int, n_targets: int = 1) -> Any:
    """A booster from its bytes, which are proved first: XGBoost itself follows any number that it reads.

    Raises
    ------
    ModelFileError
        The bytes are no booster, or one for another number of inputs or targets.
    """
    import xgboost

    document = raw.tobytes()
    booster = xgboost.Booster({"nthread": 1})
    try:
        prove_booster(document, n_inputs, n_targets)
        booster.load_model(bytearray(document))
    except (ValueError, LookupError, TypeError, AttributeError, xgboost.core.XGBoostError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ModelFileError(
            f"model: a booster cannot be read ({reason}). The file is damaged; train the model again."
        ) from error
    return booster


def booster_credits(booster: Any, n_rows: int, *, by_steps: bool) -> Credits:
    """A function of `(n_rows, n_inputs)` rows: `(n_rows, n_inputs + 1)` contributions, the expected prediction last.

    Shapley values (TreeSHAP) for boosting: XGBoost's for few rows, of many in tables, which take time to fill. For a
    forest the steps on the way down, where a node's value is the mean of its training rows: its trees are too deep for
    Shapley values, which take hundreds of times as long.

    Parameters
    ----------
    booster
        XGBoost's, with one output.
    n_rows
        Of all calls of the function together.
    by_steps
        Whether it is a forest.
    """
    import xgboost

    tables = PatternCredits.read(booster) if n_rows >= _FEWEST_ROWS and not by_steps else None
    if tables is not None:
        return tables.of

    def credits(inputs: NDArray[np.float32]) -> Array:
        data = xgboost.DMatrix(inputs, nthread=1)
        return np.asarray(booster.predict(data, pred_contribs=True, approx_contribs=by_steps), dtype=np.float64)

    return credits


@dataclass(frozen=True, eq=False)
class Boosters:
    """Boosters by name whose target was standardised; what is taken from them is in the unit of the response.

    Those that were grown by a loss add to a score: their center is 0 and their scale the unit of the loss.

    Attributes
    ----------
    by_name
        XGBoost's.
    center, scale
        What the target was standardised by.
    forest
        Whether the trees are those of a forest.
    """

    by_name: Mapping[str, Any]
    center: float
    scale: float
    forest: bool

    @classmethod
    def fit(
        cls,
        inputs: NDArray[np.float32],
        target: Array,
        weights: Array,
        rows: Mapping[str, NDArray[np.intp]],
        growth: Growth,
    ) -> Boosters:
        """One booster for each name, on its rows."""
        # XGBoost stops splitting at a gain of 1e-6 and counts in float32: it is given numbers of order 1
        center = float(np.average(target, weights=weights))
        scale = float(np.std(target)) or 1.0
        target = (target - center) / scale

        def grow(at: NDArray[np.intp]) -> Any:
            drawn, rounds, seed = growth.parameters, growth.rounds, growth.random_state
            return grow_booster(inputs[at], target[at], weights[at], drawn, rounds, random_state=seed)

        boosters = run_in_order(grow, rows.values(), growth.n_jobs)
        return cls(dict(zip(rows, boosters, strict=True)), center, scale, growth.forest)

    @classmethod
    def fit_by_loss(
        cls,
        inputs: NDArray[np.float32],
        loss: RowLoss,
        base: Array,
        rows: Mapping[str, NDArray[np.intp]],
        growth: Growth,
    ) -> Boosters:
        """One booster for each name, on its rows, of what it adds to the `(n_rows,)` scores in `base`."""

        def grow(at: NDArray[np.intp]) -> Any:
            drawn, rounds, seed = growth.parameters, growth.rounds, growth.random_state
            return grow_by_loss(inputs[at], loss.take(at), base[at], drawn, rounds, random_state=seed)

        boosters = run_in_order(grow, rows.values(), growth.n_jobs)
        return cls(dict(zip(rows, boosters, strict=True)), 0.0, loss.unit, growth.forest)

    def predict(self, name: str, inputs: NDArray[np.float32]) -> Array:
        """`(n_rows,)`."""
        return self.center + self.scale * np.asarray(self.by_name[name].inplace_predict(inputs), dtype=np.float64)

    def credits(self, name: str, n_rows: int) -> Credits:
        """As `booster_credits`, in the unit of the response."""
        of_booster = booster_credits(self.by_name[name], n_rows, by_steps=self.forest)

        def credits(inputs: NDArray[np.float32]) -> Array:
            earned = self.scale * of_booster(inputs)
            earned[:, -1] += self.center
            return earned

        return credits

    def get_state(self) -> State:
        """Numbers, names and UBJSON bytes."""
        return {
            "center": self.center,
            "scale": self.scale,
            "booster_names": list(self.by_name),
            "boosters": {str(i): booster_bytes(booster) for i, booster in enumerate(self.by_name.values())},
        }

    @classmethod
    def from_state(cls, state: State, n_inputs: int, *, forest: bool) -> Boosters:
        """The boosters of `get_state`'s answer, of so many inputs."""
        by_name = {
            name: load_booster(state_wholes(state["boosters"], str(i), -1, below=256), n_inputs)
            for i, name in enumerate(state_ids(state, "booster_names"))
        }
        return cls(by_name, state_number(state, "center"), state_number(state, "scale"), forest)
