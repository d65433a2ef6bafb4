"""The automatic learner: all others weighed by how they predict held-out rows of the user's own scheme."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, TooFewGroupsError, make_folds, units_of_error
from drugresponse.learners.base import PairRegressor, relative_weights
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.genotypes_in_memory import takes_stored
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.registry import AUTO, CANDIDATES, LEARNERS, NAIVE, make_learner, restore_learner
from drugresponse.learners.stack._loss_weights import weigh_by_loss
from drugresponse.learners.stack._shared_ridges import SharedRidges
from drugresponse.learners.stack._weights import combine, weigh_learners
from drugresponse.learners.state import Array, State, state_numbers, state_texts
from drugresponse.units import units_in_order

__all__ = ["AutoLearner", "candidates_for"]

logger = logging.getLogger(__name__)

_SPARSE = 0.1
"""Learners for sparse screens are for grids of which less is filled; where more is, others predict better."""


@dataclass(eq=False, repr=False)
class AutoLearner(PairRegressor):
    """A weighted sum of the other learners over the naive model, which is all that is left where none beats it.

    Every learner is fitted to folds of the scheme. The weights are not negative, their sum is at most 1, and what they
    leave is the naive model's; they minimise the squared error on held-out rows. What `fit_holding_out` returns for a
    fold is weighed without that fold's rows. Scores of an outcome that is not continuous are added on the scale of its
    link, by weights that minimise its loss, and whose sum may be more than 1. Source: Breiman 1996, "Stacked
    regressions", doi:10.1007/BF00117832.

    Parameters
    ----------
    scheme, rank, epochs, trees, depth, device, n_jobs, random_state
        Handed to the learners.
    inner_folds
        Folds by which the learners are weighed, unless folds are given.
    most_fits
        Work budget: most fits of learners, over all folds and the last one on all rows. Learners for which it leaves no
        room are not tried, the costly ones first; 0 sets no limit.
    most_minutes
        No learner is begun after so many minutes; 0 sets no limit, and only then is a result the same on any machine.
    """

    scheme: str = "new-samples"
    rank: int = 256
    epochs: int = 60
    trees: int = 400
    depth: int = 5
    inner_folds: int = 3
    most_fits: int = 0
    most_minutes: float = 0
    device: str = "cpu"
    n_jobs: int | None = 1
    random_state: int = 0
    reads_blocks: ClassVar[bool] = True

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> AutoLearner:
        """Weigh the candidates on inner folds, then fit those that have weight to all rows."""
        self.fit_holding_out(pairs, y, sample_weight, self._inner_folds(pairs), self.n_jobs)
        return self

    def fit_weighed(
        self, pairs: Pairs, y: Array, sample_weight: Array | None, shares: Mapping[str, float]
    ) -> AutoLearner:
        """Fit the learners that have these weights to all rows; nothing is weighed anew."""
        self.weights_ = {name: float(shares[name]) for name in CANDIDATES if name in shares}
        self.errors_: dict[str, float] = {}
        self.by_loss_ = pairs.outcome.kind != "continuous"
        self.left_out_learners_: list[str] = []
        self._fit_members(pairs, y, np.ones(len(y)) if sample_weight is None else sample_weight, self.n_jobs)
        return self

    def fit_holding_out(
        self, pairs: Pairs, y: Array, sample_weight: Array | None, folds: Sequence[Fold], n_jobs: int | None = 1
    ) -> Array:
        """The folds that weigh the learners are those that are held out; a single one is held out of all of it."""
        if len(folds) == 1:
            return super().fit_holding_out(pairs, y, sample_weight, folds, n_jobs)
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.prepare(pairs, n_jobs)
        table = self._held_out_table(pairs, y, weights, folds, n_jobs)
        groups, tests = units_of_error(pairs, self.scheme), [test for _, test in folds]
        self.by_loss_ = pairs.outcome.kind != "continuous"

        def loss_of_rows(rows: NDArray[np.intp]) -> RowLoss:
            return loss_of(pairs[rows].compact(), y[rows], relative_weights(weights[rows], len(rows)))

        def mean_error(column: Array) -> float:
            away = (y - column)[tested] ** 2
            if self.by_loss_:
                away = loss_of_rows(tested).adjusted(column[tested]).values(column[tested])
            return float(np.average(away, weights=weights[tested]))

        if self.by_loss_:
            shares, predicted = weigh_by_loss(table, loss_of_rows, weights, groups, tests)
        else:
            # a learner that says more than a limit of the assay is not wrong
            counted = weights if pairs.censor is None else np.where(pairs.censor == 0, weights, 0.0)
            shares, predicted = weigh_learners(table, y, counted, groups, tests)
        self.errors_, tested = {}, np.flatnonzero(~np.isnan(predicted))
        if len(tested):
            columns = zip((NAIVE, *self.tried_, AUTO), [*table.T, predicted], strict=True)
            self.errors_ = {name: mean_error(column) for name, column in columns}
        self.weights_ = {name: float(share) for name, share in zip(self.tried_, shares, strict=True) if share > 0}
        sum_of = ", ".join(f"{name} {share:.2f}" for name, share in self.weights_.items())
        logger.info("auto weighs %s", sum_of or f"nothing beside {NAIVE}")
        self._fit_members(pairs, y, weights, n_jobs)
        return predicted

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """What the learners prepare."""
        for name in candidates_for(pairs):
            make_learner(name, self._settings(n_jobs)).prepare(pairs, n_jobs)

    def _inner_folds(self, pairs: Pairs) -> list[Fold]:
        """Folds that weigh the learners; none where there are too few groups to hold out."""
        try:
            folds = make_folds(pairs, self.scheme, self.inner_folds, self.random_state)
        except TooFewGroupsError as error:
            logger.warning("auto cannot compare the learners and takes the naive model: %s", error)
            return []
        return [fold for fold in folds if len(fold[0]) and len(fold[1])]

    def _held_out_table(
        self, pairs: Pairs, y: Array, weights: Array, folds: Sequence[Fold], n_jobs: int | None
    ) -> Array:
        """`(n_pairs, 1 + n_learners)` held-out predictions, the naive model's first; NaN where never held out."""
        started, candidates = time.monotonic(), candidates_for(pairs)
        room = self.most_fits // (len(folds) + 1) if self.most_fits else len(candidates)
        self.tried_: list[str] = []
        columns: list[Array] = []
        shared = {"pairs": pairs, "y": y, "weights": weights, "settings": self._settings(1), "folds": folds}
        shared["ridges"] = SharedRidges()
        names = (NAIVE, *candidates[:room])
        # with a limit of time, learner by learner, so that none is begun that may not be finished in all folds
        for batch in [names] if not self.most_minutes else [(name,) for name in names]:
            if self.most_minutes and columns and time.monotonic() - started > 60 * self.most_minutes:
                break
            units = [(name, at) for name in batch for at in range(len(folds))]
            predictions = iter(units_in_order(_held_out_fit, units, shared, n_jobs, "held-out fits", _name_of_fit))
            for name in batch:
                column = np.full(len(y), np.nan)
                for _, test in folds:
                    column[test] = next(predictions)
                columns.append(column)
                self.tried_ += [name] if name != NAIVE else []
        self.left_out_learners_ = [name for name in candidates if name not in self.tried_]
        if pairs.genotypes.is_stored:
            self.left_out_learners_ += _beyond_memory(pairs)
        return np.column_stack(columns)

    def _fit_members(self, pairs: Pairs, y: Array, weights: Array, n_jobs: int | None) -> None:
        names = (NAIVE, *self.weights_)
        jobs = n_jobs if len(self.weights_) == 1 else 1
        shared = {"pairs": pairs, "y": y, "weights": weights, "settings": self._settings(jobs)}
        shared["ridges"] = SharedRidges()
        fitted = units_in_order(_fit, names, shared, n_jobs, "fits to all rows", str)
        self.members_: dict[str, PairRegressor] = dict(zip(names, fitted, strict=True))

    def _settings(self, n_jobs: int | None) -> dict[str, Any]:
        own = ("inner_folds", "most_fits", "most_minutes")
        settings = {name: getattr(self, name) for name in self._get_param_names() if name not in own}
        return {**settings, "n_jobs": n_jobs}

    def predict(self, pairs: Pairs) -> Array:
        """The naive prediction, moved towards each learner's by its weight."""
        check_is_fitted(self, "members_")
        table = np.column_stack([member.predict(pairs) for member in self.members_.values()])
        return combine(table, np.array(list(self.weights_.values())))

    def contribution_parts(self) -> pd.DataFrame:
        """Those of all learners in the sum, each once."""
        return self._member_parts()[0]

    def _member_parts(self) -> tuple[pd.DataFrame, list[NDArray[np.intp]]]:
        """The parts, and where those of each learner stand among them."""
        tables = [member.contribution_parts() for member in self.members_.values()]
        whole = pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)
        names = pd.MultiIndex.from_frame(whole)
        return whole, [names.get_indexer(pd.MultiIndex.from_frame(table)) for table in tables]

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The learners' parts by their weights in the sum; the naive model has what they leave."""
        parts, places = self._member_parts()
        weights = np.array(list(self.weights_.values()))
        shares = [1.0 - weights.sum(), *weights]
        streams = [member.contributions(pairs) for member in self.members_.values()]
        for of_drug in zip(*streams, strict=True):
            drug_id, rows = of_drug[0].drug_id, of_drug[0].rows
            values, gaps = np.zeros((len(rows), len(parts))), np.zeros(len(rows))
            for share, member, at in zip(shares, of_drug, places, strict=True):
                values[:, at] += share * member.values
                gaps += share * member.gaps
            yield Contributions(drug_id, rows, values, gaps)

    def trained_features(self) -> pd.DataFrame:
        """The largest table of a learner in the sum."""
        return max((member.trained_features() for member in self.members_.values()), key=len)

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Those of the learners, by their weight, as shares of 1."""
        total: dict[tuple[str, str], float] = {}
        for name, weight in self.weights_.items():
            for feature, share in zip(*self.members_[name].feature_weights(), strict=True):
                total[feature] = total.get(feature, 0.0) + weight * float(share)
        shares = np.array(list(total.values()))
        return list(total), shares / shares.sum() if shares.sum() > 0 else shares

    def notes(self) -> dict[str, Any]:
        """The weights, the held-out errors that they come from, and what each learner tells."""
        errors = {name: error if self.by_loss_ else error**0.5 for name, error in self.errors_.items()}
        return {
            "weights": {name: round(share, 6) for name, share in self.weights_.items()},
            "inner_loss" if self.by_loss_ else "inner_rmse": {n: round(error, 6) for n, error in errors.items()},
            "not_tried": list(self.left_out_learners_),
            "learners": {name: self.members_[name].notes() for name in self.weights_},
        }

    def get_state(self) -> State:
        """The learners' states under their names, and their weights."""
        state = {
            "weights": self.weights_,
            "errors": self.errors_,
            "not_tried": self.left_out_learners_,
            "members": {name: member.get_state() for name, member in self.members_.items()},
        }
        return {**state, "by_loss": True} if self.by_loss_ else state

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> AutoLearner:
        """A fitted learner from its state."""
        auto = cls(**settings)
        weights = state_numbers(state, "weights")
        # in the order of the fit, so that the sum has the same last bits
        auto.weights_ = {name: weights[name] for name in CANDIDATES if name in weights}
        auto.errors_ = state_numbers(state, "errors")
        # files of continuous outcomes have none
        auto.by_loss_ = state.get("by_loss") is True
        auto.left_out_learners_ = state_texts(state, "not_tried")
        members, own = state["members"], auto._settings(auto.n_jobs)
        auto.members_ = {name: restore_learner(name, members[name], own) for name in (NAIVE, *auto.weights_)}
        return auto


