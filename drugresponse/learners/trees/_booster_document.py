"""Proof that a booster's bytes describe trees that stay inside themselves: XGBoost believes what it is given."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.trees._ubjson import read_ubjson

__all__ = ["prove_booster"]

_DEEPEST = 512
"""XGBoost goes down a tree by recursion."""
_KINDS = {
    "left_children": "i4",
    "right_children": "i4",
    "parents": "i4",
    "split_indices": "i4",
    "split_type": "u1",
    "default_left": "u1",
    "split_conditions": "f4",
    "base_weights": "f4",
    "loss_changes": "f4",
    "sum_hessian": "f4",
}
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_MOST = 1e38
_NO_PARENT = (-1, 2**31 - 1)


def prove_booster(raw: bytes, n_inputs: int, n_targets: int) -> None:
    """Refuse bytes that are not the regression trees that this package grows.

    Parameters
    ----------
    raw
        UBJSON of XGBoost.
    n_inputs, n_targets
        What the booster shall take and give.

    Raises
    ------
    ValueError, LookupError, TypeError, AttributeError
        Something is absent, of another type or length, or leads outside.
    """
    document = read_ubjson(raw)
    trees = _prove_frame(document, n_inputs, n_targets)
    for number, tree in enumerate(trees):
        _prove_tree(tree, number, n_inputs, n_targets)


def _prove_frame(document: dict[str, Any], n_inputs: int, n_targets: int) -> list[dict[str, Any]]:
    """All that stands around the trees, compared with what it must be; the trees are handed back."""
    learner = document["learner"]
    model = learner["gradient_booster"]["model"]
    trees, side_by_side = model["trees"], model["gbtree_model_param"]["num_parallel_tree"]
    base, averaged = (learner["learner_model_param"][name] for name in ("base_score", "boost_from_average"))
    nothing: dict[str, Any] = {"enc": [], "feature_segments": [], "sorted_idx": []}
    known = {
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "model": {
                    **({"cats": nothing} if "cats" in model else {}),
                    "gbtree_model_param": {"num_parallel_tree": side_by_side, "num_trees": str(len(trees))},
                    "iteration_indptr": list(range(0, len(trees) + 1, _natural(side_by_side))),
                    "tree_info": [0] * len(trees),
                    "trees": trees,
                },
                "name": "gbtree",
            },
            "learner_model_param": {
                "base_score": base,
                # 0 where trees are grown by a loss, from scores of their own
                "boost_from_average": averaged,
                "num_class": "0",
                "num_feature": str(n_inputs),
                "num_target": str(n_targets),
            },
            "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": document["version"],
    }
    _demand(isinstance(trees, list) and len(trees) > 0, "it has no trees")
    width = learner["learner_model_param"]["num_feature"]
    _demand(width == str(n_inputs), f"it takes {width:.10} inputs, expected {n_inputs}")
    _demand(document == known and averaged in ("0", "1"), "it is none that is grown here")
    _demand(
        len(document["version"]) == 3 and 0 <= min(document["version"]) <= max(document["version"]) < 1000,
        "its version is none",
    )
    score = json.loads(base)
    scores = np.asarray(score if isinstance(score, list) else [score], dtype=np.float64)
    _demand(scores.shape in ((1,), (n_targets,)) and (np.abs(scores) < _MOST).all(), "its base score is none")
    return trees


def _prove_tree(tree: dict[str, Any], number: int, n_inputs: int, n_targets: int) -> None:
    vectors = ("leaf_weights",) if n_targets > 1 else ()
    # XGBoost of today ends the whole process where they are absent
    _demand(tree.keys() >= {*vectors}, "it was written by XGBoost before 3.2, which is not read")
    _demand(tree.keys() == {*_KINDS, *_CATEGORIES, *vectors, "id", "tree_param"}, "a tree has other parts")
    left = _array(tree, "left_children", -1)
    n = len(left)
    size = tree["tree_param"]["size_leaf_vector"]
    _demand(size in (("0", "1") if n_targets == 1 else (str(n_targets),)), "its leaves hold another number of values")
    parameters = {"num_deleted": "0", "num_feature": str(n_inputs), "num_nodes": str(n), "size_leaf_vector": size}
    _demand(tree["id"] == number and tree["tree_param"] == parameters, "a tree has other numbers of nodes")
    _demand(all(len(tree[name]) == 0 for name in _CATEGORIES), "a tree has categories")
    right, parents, features = (_array(tree, name, n) for name in ("right_children", "parents", "split_indices"))
    _demand(
        not _array(tree, "split_type", n).any() and _array(tree, "default_left", n).max() <= 1,
        "a split is of another kind",
    )
    _demand(0 <= features.min() <= features.max() < n_inputs, "a split asks for an input that is none")
    leaf = left < 0
    _demand((left[leaf] == -1).all() and parents[0] in _NO_PARENT, "a tree leads outside itself")
    inside = np.flatnonzero(~leaf)
    children = np.concatenate([left[inside], right[inside]])
    # each node but the root is the child of one, and stands behind it: there is no way round in a circle
    _demand(np.array_equal(np.sort(children), np.arange(1, n)), "a tree leads outside itself")
    above = np.tile(inside, 2)
    _demand((children > above).all() and np.array_equal(parents[children], above), "a tree leads back into itself")
    _prove_depth(parents)
    _prove_numbers(tree, leaf, right, n_targets)


def _prove_depth(parents: NDArray[np.integer[Any]]) -> None:
    above = np.arange(len(parents))
    for _ in range(_DEEPEST):
        above = np.where(above > 0, parents[above], 0)
        if not above.any():
            return
    _demand(False, "a tree is too deep")


def _prove_numbers(
    tree: dict[str, Any], leaf: NDArray[np.bool_], right: NDArray[np.integer[Any]], n_targets: int
) -> None:
    """Thresholds, the leaves' values, and the counts of rows."""
    n, n_leaves, none = len(leaf), int(leaf.sum()), "a number of a tree is none"
    splits, gains, rows = (_array(tree, name, n) for name in ("split_conditions", "loss_changes", "sum_hessian"))
    _demand(not np.isnan(splits[~leaf]).any() and np.isfinite(_array(tree, "base_weights", n * n_targets)).all(), none)
    _demand(np.isfinite(gains).all() and (gains[~leaf] >= 0).all() and np.isfinite(rows).all(), none)
    if n_targets == 1:
        _demand((right[leaf] == -1).all(), "a tree leads outside itself")
        _demand(np.isfinite(splits[leaf]).all(), none)
        _demand((rows > 0).all(), "a node has no rows")
    else:
        _demand(np.isfinite(_array(tree, "leaf_weights", n_leaves * n_targets)).all(), none)
        _demand(np.array_equal(np.sort(right[leaf]), np.arange(n_leaves)), "a tree leads outside itself")


def _array(tree: dict[str, Any], name: str, length: int) -> NDArray[Any]:
    array = tree[name]
    kind = _KINDS.get(name, "f4")
    fits = isinstance(array, np.ndarray) and array.dtype.str[1:] == kind and length in (-1, len(array))
    _demand(fits, f"the part {name} of a tree has another length or type")
    return np.asarray(array)


def _natural(text: Any) -> int:
    """A number from 1 on, as XGBoost's parameters write it."""
    natural = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0
    _demand(natural, "a number of trees is none")
    return int(text)


def _demand(holds: bool | np.bool_, words: str) -> None:
    if not holds:
        raise ValueError(words)
