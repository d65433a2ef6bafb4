"""The second of two levels: ridges on what ridges within segments of the genome say of left-out samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from drugresponse.features.samples import COVARIATES
from drugresponse.learners.factors.token_spaces import ErrorsOfScales, RowRidges
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, fit_scores
from drugresponse.learners.ridge_solver import PENALTIES, RidgeFit
from drugresponse.learners.state import Array

__all__ = ["SecondLevel"]

_ROWS = 4096
"""Samples whose predictors are in double precision at once."""


@dataclass(frozen=True, eq=False)
class SecondLevel:
    """Samples as covariates' tokens and predictors that were learned from other samples' responses.

    A fit that leaves a fold out takes predictors that never saw that fold: what samples of other folds bear would tell
    of its responses otherwise. Folds are those of the first level, whatever groups are given; they keep groups whole.

    Attributes
    ----------
    side
        `(n_samples, n_covariate_tokens)`.
    predictors
        `(n_folds, n_samples, n_predictors)` float32: at `[k, i]` those that saw neither fold `k` nor that of sample
        `i`.
    folds
        Rows of each fold.
    blocks
        Columns of the predictors of each block of genotype.
    """

    side: Array
    predictors: NDArray[np.float32]
    folds: Sequence[NDArray[np.intp]]
    blocks: Mapping[str, NDArray[np.intp]]
    _grams: dict[bytes, list[_Gram]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.side)

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, covariates first."""
        return (*((COVARIATES,) if self.side.shape[1] else ()), *self.blocks)

    @property
    def inputs(self) -> Array:
        """`(n_samples, n_covariate_tokens + n_predictors)` of all folds but the sample's own."""
        out = np.empty((len(self), self.side.shape[1] + self.predictors.shape[2]))
        out[:, : self.side.shape[1]] = self.side
        for fold, rows in enumerate(self.folds):
            out[rows, self.side.shape[1] :] = self.predictors[fold, rows]
        return out

    def take(self, rows: NDArray[np.intp]) -> SecondLevel:
        """Some of the samples."""
        place = np.full(len(self), -1, dtype=np.intp)
        place[rows] = np.arange(len(rows))
        folds = [place[fold][place[fold] >= 0] for fold in self.folds]
        return SecondLevel(self.side[rows], self.predictors[:, rows], folds, self.blocks)

    def ridge(
        self,
        scales: Mapping[str, float],
        targets: Array,
        *,
        weights: Array,
        groups: NDArray,  # noqa: ARG002 -- folds of the first level keep them whole
        penalties: Array = PENALTIES,
    ) -> RidgeFit:
        """As `fit_ridge`, whose left-out predictions are those of a fold's samples together."""
        return self._fit(self._loud(scales), targets, weights, penalties)[0]

    def errors(self, targets: Array, *, weights: Array, groups: NDArray, penalties: Array) -> ErrorsOfScales:
        """A ridge of each."""
        return lambda scales: self.ridge(scales, targets, weights=weights, groups=groups, penalties=penalties).errors

    def row_ridges(self) -> RowRidges:
        """Ridges on some samples, of all predictors as they are."""
        return _SecondRidges(self)

    def scores(self, scales: Mapping[str, float], problem: ScoreProblem) -> ScoreFit:
        """As `fit_scores`; the problem's folds are those of the first level."""
        loud = self._loud(scales)
        used = np.flatnonzero(loud)
        without = [self._inputs_of(fold, slice(None))[:, used] * loud[used] for fold in range(len(self.folds))]
        fit = fit_scores(self.inputs[:, used] * loud[used], problem, without)
        coefficients = np.zeros((len(loud), fit.coefficients.shape[1]))
        coefficients[used] = loud[used, None] * fit.coefficients
        return ScoreFit(coefficients, fit.levels, fit.left_out, fit.effects_left_out, fit.penalty)

    def _loud(self, scales: Mapping[str, float]) -> Array:
        """`(n_inputs,)` scale of each input."""
        n_side = self.side.shape[1]
        loud = np.zeros(n_side + self.predictors.shape[2])
        loud[:n_side] = scales.get(COVARIATES, 0.0)
        for name, columns in self.blocks.items():
            loud[n_side + columns] = scales.get(name, 0.0)
        return loud

    def _inputs_of(self, fold: int, rows: NDArray[np.intp] | slice) -> Array:
        """Inputs of samples that never saw a fold."""
        return np.hstack([self.side[rows], self.predictors[fold, rows]])

    def _fit(self, loud: Array, targets: Array, weights: Array, penalties: Array) -> tuple[RidgeFit, Array]:
        """A ridge on the samples of a weight above 0, and what it makes of the inputs of all samples."""
        weights = weights / weights[weights > 0].mean()
        used = np.flatnonzero(loud)
        *of_folds, whole = self._solvers(weights, loud, used, targets)
        errors = np.zeros((len(penalties), targets.shape[1]))
        for (fold, rows), solver in zip(enumerate(self.folds), of_folds, strict=True):
            known = rows[weights[rows] > 0]
            for part in _parts(known):
                inputs = self._inputs_of(fold, part)[:, used] - solver.means
                for at, penalty in enumerate(penalties):
                    away = targets[part] - solver.target_means - inputs @ solver.coefficients(penalty)
                    errors[at] += weights[part] @ away**2
        errors /= np.count_nonzero(weights)
        # of penalties that are equally good the greatest: where nothing is told, nothing is believed
        rising = np.argsort(penalties)[::-1]
        best = rising[errors[rising].argmin(axis=0)]
        chosen = penalties[best]
        left_out, inside = np.empty(targets.shape), np.empty(targets.shape)
        coefficients = np.zeros((len(loud), targets.shape[1]))
        coefficients[used] = whole.coefficients(chosen)
        intercepts = whole.target_means - whole.means @ coefficients[used]
        for (fold, rows), solver in zip(enumerate(self.folds), of_folds, strict=True):
            of_fold = solver.coefficients(chosen)
            for part in _parts(rows):
                inputs = self._inputs_of(fold, part)[:, used]
                left_out[part] = (inputs - solver.means) @ of_fold + solver.target_means
                inside[part] = inputs @ coefficients[used] + intercepts
        least = errors[best, np.arange(targets.shape[1])]
        return RidgeFit(coefficients, intercepts, left_out, chosen, least), inside

    def _solvers(self, weights: Array, loud: Array, used: NDArray[np.intp], targets: Array) -> list[_Solver]:
        """Of the samples outside each fold, and of all."""
        key = weights.tobytes()
        if key not in self._grams:
            self._grams.clear()
            self._grams[key] = [self._gram(weights, fold) for fold in (*range(len(self.folds)), None)]
        aims = [self._aims(weights, targets, fold) for fold in (*range(len(self.folds)), None)]
        return [gram.solver(loud, used, aim) for gram, aim in zip(self._grams[key], aims, strict=True)]

    def _learned_from(self, weights: Array, fold: int | None) -> list[tuple[NDArray[np.intp], int]]:
        """Rows, a part at a time, and the fold that their predictors must not have seen beside their own."""
        return [
            (part, own if fold is None else fold)
            for own, rows in enumerate(self.folds)
            if own != fold
            for part in _parts(rows[weights[rows] > 0])
        ]

    def _gram(self, weights: Array, fold: int | None) -> _Gram:
        n = self.side.shape[1] + self.predictors.shape[2]
        squares, sums, total = np.zeros((n, n)), np.zeros(n), 0.0
        for rows, unseen in self._learned_from(weights, fold):
            inputs = self._inputs_of(unseen, rows)
            sums += weights[rows] @ inputs
            total += float(weights[rows].sum())
            inputs *= np.sqrt(weights[rows])[:, None]
            squares += inputs.T @ inputs
        return _Gram(squares, sums, total)

    def _aims(self, weights: Array, targets: Array, fold: int | None) -> Array:
        """`(1 + n_inputs, n_targets)` sums of the targets, and of their products with the inputs."""
        aims = np.zeros((1 + self.side.shape[1] + self.predictors.shape[2], targets.shape[1]))
        for rows, unseen in self._learned_from(weights, fold):
            weighed = weights[rows, None] * targets[rows]
            aims[0] += weighed.sum(axis=0)
            aims[1:] += self._inputs_of(unseen, rows).T @ weighed
        return aims


