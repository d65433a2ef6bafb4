"""The automatic choice: every learner on held-out rows of the user's own scheme; the naive model if none beats it."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds, units_of_error
from drugresponse.models.base import PairRegressor, State, learner_class, make_learner
from drugresponse.models.gains import gain_over_noise
from drugresponse.models.threads import run_in_order

__all__ = ["AutoLearner"]

logger = logging.getLogger(__name__)

NAIVE = "additive-mean"
CANDIDATES = (NAIVE, "covariates", "ridge", "boosted-trees", "random-forest", "neural")


class AutoLearner(PairRegressor):
    """The learner with the least squared error on held-out folds; the naive model when nothing beats it.

    A learner counts as better than a simpler one (in the order of the candidates) when its squared error over the
    folds is lower by more than one standard error of the difference, so that noise does not buy complexity.

    Parameters
    ----------
    scheme, rank, epochs, trees, depth, device, n_jobs, random_state
        Handed to the learners.
    inner_folds
        Folds of the comparison.
    """

    def __init__(
        self,
        scheme: str = "new-samples",
        rank: int = 20,
        epochs: int = 60,
        trees: int = 300,
        depth: int = 5,
        inner_folds: int = 3,
        device: str = "cpu",
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.rank = rank
        self.epochs = epochs
        self.trees = trees
        self.depth = depth
        self.inner_folds = inner_folds
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None
    ) -> AutoLearner:
        """Compare the candidates, then fit the chosen one on all rows."""
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        folds = self._folds(pairs)
        units = [(name, fold) for fold in folds for name in CANDIDATES]

        def losses(unit: tuple[str, tuple[NDArray[np.intp], NDArray[np.intp]]]) -> NDArray[np.float64]:
            name, (train, test) = unit
            learner = make_learner(name, self._settings(1)).fit(pairs[train], y[train], weights[train])
            return (y[test] - learner.predict(pairs[test])) ** 2

        found = run_in_order(losses, units, self.n_jobs)
        n = len(CANDIDATES)
        means = [
            float(np.average(each, weights=weights[test])) for each, (_, (_, test)) in zip(found, units, strict=True)
        ]
        self.errors_ = {name: means[i::n] for i, name in enumerate(CANDIDATES)}
        self.chosen_ = NAIVE
        if folds:
            table = np.column_stack([np.concatenate(found[i::n]) for i in range(n)])
            tested = np.concatenate([test for _, test in folds])
            self.chosen_ = choose(table, weights[tested], units_of_error(pairs, self.scheme)[tested])
        logger.info("auto chose %s", self.chosen_)
        self.learner_ = make_learner(self.chosen_, self._settings(self.n_jobs)).fit(pairs, y, weights)
        return self

    def _folds(self, pairs: Pairs) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Folds of the comparison; none where there are too few groups to hold out."""
        try:
            folds = make_folds(pairs, self.scheme, self.inner_folds, self.random_state)
        except TooFewGroupsError as error:
            logger.warning("auto cannot compare the learners and takes the naive model: %s", error)
            return []
        return [fold for fold in folds if len(fold[0]) and len(fold[1])]

    def _settings(self, n_jobs: int) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in self._get_param_names() if name != "inner_folds"}
        return {**settings, "n_jobs": n_jobs}

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Predictions of the chosen learner."""
        check_is_fitted(self, "learner_")
        return self.learner_.predict(pairs)

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """Those of the chosen learner."""
        return self.learner_.feature_weights()

    def notes(self) -> dict[str, Any]:
        """What was chosen, why, and what the chosen learner tells."""
        rmse = {name: round(float(np.sqrt(np.mean(each))), 6) for name, each in self.errors_.items() if each}
        return {"chosen": self.chosen_, "inner_rmse": rmse, "chosen_learner": self.learner_.notes()}

    def get_state(self) -> State:
        """The chosen learner's state under its name."""
        return {"chosen": self.chosen_, "errors": self.errors_, "learner": self.learner_.get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> AutoLearner:
        """A fitted learner from its state."""
        auto = cls(**settings)
        auto.chosen_ = str(state["chosen"])
        auto.errors_ = {str(name): list(each) for name, each in state["errors"].items()}
        kind = learner_class(auto.chosen_)
        taken = {key: value for key, value in auto._settings(auto.n_jobs).items() if key in kind._get_param_names()}
        auto.learner_ = kind.from_state(state["learner"], **taken)
        return auto


def choose(losses: NDArray[np.float64], weights: NDArray[np.float64], groups: NDArray) -> str:
    """The candidate to take, simplest first; a later one must gain more than one standard error over the best so far.

    Parameters
    ----------
    losses
        `(n_rows, n_candidates)` squared errors on held-out rows.
    weights, groups
        `(n_rows,)` weights, and the subject (or drug, where drugs are new) of each row, which is the unit of the error.

    Examples
    --------
    >>> losses = np.tile([1.0, 1.0, 0.5, 0.5, 0.6, 0.5], (20, 1)) + np.linspace(0, 0.1, 20)[:, None]
    >>> choose(losses, np.ones(20), np.arange(20))
    'ridge'
    """
    best = 0
    for i in range(1, losses.shape[1]):
        if gain_over_noise(losses[:, best], losses[:, i], weights, groups) > 1:
            best = i
    return CANDIDATES[best]
