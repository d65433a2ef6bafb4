"""A forest whose leaves hold a vector: grown by scikit-learn, kept as arrays, and read without pickle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array, State, damaged, state_array, state_wholes
from drugresponse.learners.trees.credits.tree_credits import Terms, TreeCredits
from drugresponse.threads import count_jobs

__all__ = ["Forest", "grow_forest"]

_SAMPLES_AT_ONCE = 512
_CREDITED_AT_ONCE = 64
_SPLIT = ("feature", "threshold")
_TARGET_BITS, _WEIGHT_BITS = 24, 14
"""Of the largest target and weight: products and their sums over 32,000 rows need no more than the 53 of a float."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Regression trees, all nodes of all trees in one row of arrays; a child stands behind its parent.

    Attributes
    ----------
    roots
        `(n_trees,)` int32 node numbers.
    left, right, feature
        `(n_nodes,)` int32; at a leaf left and right are the leaf itself.
    threshold
        `(n_nodes,)` float32; a sample goes left where its input is not above it.
    values
        `(n_leaves, n_targets)` float32 mean of the training rows of each leaf, in the order of the nodes.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    values: NDArray[np.float32]

    def _way_down(self, rows: NDArray[np.float32]) -> Iterator[NDArray[np.int32]]:
        """`(n_rows, n_trees)` nodes that the rows come to, from the roots on until all are at leaves."""
        at, node = np.arange(len(rows))[:, None], np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        while True:
            yield node
            goes_left = rows[at, self.feature[node]] <= self.threshold[node]
            below = np.where(goes_left, self.left[node], self.right[node])
            if np.array_equal(below, node):
                return
            node = below

    def predict(self, inputs: NDArray[np.float32]) -> Array:
        """`(n_rows, n_targets)` mean over trees; rows go down all trees at once."""
        predicted = np.empty((len(inputs), self.values.shape[1]))
        leaf_of_node = np.cumsum(self._is_leaf()) - 1
        for start in range(0, len(inputs), _SAMPLES_AT_ONCE):
            *_, leaves = self._way_down(inputs[start : start + _SAMPLES_AT_ONCE])
            values = self.values[leaf_of_node[leaves]]
            predicted[start : start + len(leaves)] = values.mean(axis=1, dtype=np.float64)
        return predicted

    def splits(self, n_inputs: int) -> Array:
        """`(n_inputs,)` how many splits ask for each of the first inputs."""
        return np.bincount(self.feature[~self._is_leaf()], minlength=n_inputs)[:n_inputs].astype(np.float64)

    def credits(self, inputs: NDArray[np.float32]) -> TreeCredits:
        """What each input moves the prediction by on the way down, step by step.

        At each node the input asked for is credited with the change from the node's value to its child's. A node's
        value is the mean of the leaves below it, each counted once: the files hold no counts of rows, and leaves are of
        like size. Source: Saabas 2014, "Interpreting random forests" (the package treeinterpreter).

        Parameters
        ----------
        inputs
            `(n_rows, n_inputs)`.
        """
        means, inside = _means_below(self), np.flatnonzero(~self._is_leaf())
        steps = np.zeros_like(means)
        for child in (self.left[inside], self.right[inside]):
            steps[child] = (means[child] - means[inside]) / len(self.roots)

        def terms_of(rows: NDArray[np.float32]) -> Terms:
            terms = [np.zeros((3, 0), dtype=np.intp)]
            for above, below in pairwise(self._way_down(rows)):
                sample, tree = np.nonzero(below != above)
                terms.append(np.array([sample, self.feature[above[sample, tree]], below[sample, tree]]))
            sample, feature, node = np.hstack(terms)
            return sample, feature, node, np.ones(len(sample))

        return TreeCredits.add_up(inputs, terms_of, steps, means[self.roots].mean(axis=0), _CREDITED_AT_ONCE)

    def _is_leaf(self) -> NDArray[np.bool_]:
        return self.left == np.arange(len(self.left))

    def get_state(self) -> State:
        """The arrays."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_state(cls, state: State, n_inputs: int, n_targets: int) -> Forest:
        """The forest of `get_state`'s answer; every path is proved to end.

        Raises
        ------
        ModelFileError
            An array is missing or of another shape, or a node points where it may not.
        """
        left = state_wholes(state, "left", -1)
        n = len(left)
        right, feature = state_wholes(state, "right", n), state_wholes(state, "feature", n, below=n_inputs)
        roots, itself = state_wholes(state, "roots", -1), np.arange(n)
        inside = (left != itself) | (right != itself)
        forward = (left[inside] > itself[inside]).all() and (right[inside] > itself[inside]).all()
        bounded = n > 0 and max(left.max(), right.max()) < n
        bounded = bounded and len(roots) > 0 and roots.max() < n
        reached = len(np.unique(np.concatenate([roots, left[inside], right[inside]]))) == n
        if not (forward and bounded and reached):
            raise damaged("a tree leads outside itself")
        values = state_array(state, "values", int((~inside).sum()), n_targets)
        return cls(roots, left, right, feature, state_array(state, "threshold", n), values)


def grow_forest(
    inputs: NDArray[np.float32],
    targets: Array,
    weights: Array,
    *,
    n_trees: int,
    random_state: int,
    n_jobs: int | None = 1,
) -> Forest:
    """Breiman's forest with a third of the inputs tried at each split; the same for any number of jobs.

    Targets and weights are rounded to a grid on which their sums are exact: splits of the same worth are then
    worth the same to the last digit, on every processor, and of those the first one drawn is taken.

    Parameters
    ----------
    inputs, targets, weights
        `(n_rows, n_inputs)`, `(n_rows, n_targets)`, `(n_rows,)`; none missing.
    n_trees, random_state, n_jobs
        Trees, seed, and trees grown at once.

    Examples
    --------
    >>> x = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    >>> forest = grow_forest(x, np.hstack([x, x > 0.5]).astype(float), np.ones(60), n_trees=20, random_state=0)
    >>> forest.predict(np.array([[0.1], [0.9]], dtype=np.float32)).round(1).tolist()
    [[0.1, 0.0], [0.9, 1.0]]
    """
    from sklearn.ensemble import RandomForestRegressor

    targets, weights = _rounded(targets, _TARGET_BITS), _rounded(weights, _WEIGHT_BITS)
    grown = RandomForestRegressor(
        n_trees, max_features=1 / 3, min_samples_leaf=3, random_state=random_state, n_jobs=count_jobs(n_jobs)
    ).fit(inputs, targets[:, 0] if targets.shape[1] == 1 else targets, weights)
    trees = [estimator.tree_ for estimator in grown.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1]
    leaf = np.concatenate([tree.children_left < 0 for tree in trees])
    left, right = (
        np.concatenate([getattr(tree, side) + root for root, tree in zip(roots, trees, strict=True)])
        for side in ("children_left", "children_right")
    )
    feature, threshold = (np.concatenate([getattr(tree, name) for tree in trees]) for name in _SPLIT)
    return Forest(
        roots.astype(np.int32),
        np.where(leaf, np.arange(len(leaf)), left).astype(np.int32),
        np.where(leaf, np.arange(len(leaf)), right).astype(np.int32),
        np.where(leaf, 0, feature).astype(np.int32),
        np.where(leaf, 0.0, threshold).astype(np.float32),
        np.concatenate([tree.value[:, :, 0] for tree in trees])[leaf].astype(np.float32),
    )


def _means_below(forest: Forest) -> Array:
    """`(n_nodes, n_targets)` mean of the leaves below each node."""
    leaf = forest.left == np.arange(len(forest.left))
    sums, counts = np.zeros((len(leaf), forest.values.shape[1])), leaf.astype(np.float64)
    sums[leaf] = forest.values
    levels = [forest.roots[~leaf[forest.roots]]]
    while len(levels[-1]):
        below = np.concatenate([forest.left[levels[-1]], forest.right[levels[-1]]])
        levels.append(np.unique(below[~leaf[below]]))
    for inside in reversed(levels):
        left, right = forest.left[inside], forest.right[inside]
        sums[inside], counts[inside] = sums[left] + sums[right], counts[left] + counts[right]
    return sums / counts[:, None]


def _rounded(values: Array, bits: int) -> Array:
    """To multiples of a power of two, of which the largest value has about two to the power of `bits`."""
    step = 2.0 ** (np.frexp(np.abs(values).max(initial=0.0))[1] - bits)
    return np.rint(values / step) * step
