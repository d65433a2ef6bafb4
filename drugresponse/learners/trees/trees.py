"""The two kinds of trees: boosted, and a random forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drugresponse.learners.trees._drug_trees import DrugTrees
from drugresponse.learners.trees._pair_trees import PairTrees
from drugresponse.learners.trees._staged_trees import StagedTrees, Trees

__all__ = ["BoostedTrees", "RandomForest"]

_SIDE_BY_SIDE = 4
"""Trees grown in each boosting round on other rows and inputs; their mean is far less noisy than one tree."""

_LEAST_CURVATURE = 0.1
"""Of the rows of a leaf, where trees are grown by a loss: ten rows of a drug to which one in a hundred responds."""
_STEPS, _STEP, _DEPTH_BY_LOSS = 8, 0.3, 6
"""A forest by a loss is grown in parts, each a step from the mean of those before."""


@dataclass(eq=False, repr=False)
class BoostedTrees(StagedTrees):
    """Gradient-boosted trees.

    Source: Chen and Guestrin 2016, doi:10.1145/2939672.2939785.

    Parameters
    ----------
    scheme, rank, random_state
        Of the ridge stage; the seed also draws the rows and columns of each tree.
    trees
        Trees in all, four in each boosting round.
    depth
        Deepest tree.
    learning_rate
        Shrinkage of each round.
    n_jobs
        Boosters grown at once; the result does not depend on it.
    """

    scheme: str = "new-samples"
    rank: int = 256
    trees: int = 400
    depth: int = 5
    learning_rate: float = 0.1
    n_jobs: int | None = 1
    random_state: int = 0

    def _parameters(self, kind: type[Trees]) -> tuple[dict[str, Any], int]:  # noqa: ARG002 -- one depth for all kinds
        drawn = {"subsample": 0.7, "colsample_bynode": 0.3, "num_parallel_tree": _SIDE_BY_SIDE}
        return {**drawn, "max_depth": self.depth, "eta": self.learning_rate}, max(1, self.trees // _SIDE_BY_SIDE)

    def _loss_parameters(self) -> tuple[dict[str, Any], int]:
        drawn, rounds = self._parameters(PairTrees)
        return {**drawn, "min_child_weight": _LEAST_CURVATURE}, rounds


@dataclass(eq=False, repr=False)
class RandomForest(StagedTrees):
    """A random forest: by scikit-learn on samples, else by XGBoost as one round of many parallel trees.

    By the loss of an outcome that is not continuous, it is a few rounds of them.

    Source: Breiman 2001, doi:10.1023/A:1010933404324.

    Parameters
    ----------
    scheme, rank, random_state
        Of the ridge stage; the seed also draws the rows and columns of each tree.
    trees
        Trees in the forest.
    n_jobs
        Forests grown at once; the result does not depend on it.
    """

    scheme: str = "new-samples"
    rank: int = 256
    trees: int = 400
    n_jobs: int | None = 1
    random_state: int = 0
    grows_forest = True

    def _parameters(self, kind: type[Trees]) -> tuple[dict[str, Any], int]:
        drawn = {
            "subsample": 0.632,
            "colsample_bynode": 0.33,
            "max_depth": 14 if kind is DrugTrees else 10,
            "eta": 1.0,
            "num_parallel_tree": self.trees,
            "min_child_weight": 3,
            "lambda": 0.0,
        }
        return drawn, 1

    def _loss_parameters(self) -> tuple[dict[str, Any], int]:
        drawn = self._parameters(PairTrees)[0]
        # one step of Newton's from the rows of a leaf that has one class alone would have no end
        steps = {"eta": _STEP, "num_parallel_tree": max(1, self.trees // _STEPS), "max_depth": _DEPTH_BY_LOSS}
        return {**drawn, **steps, "min_child_weight": _LEAST_CURVATURE, "lambda": 1.0}, _STEPS
