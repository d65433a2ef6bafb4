"""The maximum of a penalised likelihood that is linear in the samples' inputs, for all drugs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.ridge_solver import kernel_factors, thin_factors
from drugresponse.learners.state import Array

__all__ = ["Basis", "LinearScores", "maximise"]

_LEAST_ROWS = 0.1
"""Curvature that a drug has at least, in rows: one that is not in a fold still has a scale."""
_MOST_STEPS = 2000
_MEMORY = 20


@dataclass(frozen=True, eq=False)
class Basis:
    """Inputs in their own axes: `inputs = scores @ right.T`, with columns of `scores` of these sizes.

    Attributes
    ----------
    scores, sizes, right
        `(n_samples, n_axes)`, `(n_axes,)` and `(n_inputs, n_axes)`.
    """

    scores: Array
    sizes: Array
    right: Array

    @classmethod
    def of(cls, inputs: Array) -> Basis:
        """Through the smaller Gram matrix, once for every penalty, fold and drug."""
        left, sizes, right = thin_factors(inputs)
        return cls(left * sizes, sizes, right)

    @classmethod
    def of_kernel(cls, kernel: Array) -> Basis:
        """Of inputs of which `inputs @ inputs.T` is known; what `right` makes are duals, in the place of inputs."""
        left, sizes = kernel_factors(kernel)
        return cls(left * sizes, sizes, left / sizes)


@dataclass(frozen=True, eq=False)
class LinearScores:
    """`scores = levels + basis scores @ coefficients`.

    Attributes
    ----------
    levels, coefficients
        `(n_drugs,)`, and `(n_axes, n_drugs)`.
    """

    levels: Array
    coefficients: Array

    def table(self, basis: Basis) -> Array:
        """`(n_samples, n_drugs)` scores."""
        return np.asarray(basis.scores @ self.coefficients + self.levels, dtype=np.float64)


def maximise(
    problem: ScoreProblem, basis: Basis, penalty: float, start: LinearScores | None = None, *, exactly: bool = False
) -> LinearScores:
    """Minimise the loss plus half the penalty times the effects' squares, measured by the likeness of drugs.

    L-BFGS steps in the axes of inputs and drugs in which curvature and penalty are diagonal where the curvature of a
    drug is the same for all samples; each step costs a product of samples, axes and drugs.

    Parameters
    ----------
    start
        Where to begin: the answer to a nearby penalty; None begins at the levels.
    exactly
        Whether to end close to the minimum, or as soon as steps gain next to nothing.
    """
    start = start or LinearScores(problem.levels, np.zeros((len(basis.sizes), problem.shape[1])))
    frame = _Frame.at(problem, basis, penalty, start)
    precision = {"ftol": 1e-11, "gtol": 1e-5} if exactly else {"ftol": 1e-5, "gtol": 1e-3}
    options = {"maxiter": _MOST_STEPS, "maxfun": 2 * _MOST_STEPS, "maxcor": _MEMORY, **precision}
    best = minimize(frame.objective(problem, basis), frame.into(start), jac=True, method="L-BFGS-B", options=options)
    return frame.out_of(best.x)


@dataclass(frozen=True, eq=False)
class _Frame:
    """Unknowns of about unit curvature, and the way from and to levels and coefficients.

    With the mean curvature `h` of each drug and the inverse likeness `K`, the drugs' axes are the eigenvectors of
    `h^-1/2 K h^-1/2`: there the penalty is diagonal, and so is the curvature, as far as it is the mean one.
    """

    usual: Array
    of_level: Array
    precision: Array
    turn: Array
    back: Array
    penalties: Array
    scale: Array

    @classmethod
    def at(cls, problem: ScoreProblem, basis: Basis, penalty: float, start: LinearScores) -> _Frame:
        curvature = problem.loss.derivatives(problem.of_rows(start.table(basis)))[1]
        greatest = float((curvature / problem.loss.weights).max())
        rows = np.maximum(np.bincount(problem.drug_index, curvature, problem.shape[1]), _LEAST_ROWS * greatest)
        root = np.sqrt(rows / problem.n_samples)
        inverse = np.linalg.inv(problem.likeness)
        values, vectors = np.linalg.eigh(inverse / root[:, None] / root)
        penalties = penalty * np.maximum(values, 1e-12)
        scale = 1 / np.sqrt(basis.sizes[:, None] ** 2 + penalties)
        of_level = 1 / np.sqrt(rows + problem.precision)
        turn, back = vectors.T / root, root[:, None] * vectors
        return cls(problem.levels, of_level, problem.precision, turn, back, penalties, scale)

    def into(self, scores: LinearScores) -> Array:
        """The unknowns of these scores."""
        own = (scores.coefficients @ self.back) / self.scale
        return np.concatenate([(scores.levels - self.usual) / self.of_level, own.ravel()])

    def out_of(self, unknowns: Array) -> LinearScores:
        """The scores of these unknowns."""
        n_drugs = len(self.usual)
        own = unknowns[n_drugs:].reshape(self.scale.shape) * self.scale
        return LinearScores(self.usual + unknowns[:n_drugs] * self.of_level, own @ self.turn)

    def objective(self, problem: ScoreProblem, basis: Basis) -> Callable[[Array], tuple[float, Array]]:
        """A function of the unknowns: the penalised loss and its gradient."""
        n_drugs, shape = len(self.usual), problem.shape
        cells = problem.sample_index * n_drugs + problem.drug_index

        def penalised(unknowns: Array) -> tuple[float, Array]:
            scores = self.out_of(unknowns)
            loss, slope = problem.loss.total_and_slope(scores.table(basis).ravel()[cells])
            table = np.bincount(cells, slope, shape[0] * n_drugs).reshape(shape)
            moved = unknowns[:n_drugs] * self.of_level
            own = unknowns[n_drugs:].reshape(self.scale.shape) * self.scale
            loss += 0.5 * float(self.precision @ moved**2) + 0.5 * float((self.penalties * own**2).sum())
            of_levels = (table.sum(axis=0) + self.precision * moved) * self.of_level
            of_axes = ((basis.scores.T @ table) @ self.turn.T + self.penalties * own) * self.scale
            return loss, np.concatenate([of_levels, of_axes.ravel()])

        return penalised
