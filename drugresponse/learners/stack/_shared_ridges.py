"""Ridges that learners begin with, fitted once for all learners of the same rows."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge.staged import StagedRegressor
from drugresponse.learners.state import Array

__all__ = ["SharedRidges"]


class SharedRidges:
    """A ridge for each part of the training that several learners are fitted to.

    The ridge is a learner itself, and trees and the network begin with it; from the same rows each of them would make
    the same one again. Of stored genotypes they do: what the second stage learns from is no part of the ridge there.

    In another process, as on a cluster, nothing is shared: what was sent there would be kept for fits to other rows.

    Parameters
    ----------
    keeps
        Whether ridges are shared at all.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self.keeps = keeps
        self._made: dict[int, FactorRidge] = {}
        self._locks: defaultdict[int, Lock] = defaultdict(Lock)

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return _without, ()

    def fit(self, learner: PairRegressor, part: int, pairs: Pairs, y: Array, weights: Array) -> PairRegressor:
        """The learner, fitted to the rows of a part, or the ridge that another one was fitted with.

        Parameters
        ----------
        learner
            Unfitted; scheme, rank and seed are those of all others.
        part
            Number of the part whose rows these are.
        pairs, y, weights
            As in `PairRegressor.fit`.
        """
        first = _first_ridge(learner)
        if first is None or not self.keeps or pairs.genotypes.is_stored:
            fitted: PairRegressor = learner.fit(pairs, y, weights)
            return fitted
        # whoever comes second waits: it would only make the same ridge meanwhile
        with self._locks[part]:
            if part not in self._made:
                self._made[part] = first.fit(pairs, y, weights)
        ridge = self._made[part]
        return learner.fit_after(ridge, pairs, y, weights) if isinstance(learner, StagedRegressor) else ridge


def _first_ridge(learner: PairRegressor) -> FactorRidge | None:
    """The ridge that a learner begins with, or is itself; None where it is another one, or nothing else is known."""
    if isinstance(learner, StagedRegressor):
        return learner.first_ridge()
    return learner if type(learner) is FactorRidge else None


def _without() -> SharedRidges:
    return SharedRidges(keeps=False)