def _name_of_fit(unit: tuple[str, int]) -> str:
    name, at = unit
    return f"{name}, fold {at + 1}"


def _fit(
    name: str,
    pairs: Pairs,
    y: Array,
    weights: Array,
    settings: Mapping[str, Any],
    ridges: SharedRidges,
    part: int = 0,
) -> PairRegressor:
    return ridges.fit(make_learner(name, settings), part, pairs, y, weights)


def _held_out_fit(
    unit: tuple[str, int],
    pairs: Pairs,
    y: Array,
    weights: Array,
    settings: Mapping[str, Any],
    folds: Sequence[Fold],
    ridges: SharedRidges,
) -> Array:
    """What the learner of this name predicts for the test rows of a fold, fitted to its training rows."""
    name, at = unit
    train, test = folds[at]
    return _fit(name, pairs[train], y[train], weights[train], settings, ridges, at).predict(pairs[test])


def candidates_for(pairs: Pairs) -> tuple[str, ...]:
    """The learners that are tried on these pairs; of genotypes that stay stored, those that read them in blocks."""
    n_samples = len(np.unique(pairs.sample_index))
    filled = len(pairs) / max(n_samples * len(np.unique(pairs.drug_index)), 1)
    refused = {
        learner.name
        for learner in LEARNERS.values()
        if (pairs.genotypes.is_stored and not takes_stored(learner, pairs))
        or (learner.for_sparse_screens and filled >= _SPARSE)
        or (learner.for_many_features and pairs.genotypes.shape[1] <= n_samples)
    }
    return tuple(name for name in CANDIDATES if name not in refused)


def _beyond_memory(pairs: Pairs) -> list[str]:
    """Learners that are left out because they hold all genotypes in memory, which is said."""
    names = [name for name in CANDIDATES if not takes_stored(LEARNERS[name], pairs)]
    n_samples, n_features = pairs.genotypes.shape
    logger.warning(
        "auto leaves out %s, which hold all genotypes in memory: here they are %s samples x %s features.",
        ", ".join(names),
        f"{n_samples:,}",
        f"{n_features:,}",
    )
    return names
