"""Shapley values of boosted trees with one output, tree by tree: samples that take the same turns share them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array
from drugresponse.learners.trees.credits.coalitions import DEEPEST, coalition_tables

__all__ = ["PatternCredits"]

_MOST_NODES = 63
"""Turns of a tree that one whole number holds."""
_SAMPLES_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class _Tree:
    """One tree, whose turns are numbered; `n_slots` inputs on a path at most.

    Attributes
    ----------
    turns
        `(n_turns,)` numbers of the questions that are asked, in the list of all trees.
    inputs
        `(n_inputs,)` distinct inputs of the tree.
    asked, left
        `(n_leaves, n_slots)` bits of the turns that a path asks of one input, and which of them go left on the way.
    credits
        `(n_leaves, 2 ** n_slots, n_slots)` of each slot by which slots are met: bit `j` of the second for slot `j`.
    places
        `(n_leaves * n_slots, n_inputs)` 1 where a slot is of that input.
    expected
        Mean prediction over the training rows.
    """

    turns: NDArray[np.intp]
    inputs: NDArray[np.intp]
    asked: NDArray[np.int64]
    left: NDArray[np.int64]
    credits: NDArray[np.float32]
    places: NDArray[np.float32]
    expected: float

    def of(self, ways: NDArray[np.int64]) -> NDArray[np.float32]:
        """`(n_ways, n_inputs)` credits of samples that take these turns."""
        n_leaves, n_slots = self.asked.shape
        rows = np.repeat(np.arange(n_leaves)[None] << n_slots, len(ways), axis=0)
        for slot in range(n_slots):
            rows += ((ways[:, None] & self.asked[:, slot]) == self.left[:, slot]).astype(np.int64) << slot
        credits = self.credits.reshape(-1, n_slots).take(rows.ravel(), axis=0)
        return credits.reshape(len(ways), -1) @ self.places


@dataclass(frozen=True, eq=False)
class PatternCredits:
    """What a booster's predictions owe to each input, exactly as TreeSHAP defines it.

    Of a tree that asks few questions, many samples take the same turns; only turns that differ are worked out, with a
    table for each leaf (`coalition_tables`).

    Attributes
    ----------
    inputs, splits, missing_left
        `(n_questions,)` of all trees: whether an input is below a number, and whether a missing one goes along.
    trees
        Of the booster.
    expected
        Mean prediction over the training rows.
    """

    inputs: NDArray[np.intp]
    splits: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    trees: Sequence[_Tree]
    expected: float

    @classmethod
    def read(cls, booster: Any) -> PatternCredits | None:
        """The trees of a booster; None where they are too large for tables, or do not tell how many rows they saw."""
        learner = json.loads(bytes(booster.save_raw("json")))["learner"]
        grown = learner["gradient_booster"]["model"]["trees"]
        numbers: dict[tuple[int, float, int], int] = {}
        trees = []
        for tree in grown:
            if (read := _read_tree(tree, numbers)) is None:
                return None
            trees.append(read)
        inputs, splits, missing = zip(*numbers, strict=True) if numbers else ((), (), ())
        base = float(np.asarray(json.loads(learner["learner_model_param"]["base_score"])).reshape(-1)[0])
        expected = base + sum(tree.expected for tree in trees)
        return cls(
            np.asarray(inputs, dtype=np.intp),
            np.asarray(splits, dtype=np.float32),
            np.asarray(missing, dtype=bool),
            trees,
            expected,
        )

    def of(self, inputs: NDArray[np.float32]) -> Array:
        """`(n_rows, n_inputs + 1)` credits of rows, NaN where missing, and the expected prediction last."""
        credits = np.empty((len(inputs), inputs.shape[1] + 1))
        credits[:, -1] = self.expected
        for begin in range(0, len(inputs), _SAMPLES_AT_ONCE):
            rows = slice(begin, begin + _SAMPLES_AT_ONCE)
            credits[rows, :-1] = self._of_some(inputs[rows]).T
        return credits

    def _of_some(self, inputs: NDArray[np.float32]) -> Array:
        """`(n_inputs, n_rows)`."""
        asked = np.ascontiguousarray(inputs[:, self.inputs].T)
        goes_left = (asked < self.splits[:, None]) | (np.isnan(asked) & self.missing_left[:, None])
        total = np.zeros((inputs.shape[1], len(inputs)))
        for tree in self.trees:
            ways = np.zeros(len(inputs), dtype=np.int64)
            for bit, turn in enumerate(tree.turns):
                ways |= goes_left[turn].astype(np.int64) << bit
            distinct, which = np.unique(ways, return_inverse=True)
            total[tree.inputs] += tree.of(distinct).T[:, which]
        return total


@dataclass(frozen=True)
class _Leaf:
    """Of each input on its path: the bits of its turns, which of them go left, and the share of rows that take them."""

    path: dict[int, tuple[int, int, float]]
    value: float


def _leaves(tree: dict[str, Any]) -> Iterator[_Leaf]:
    """The leaves of one tree; inner nodes are numbered in the order of their numbers in the tree."""
    left, right = tree["left_children"], tree["right_children"]
    features, covers = tree["split_indices"], tree["sum_hessian"]
    bits = {node: 1 << bit for bit, node in enumerate(_inner(tree))}
    waiting: list[tuple[int, dict[int, tuple[int, int, float]]]] = [(0, {})]
    while waiting:
        node, path = waiting.pop()
        if left[node] < 0:
            yield _Leaf(path, float(tree["base_weights"][node]))
            continue
        asked, goes_left, share = path.get(features[node], (0, 0, 1.0))
        asked |= bits[node]
        for child, taken in ((left[node], goes_left | bits[node]), (right[node], goes_left)):
            step = asked, taken, share * covers[child] / covers[node]
            waiting.append((child, {**path, features[node]: step}))


def _inner(tree: dict[str, Any]) -> list[int]:
    return [node for node, child in enumerate(tree["left_children"]) if child >= 0]


def _read_tree(tree: dict[str, Any], numbers: dict[tuple[int, float, int], int]) -> _Tree | None:
    """A tree; its questions are numbered after those that are known."""
    inner, covers = _inner(tree), tree.get("sum_hessian", [])
    if len(covers) != len(tree["left_children"]) or min(covers) <= 0 or len(inner) > _MOST_NODES:
        return None
    leaves = list(_leaves(tree))
    n_slots = max(1, *(len(leaf.path) for leaf in leaves))
    if n_slots > DEEPEST:
        return None
    columns = ("split_indices", "split_conditions", "default_left")
    questions = [tuple(tree[name][node] for name in columns) for node in inner]
    turns = [numbers.setdefault(question, len(numbers)) for question in questions]
    inputs = np.unique(np.array([question[0] for question in questions], dtype=np.intp))
    asked, left = np.zeros((2, len(leaves), n_slots), dtype=np.int64)
    shares, places = np.ones((len(leaves), n_slots)), np.zeros((len(leaves), n_slots, len(inputs)))
    for i, leaf in enumerate(leaves):
        for j, (number, (asks, taken, share)) in enumerate(leaf.path.items()):
            asked[i, j], left[i, j], shares[i, j] = asks, taken, share
            places[i, j, np.searchsorted(inputs, number)] = 1.0
    values = np.array([leaf.value for leaf in leaves])
    return _Tree(
        np.array(turns, dtype=np.intp),
        inputs,
        asked,
        left,
        (coalition_tables(shares) * values[:, None, None]).astype(np.float32),
        places.reshape(len(leaves) * n_slots, len(inputs)).astype(np.float32),
        float(shares.prod(axis=1) @ values),
    )
