"""Scores fitted with the penalty that leaves least loss on left-out groups, and several such fits added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.solver import Basis, LinearScores, maximise
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["PENALTIES", "ScoreFit", "add_up", "fit_scores"]

PENALTIES = 10.0 ** np.array([3, 2, 1.5, 1, 0.5, 0, -0.5, -1, -1.5, -2, -2.5, -3])
"""Penalties tried, largest first, relative to inputs whose mean squared row norm is 1 for each block."""
_PATIENCE = 2
"""Penalties in a row that may be worse before smaller ones are no longer tried."""
_TOWARDS_EQUAL = 0.1
"""How hard shares are pulled towards equal ones, relative to the curvature of the loss along them."""


@dataclass(frozen=True, eq=False)
class ScoreFit:
    """Scores `levels + inputs @ coefficients`.

    Attributes
    ----------
    coefficients
        `(n_inputs, n_drugs)`.
    levels
        `(n_drugs,)`.
    left_out
        `(n_samples, n_drugs)` scores of each sample by the fit without its group's fold.
    effects_left_out
        The same less that fit's levels, which are those of the other rows: a row's own mirrored.
    penalty
        The one chosen.
    """

    coefficients: Array
    levels: Array
    left_out: Array
    effects_left_out: Array
    penalty: float


def fit_scores(inputs: Array | Basis, problem: ScoreProblem, without: Sequence[Array] | None = None) -> ScoreFit:
    """Maximise the penalised likelihood.

    What the loss holds beside the scores, such as cuts or spreads, is what suits the left-out scores.

    Parameters
    ----------
    inputs
        `(n_samples, n_inputs)`, no missing, of mean 0; or their axes.
    without
        The inputs of all samples where each fold's are left out, which may be others: inputs that were learned from
        responses are learned without those that are to be predicted. None has the same in every fold.
    """
    basis = inputs if isinstance(inputs, Basis) else Basis.of(inputs)
    place = np.arange(problem.shape[0])
    if without is None:
        problem, firsts, place = problem.merged(basis.scores)
        basis = replace(basis, scores=basis.scores[firsts])
    folds = problem.fold_rows()
    bases = [basis] * len(folds) if without is None else [Basis.of(one) for one in without]
    parts = [problem.take(rows) for rows, _ in folds]
    starts: list[LinearScores | None] = [None] * len(folds)
    left_out, effects = np.tile(problem.levels, (problem.shape[0], 1)), np.zeros(problem.shape)
    best = (np.inf, float(PENALTIES[0]), left_out, effects, problem.loss)
    loss, worse = problem.loss, 0
    for penalty in PENALTIES:
        left_out, effects = left_out.copy(), effects.copy()
        for fold, (rows, samples) in enumerate(folds):
            part = replace(parts[fold], loss=loss.take(rows))
            starts[fold] = fit = maximise(part, bases[fold], float(penalty), starts[fold])
            effects[samples] = bases[fold].scores[samples] @ fit.coefficients
            left_out[samples] = effects[samples] + fit.levels
        loss = loss.adjusted(problem.of_rows(left_out))
        total = loss.total(problem.of_rows(left_out))
        worse = 0 if total < best[0] else worse + 1
        if not worse:
            best = total, float(penalty), left_out, effects, loss
        elif worse == _PATIENCE:
            break
    _, penalty, left_out, effects, loss = best
    near = None
    if without is None:
        # the folds' mean is near the answer
        near = LinearScores(*(np.mean([getattr(fit, name) for fit in starts], axis=0) for name in _PARTS))
    fit = maximise(replace(problem, loss=loss), basis, penalty, near, exactly=True)
    return ScoreFit(basis.right @ fit.coefficients, fit.levels, left_out[place], effects[place], penalty)


_PARTS = ("levels", "coefficients")


def add_up(fits: Sequence[ScoreFit], problem: ScoreProblem) -> tuple[ScoreFit, Array]:
    """One fit that is the sum of several beyond the drugs' start, and the share of each, 0 or more.

    Shares are those of least loss of the left-out scores, pulled towards equal ones.

    Parameters
    ----------
    fits
        Of the same inputs.
    """
    if len(fits) == 1:
        return fits[0], np.ones(1)
    start = problem.of_rows(np.broadcast_to(problem.levels, problem.shape))
    beyond = np.array([problem.of_rows(fit.left_out) - start for fit in fits])
    shares = _best_shares(problem.loss, start, beyond)
    summed = ScoreFit(
        np.tensordot(shares, [fit.coefficients for fit in fits], 1),
        problem.levels + np.tensordot(shares, [fit.levels - problem.levels for fit in fits], 1),
        problem.levels + np.tensordot(shares, [fit.left_out - problem.levels for fit in fits], 1),
        np.tensordot(shares, [fit.effects_left_out for fit in fits], 1),
        fits[0].penalty,
    )
    return summed, shares


def _best_shares(loss: RowLoss, start: Array, beyond: Array) -> Array:
    """`(n_fits,)` by which `(n_fits, n_rows)` scores add up beyond the start."""
    n_fits = len(beyond)
    shares = np.full(n_fits, 1 / n_fits)
    for _ in range(3):
        loss = loss.adjusted(start + shares @ beyond)
        curvature = loss.derivatives(start + shares @ beyond)[1]
        pull = _TOWARDS_EQUAL * float((curvature * beyond**2).sum()) / n_fits

        def penalised(trial: Array, loss: RowLoss = loss, pull: float = pull) -> tuple[float, Array]:
            scores, away = start + trial @ beyond, trial - 1 / n_fits
            slopes = beyond @ loss.derivatives(scores)[0] + pull * away
            return loss.total(scores) + 0.5 * pull * float(away @ away), slopes

        shares = np.asarray(
            minimize(penalised, shares, jac=True, method="L-BFGS-B", bounds=[(0, None)] * n_fits).x, dtype=np.float64
        )
    return shares
