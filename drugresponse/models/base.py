"""The one interface of all learners, and the table in which they are found by name."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold
from drugresponse.errors import InputError, nearest
from drugresponse.models.contributions import Contributions
from drugresponse.models.state import State
from drugresponse.models.threads import run_in_order

__all__ = [
    "LEARNERS",
    "Learner",
    "PairRegressor",
    "find_learner",
    "make_learner",
    "restore_learner",
]


@dataclass(frozen=True)
class Learner:
    """A learner as the registry knows it.

    Attributes
    ----------
    name
        As on the command line.
    place
        Module and class inside `drugresponse.models`; imported only when the learner is used.
    description
        One line for people.
    reads_limits
        Whether it takes a censored response for the limit that it is; others take it at the limit, as if measured.
    """

    name: str
    place: tuple[str, str]
    description: str
    reads_limits: bool = False


_ALL = (
    Learner("additive-mean", ("baselines", "AdditiveMean"), "the mean effects that the scheme has; the naive model"),
    Learner("covariates", ("linear", "CovariateRidge"), "ridge on covariates such as tissue; no genotype"),
    Learner("ridge", ("linear", "FactorRidge"), "ridge on covariate and genotype tokens, shared over drugs"),
    Learner("pair-ridge", ("pair_ridge", "PairRidge"), "ridge on tokens and structures, for sparse screens"),
    Learner("gaussian", ("gaussian", "GaussianRidge"), "ridge on smooth functions of the tokens, shared over drugs"),
    Learner("boosted-trees", ("trees", "BoostedTrees"), "gradient-boosted trees"),
    Learner("random-forest", ("trees", "RandomForest"), "random forest"),
    Learner(
        "neural", ("neural", "NeuralResponse"), "genotype and drug embeddings, started at the ridge and trained", True
    ),
    Learner("auto", ("stack", "AutoLearner"), "weighs the others by their predictions of held-out data of the scheme"),
)
LEARNERS: Mapping[str, Learner] = MappingProxyType({each.name: each for each in _ALL})


class PairRegressor(RegressorMixin, BaseEstimator, ABC):
    """Predicts a response for each (sample, drug) pair.

    Encoders are fitted inside `fit`, so that cross-validation cannot leak through preprocessing.
    """

    @classmethod
    def own_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the settings that this learner's constructor takes."""
        taken = cls._get_param_names()
        return {key: value for key, value in settings.items() if key in taken}

    @abstractmethod
    def fit(self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None) -> Any:
        """Learn from distinct pairs.

        Parameters
        ----------
        pairs
            Training pairs.
        y
            `(n_pairs,)` responses, all finite.
        sample_weight
            `(n_pairs,)` weights, above 0; None is 1 for all.
        """

    @abstractmethod
    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_pairs,)` float64 predictions, finite for every pair, whatever its sample or drug lacks."""

    def fit_holding_out(
        self,
        pairs: Pairs,
        y: NDArray[np.float64],
        sample_weight: NDArray[np.float64] | None,
        folds: Sequence[Fold],
        n_jobs: int = 1,
    ) -> NDArray[np.float64]:
        """Fit to all rows, and predict the test rows of each fold by a fit that did not see them.

        Parameters
        ----------
        pairs, y, sample_weight
            As in `fit`.
        folds
            Row numbers of the training and test part of each; test parts do not overlap.
        n_jobs
            Fits run at once.

        Returns
        -------
        (n_pairs,) float64
            NaN for rows that no fold tests.
        """

        def one(fold: Fold) -> NDArray[np.float64]:
            train, test = fold
            learner: PairRegressor = clone(self)
            learner.set_params(**learner.own_settings({"n_jobs": 1}))
            weights = None if sample_weight is None else sample_weight[train]
            return learner.fit(pairs[train], y[train], weights).predict(pairs[test])

        predicted = np.full(len(pairs), np.nan)
        for (_, test), values in zip(folds, run_in_order(one, folds, n_jobs), strict=True):
            predicted[test] = values
        self.fit(pairs, y, sample_weight)
        return predicted

    @abstractmethod
    def get_state(self) -> State:
        """All that `predict` needs."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State, **settings: Any) -> Any:
        """A fitted learner from `get_state`'s answer; the settings are those of the constructor."""

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """What the model hangs on each genotype feature.

        Returns
        -------
        features : list of (block, feature_id)
        weights : (n_features,) float64
            0 or more; their sum is 1, or all are 0 where the model uses no genotype.
        """
        return [], np.zeros(0)

    def contribution_parts(self) -> pd.DataFrame:
        """The names of the parts that each prediction is a sum of.

        Returns
        -------
        pandas.DataFrame
            `(n_parts,)` rows of text `kind, block, feature_id, gene, arm`; kinds are told of in `parts_table`.

        Raises
        ------
        InputError
            This learner cannot say what its predictions are made of.
        """
        raise InputError(
            f"{type(self).__name__}: its predictions have no parts to show. Choose one of {list(LEARNERS)}."
        )

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:  # noqa: ARG002 -- for learners that can
        """The parts of each prediction, drug by drug in the order of `pairs.drugs`; drugs without a row are left out.

        Memory is that of one drug's parts and of what is kept of each sample.

        Parameters
        ----------
        pairs
            As in `predict`.
        """
        raise InputError(
            f"{type(self).__name__}: its predictions have no parts to show. Choose one of {list(LEARNERS)}."
        )

    def notes(self) -> dict[str, Any]:
        """What is worth telling about the fit, as plain JSON values."""
        return {}


def find_learner(name: str) -> Learner:
    """The registry's record of this learner.

    Raises
    ------
    InputError
        No such learner; the nearest name is suggested.

    Examples
    --------
    >>> find_learner("ridge").place
    ('linear', 'FactorRidge')
    """
    if name not in LEARNERS:
        raise InputError(f'learner: "{name}" is unknown. {nearest(name, LEARNERS)}')
    return LEARNERS[name]


def learner_class(name: str) -> type[PairRegressor]:
    """The class of a learner; only names of the registry are ever imported."""
    module, attribute = find_learner(name).place
    found: type[PairRegressor] = getattr(importlib.import_module(f"drugresponse.models.{module}"), attribute)
    return found


def make_learner(name: str, settings: Mapping[str, Any]) -> PairRegressor:
    """A learner by name, given those of the settings that it takes."""
    kind = learner_class(name)
    return kind(**kind.own_settings(settings))


def restore_learner(name: str, state: State, settings: Mapping[str, Any]) -> PairRegressor:
    """A fitted learner by name, from its state and those of the settings that it takes."""
    kind = learner_class(name)
    restored: PairRegressor = kind.from_state(state, **kind.own_settings(settings))
    return restored
