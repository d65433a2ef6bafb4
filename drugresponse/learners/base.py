"""The one interface of all learners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone

from drugresponse.data.genotypes import FEATURE_COLUMNS
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold
from drugresponse.errors import InputError, count
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.genotypes_in_memory import new_pairs_for, training_pairs_for
from drugresponse.learners.state import Array, State
from drugresponse.progress import doing
from drugresponse.units import units_in_order

__all__ = ["PairRegressor", "predictions_of", "relative_weights"]


class PairRegressor(RegressorMixin, BaseEstimator, ABC):
    """Predicts a response for each (sample, drug) pair.

    Encoders are fitted inside `fit`, so that cross-validation cannot leak through preprocessing.

    Attributes
    ----------
    reads_blocks
        Whether `fit` takes genotypes that stay where they are stored, and reads them in blocks. For other learners they
        are brought into memory, where they fit.
    reads_blocks_of_numbers_alone
        Whether it does so for continuous outcomes only.

    Examples
    --------
    >>> from drugresponse.learners.registry import make_learner
    >>> isinstance(make_learner("ridge", {}), PairRegressor)
    True
    """

    reads_blocks: ClassVar[bool] = False
    reads_blocks_of_numbers_alone: ClassVar[bool] = False

    @classmethod
    def own_settings(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the settings that this learner's constructor takes."""
        names = cls._get_param_names()
        return {key: value for key, value in settings.items() if key in names}

    @abstractmethod
    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> Any:
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
    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` float64 predictions, finite for every pair, whatever its sample or drug lacks."""

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """Learn once what fits on parts of these pairs share, where that is costly; what they find does not change.

        Parameters
        ----------
        pairs
            All of which parts will be fitted.
        n_jobs
            Threads that may work on it.
        """

    def fit_holding_out(
        self, pairs: Pairs, y: Array, sample_weight: Array | None, folds: Sequence[Fold], n_jobs: int | None = 1
    ) -> Array:
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
        pairs = training_pairs_for(self, pairs)
        self.prepare(pairs, n_jobs)
        shared = {"learner": clone(self), "pairs": pairs, "y": y, "weights": sample_weight, "folds": folds}
        made = units_in_order(_held_out_fit, range(len(folds)), shared, n_jobs, "held-out fits", _name_of_fit)
        predicted = np.full(len(pairs), np.nan)
        for (_, test), values in zip(folds, made, strict=True):
            predicted[test] = values
        doing("fitting to all rows")
        self.fit(pairs, y, sample_weight)
        return predicted

    @abstractmethod
    def get_state(self) -> State:
        """All that `predict` needs."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State, **settings: Any) -> Any:
        """A fitted learner from `get_state`'s answer; the settings are those of the constructor."""

    def trained_features(self) -> pd.DataFrame:
        """The feature table of the training, as in `Genotypes`; empty where the learner uses no genotype."""
        return pd.DataFrame(columns=list(FEATURE_COLUMNS))

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
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
        raise self._without_parts()

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:  # noqa: ARG002 -- for learners that can
        """The parts of each prediction, drug by drug in the order of `pairs.drugs`; drugs without a row are left out.

        Memory is that of one drug's parts and of what is kept of each sample.

        Parameters
        ----------
        pairs
            As in `predict`.
        """
        raise self._without_parts()

    def _without_parts(self) -> InputError:
        return InputError(
            f"{type(self).__name__}: its predictions have no parts to show (expected `contribution_parts` and "
            "`contributions` of its own). Choose another learner, or define both."
        )

    def notes(self) -> dict[str, Any]:
        """What is worth telling about the fit, as plain JSON values."""
        return {}


def _name_of_fit(at: int) -> str:
    return f"fold {at + 1}"


def _held_out_fit(
    at: int, learner: PairRegressor, pairs: Pairs, y: Array, weights: Array | None, folds: Sequence[Fold]
) -> Array:
    """What a fresh copy of the learner predicts for the test rows of a fold, fitted to its training rows."""
    train, test = folds[at]
    fresh: PairRegressor = clone(learner)
    fresh.set_params(**fresh.own_settings({"n_jobs": 1}))
    fresh.fit(pairs[train], y[train], None if weights is None else weights[train])
    return predictions_of(fresh, pairs[test])


def predictions_of(learner: PairRegressor, pairs: Pairs, where: str = "") -> Array:
    """`(n_pairs,)` float64 predictions of a learner, which may be anybody's.

    Parameters
    ----------
    learner, pairs
        What predicts, and what for.
    where
        What the message names; "" names the class of the learner.

    Raises
    ------
    InputError
        They are no finite numbers, one for each pair.
    """
    answer = learner.predict(new_pairs_for(learner, pairs))
    try:
        predicted = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        predicted = np.empty((0, 0))
    has_shape = predicted.shape == (len(pairs),)
    missing = int((~np.isfinite(predicted)).sum())
    if has_shape and not missing:
        return predicted
    what = f"{missing} that are not finite" if has_shape else f"{type(answer).__name__} of shape {np.shape(answer)}"
    raise InputError(
        f"{where or type(learner).__name__}: a prediction is missing: found {what} (expected a finite number for each "
        f"of {count(len(pairs), 'pair')}). A learner may not decline rows: mend its `predict`."
    )


def relative_weights(sample_weight: Array | None, n_rows: int) -> Array:
    """`(n_rows,)` weights of mean 1.

    Examples
    --------
    >>> relative_weights(np.array([1.0, 3.0]), 2).tolist(), relative_weights(None, 2).tolist()
    ([0.5, 1.5], [1.0, 1.0])
    """
    return np.ones(n_rows) if sample_weight is None else sample_weight / sample_weight.mean()
