"""Ridges on the tokens of one segment of the genome, at several penalties, and what they say of left-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from drugresponse.learners.state import Array

__all__ = ["FirstAim", "SegmentFit", "SegmentRidges"]

_SMALL = 1e-6
"""Share of their mean square that is added to the covariates', of which one may be the sum of others."""


@dataclass(frozen=True, eq=False)
class FirstAim:
    """Targets that have their weights in common.

    Attributes
    ----------
    values
        `(n_samples, n_targets)`; anything where the weight is 0.
    weights
        `(n_samples,)` of mean 1 over those above 0; those of 0 are not learned from.
    """

    values: Array
    weights: Array

    @classmethod
    def of(cls, values: Array, weights: Array) -> FirstAim:
        """Weights of any mean."""
        return cls(values, weights / weights[weights > 0].mean())

    def take(self, rows: NDArray[np.intp]) -> FirstAim:
        """Some of the samples; weights stay as they are."""
        return FirstAim(self.values[rows], self.weights[rows])


@dataclass(frozen=True, eq=False)
class SegmentFit:
    """Linear predictors made of one segment's tokens beside the covariates'.

    Columns are those of the first target at each penalty, then of the next.

    Attributes
    ----------
    left_out
        `(n_folds, n_samples, n_columns)` float32: at `[k, i]` by the samples that are neither in fold `k` nor in the
        fold of sample `i`. What covariates tell alone is left to others.
    coefficients
        `(n_tokens, n_columns)` float32 by all samples.
    of_side
        `(n_covariate_tokens, n_columns)` what of these is taken off, since the covariates tell it of the tokens.
    """

    left_out: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    of_side: Array


class SegmentRidges:
    """Ridges of all targets on one segment after the other, each fitted to what those before it leave.

    Their penalty is on tokens alone and not on the covariates. Products of tokens are added up fold by fold, so that
    fits without some folds cost no look at the samples; each fit without folds has residuals of its own, so that what
    it predicts of those folds has seen none of their responses, at any segment.

    Parameters
    ----------
    side
        `(n_samples, n_covariate_tokens)`, samples in the order of their folds.
    folds
        The rows of each.
    aims
        Targets by their weights.
    penalties
        `(n_penalties,)` as of `fit_ridge`.
    """

    def __init__(self, side: Array, folds: Sequence[slice], aims: Sequence[FirstAim], penalties: Array) -> None:
        self._aims = [_AimRidges(side, folds, aim, penalties) for aim in aims]

    def fit(self, tokens: NDArray[np.float32]) -> SegmentFit:
        """The next segment: `(n_samples, n_tokens)`, no missing, in Fortran order."""
        made = [aim.fit(tokens) for aim in self._aims]
        return SegmentFit(
            np.concatenate([fit.left_out for fit in made], axis=2),
            np.hstack([fit.coefficients for fit in made]),
            np.hstack([fit.of_side for fit in made]),
        )


class _AimRidges:
    """Those of targets that have their weights in common.

    Fits without folds are numbered as their `sets`, pairs of folds of which both may be one; the first is without none.
    """

    def __init__(self, side: Array, folds: Sequence[slice], aim: FirstAim, penalties: Array) -> None:
        self._folds, self._penalties, self._weights = folds, penalties, aim.weights
        self._known = np.column_stack([np.ones(len(side)), side])
        at = range(len(folds))
        self._sets: list[tuple[int, ...]] = [(), *((one, other) for one in at for other in at if one <= other)]
        self._of_side = []
        shape = (len(side), len(self._sets), aim.values.shape[1], len(penalties))
        self._residuals = np.empty(shape, dtype=np.float32)
        weighed = aim.weights[:, None] * self._known
        for number, left in enumerate(self._sets):
            kept = np.ones(len(side))
            for fold in left:
                kept[folds[fold]] = 0.0
            squares = (kept[:, None] * weighed).T @ self._known
            squares += _SMALL * max(float(np.diag(squares).mean()), 1e-300) * np.eye(len(squares))
            self._of_side.append(squares)
            told = np.linalg.solve(squares, (kept[:, None] * weighed).T @ aim.values)
            self._residuals[:, number] = (aim.values - self._known @ told)[:, :, None]

    def fit(self, tokens: NDArray[np.float32]) -> SegmentFit:
        """The next segment."""
        n_tokens, width = tokens.shape[1], self._residuals[0, 0].size
        of_folds = [self._products(tokens, rows) for rows in self._folds]
        effects = np.zeros((n_tokens, len(self._sets), width))
        of_side = np.zeros((self._known.shape[1], len(self._sets), width))
        for number, left in enumerate(self._sets):
            kept = [part for fold, part in enumerate(of_folds) if fold not in left]
            if kept:
                effects[:, number], of_side[:, number] = self._solve(number, kept)
        left_out = np.empty((len(self._folds), len(tokens), width), dtype=np.float32)
        flat, flat_side = (each.reshape(len(each), -1) for each in (effects, of_side))
        for fold, rows in enumerate(self._folds):
            made = tokens[rows] @ flat.astype(np.float32) - (self._known[rows] @ flat_side).astype(np.float32)
            made = made.reshape(len(made), len(self._sets), -1)
            self._residuals[rows] -= made.reshape(self._residuals[rows].shape)
            for number, left in enumerate(self._sets):
                if fold in left:
                    # of the constant a predictor says nothing
                    other = left[0] if left[1] == fold else left[1]
                    left_out[other, rows] = made[:, number] + of_side[0, number].astype(np.float32)
        return SegmentFit(left_out, effects[:, 0].astype(np.float32), of_side[1:, 0])

    def _products(self, tokens: NDArray[np.float32], rows: slice) -> tuple[Array, Array, Array]:
        """Of a fold's samples: products of tokens, with the covariates', and with the residuals of each set."""
        weights, some = self._weights[rows], tokens[rows]
        known, residuals = self._known[rows], self._residuals[rows].reshape(len(weights), -1)
        if not (weights == 1.0).all():
            used = np.flatnonzero(weights > 0)
            root = np.sqrt(weights[used])[:, None].astype(np.float32)
            # in Fortran order, in which columns are read
            some = (some.T[:, used].T if len(used) < len(some) else some) * root
            known, residuals = known[used] * root, residuals[used] * root
        gram, crossed = some.T @ some, some.T @ known.astype(np.float32)
        return gram.astype(np.float64), crossed.astype(np.float64), (some.T @ residuals).astype(np.float64)

    def _solve(self, number: int, parts: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array]:
        """`(n_tokens, n_columns)` effects, and what the covariates tell of their products."""
        gram, crossed = (sum((part[at] for part in parts[1:]), parts[0][at].copy()) for at in (0, 1))
        n_tokens, (_, n_sets, n_targets, n_penalties) = len(gram), self._residuals.shape
        shape = (n_tokens, n_sets, n_targets, n_penalties)
        aims = sum((part[2].reshape(shape)[:, number] for part in parts[1:]), parts[0][2].reshape(shape)[:, number])
        told = np.linalg.solve(self._of_side[number], crossed.T)
        gram -= crossed @ told
        effects, diagonal = np.empty((n_tokens, n_targets, n_penalties)), np.arange(n_tokens)
        for at, penalty in enumerate(self._penalties):
            ridged = gram.copy()
            ridged[diagonal, diagonal] += penalty
            factor = cho_factor(ridged, overwrite_a=True, check_finite=False)
            effects[:, :, at] = cho_solve(factor, aims[:, :, at], check_finite=False)
        columns = effects.reshape(n_tokens, -1)
        return columns, told @ columns