@dataclass(frozen=True, eq=False)
class _SecondRidges:
    """Ridges on some samples for `OwnRidges`."""

    space: SecondLevel

    @property
    def n_axes(self) -> int:
        """Columns of coefficients."""
        return self.space.side.shape[1] + self.space.predictors.shape[2]

    def fit(
        self,
        rows: NDArray[np.intp],
        targets: Array,
        *,
        weights: Array,
        groups: NDArray,  # noqa: ARG002 -- as of `SecondLevel.ridge`
    ) -> tuple[RidgeFit, Array]:
        """The fit to these rows, and what it makes of all samples."""
        all_weights, all_targets = np.zeros(len(self.space)), np.zeros((len(self.space), targets.shape[1]))
        all_weights[rows], all_targets[rows] = weights, targets
        whole = self.space._loud(dict.fromkeys(self.space.names, 1.0))
        fit, inside = self.space._fit(whole, all_targets, all_weights, PENALTIES)
        return RidgeFit(fit.coefficients, fit.intercepts, fit.left_out[rows], fit.penalties, fit.errors), inside

    def of_inputs(self, coefficients: Array) -> Array:
        """Coefficients of the inputs."""
        return coefficients


@dataclass(frozen=True, eq=False)
class _Gram:
    """Weighted sums of inputs and of their products, and of the weights."""

    squares: Array
    sums: Array
    total: float

    def solver(self, loud: Array, used: NDArray[np.intp], aims: Array) -> _Solver:
        """Of inputs as loud as their scales, those that are used."""
        if self.total <= 0:
            nothing = np.zeros((len(used), aims.shape[1]))
            return _Solver(np.eye(len(used)), np.zeros(len(used)), nothing, loud[used], np.zeros(len(used)), aims[0])
        means, target_means = self.sums[used] / self.total, aims[0] / self.total
        gram = self.squares[np.ix_(used, used)] - self.total * np.outer(means, means)
        values, vectors = np.linalg.eigh(gram * np.outer(loud[used], loud[used]))
        products = loud[used, None] * (aims[1 + used] - np.outer(means, aims[0]))
        return _Solver(vectors, np.maximum(values, 0.0), vectors.T @ products, loud[used], means, target_means)


@dataclass(frozen=True, eq=False)
class _Solver:
    """A ridge at any penalty: axes of the inputs used, their sizes and products with the targets, and the means."""

    vectors: Array
    values: Array
    products: Array
    loud: Array
    means: Array
    target_means: Array

    def coefficients(self, penalty: Array | float) -> Array:
        """`(n_used, n_targets)` of the inputs as they are, by one penalty or one for each target."""
        return self.loud[:, None] * (self.vectors @ (self.products / (self.values[:, None] + penalty)))


def _parts(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
