"""Shapley values of boosted trees whose leaves hold vectors, which XGBoost does not give itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.state import Array
from drugresponse.learners.trees.credits.coalitions import DEEPEST, coalition_tables
from drugresponse.learners.trees.credits.tree_credits import Terms, TreeCredits

__all__ = ["LeafPaths", "shapley_credits"]

_SAMPLES_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class LeafPaths:
    """The leaves of all trees, each with the distinct inputs that its path asks for.

    Attributes
    ----------
    inputs, low, high
        `(n_leaves, n_slots)` an input, and the interval `low <= value < high` in which it leads to the leaf; a path
        with fewer inputs has slots that hold any value.
    shares
        `(n_leaves, n_slots)` which share of the training rows takes the path's turns at that input.
    values
        `(n_leaves, n_outputs)`.
    base
        `(n_outputs,)` what the leaves' values are added to.
    """

    inputs: NDArray[np.intp]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    shares: Array
    values: Array
    base: Array

    @classmethod
    def read(cls, booster: Any) -> LeafPaths:
        """The leaves of a booster.

        Raises
        ------
        InputError
            XGBoost is too old to tell how many rows passed each node.
        ModelFileError
            A tree is deeper than any that this program grows.
        """
        learner = json.loads(bytes(booster.save_raw("json")))["learner"]
        leaves: list[_Leaf] = []
        for tree in learner["gradient_booster"]["model"]["trees"]:
            leaves += _leaves(tree)
        n_slots = max(1, max(len(leaf.turns) for leaf in leaves))
        if n_slots > DEEPEST:
            raise ModelFileError(f"model: a tree asks for {n_slots} inputs in a row. The file is damaged; train again.")
        shape = (len(leaves), n_slots)
        inputs, shares = np.zeros(shape, dtype=np.intp), np.ones(shape)
        low, high = np.full(shape, -np.inf, dtype=np.float32), np.full(shape, np.inf, dtype=np.float32)
        for i, leaf in enumerate(leaves):
            for j, (name, (above, below, share)) in enumerate(leaf.turns.items()):
                inputs[i, j], low[i, j], high[i, j], shares[i, j] = name, above, below, share
        values = np.array([leaf.values for leaf in leaves], dtype=np.float64)
        base = np.asarray(json.loads(learner["learner_model_param"]["base_score"]), dtype=np.float64)
        return cls(inputs, low, high, shares, values, np.broadcast_to(base, values.shape[1:]).copy())

    def expected(self) -> Array:
        """`(n_outputs,)` mean prediction, each leaf by the share of training rows that its path lets through."""
        return np.asarray(self.base + self.shares.prod(axis=1) @ self.values)


@dataclass(frozen=True)
class _Leaf:
    turns: dict[int, tuple[float, float, float]]
    values: Sequence[float]


def _leaves(tree: dict[str, Any]) -> Iterator[_Leaf]:
    """The leaves of one tree, the turns at one input merged into an interval and a share."""
    left, right = tree["left_children"], tree["right_children"]
    features, splits, covers = tree["split_indices"], tree["split_conditions"], tree.get("sum_hessian", [])
    if len(covers) != len(left) or min(covers) <= 0:
        raise InputError(
            "explain: this XGBoost does not tell how many rows passed each node of the trees (expected 3.2 or newer). "
            "Install a newer XGBoost."
        )
    values = np.asarray(tree["base_weights"]).reshape(len(left), -1)
    waiting: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(0, {})]
    while waiting:
        node, turns = waiting.pop()
        if left[node] < 0:
            yield _Leaf(turns, values[node])
            continue
        low, high, share = turns.get(features[node], (-np.inf, np.inf, 1.0))
        below, above = (share * covers[child] / covers[node] for child in (left[node], right[node]))
        split = splits[node]
        waiting.append((right[node], {**turns, features[node]: (max(low, split), high, above)}))
        waiting.append((left[node], {**turns, features[node]: (low, min(high, split), below)}))


def shapley_credits(booster: Any, inputs: NDArray[np.float32]) -> TreeCredits:
    """Shapley values of every input and output, exactly as TreeSHAP defines them.

    The trees are shallow, so that all coalitions of the inputs on a path are tabled. Source: Lundberg et al. 2020,
    "From local explanations to global understanding with explainable AI for trees", doi:10.1038/s42256-019-0138-9 (the
    path-dependent form, where an input that is not known takes each branch by its share of the training rows).

    Parameters
    ----------
    booster
        XGBoost's, its leaves vectors.
    inputs
        `(n_samples, n_inputs)`; none missing.
    """
    paths = LeafPaths.read(booster)
    weights, bits = coalition_tables(paths.shares), 1 << np.arange(paths.inputs.shape[1])
    leaf = np.arange(len(paths.values))

    def terms_of(rows: NDArray[np.float32]) -> Terms:
        values = rows[:, paths.inputs]
        pattern = ((paths.low <= values) & (values < paths.high)) @ bits
        weight = weights[leaf, pattern]
        sample, which, slot = np.nonzero(weight)
        return sample, paths.inputs[which, slot], which, weight[sample, which, slot]

    return TreeCredits.add_up(inputs, terms_of, paths.values, paths.expected(), _SAMPLES_AT_ONCE)
