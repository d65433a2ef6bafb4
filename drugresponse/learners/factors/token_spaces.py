"""The training's samples as a ridge sees them: by their tokens, or by how alike they are in each block of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drugresponse.features.samples import COVARIATES
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, fit_scores
from drugresponse.learners.likelihood.solver import Basis
from drugresponse.learners.ridge_solver import (
    PENALTIES,
    RidgeFit,
    fit_kernel_ridge,
    fit_ridge,
    kernel_errors,
    kernel_factors,
    thin_factors,
)
from drugresponse.learners.state import Array

__all__ = ["AxisRidges", "DenseTokens", "ErrorsOfScales", "KernelTokens", "RowRidges", "TokenSpace", "token_scales"]


ErrorsOfScales: TypeAlias = Callable[[Mapping[str, float]], Array]
"""`(n_targets,)` error of a ridge by the scales of its blocks."""


class RowRidges(Protocol):
    """Ridges on some samples after the other, of the same inputs."""

    @property
    def n_axes(self) -> int:
        """Coefficients of a target."""

    def fit(self, rows: NDArray[np.intp], targets: Array, *, weights: Array, groups: NDArray) -> tuple[RidgeFit, Array]:
        """The fit to these rows, its coefficients those of axes, and `(n_samples, n_targets)` what it predicts."""

    def of_inputs(self, coefficients: Array) -> Array:
        """`(n_inputs, n_targets)` coefficients of the inputs by those of axes."""


@dataclass(frozen=True, eq=False)
class AxisRidges:
    """Ridges on the axes of all tokens, which are found once.

    Attributes
    ----------
    scores, right
        `(n_samples, n_axes)` and `(n_inputs, n_axes)`: the samples in these axes, and what these are of the inputs.
    """

    scores: Array
    right: Array

    @property
    def n_axes(self) -> int:
        """Axes."""
        return int(self.scores.shape[1])

    def fit(self, rows: NDArray[np.intp], targets: Array, *, weights: Array, groups: NDArray) -> tuple[RidgeFit, Array]:
        """As `fit_ridge`, and what it predicts of all samples."""
        fit = fit_ridge(self.scores[rows], targets, weights=weights, groups=groups)
        return fit, self.scores @ fit.coefficients + fit.intercepts

    def of_inputs(self, coefficients: Array) -> Array:
        """Through the axes."""
        return self.right @ coefficients


class TokenSpace(Protocol):
    """Samples in whose blocks of tokens a map is linear.

    Its inputs are what coefficients are for: tokens, or stand-ins by which the same map is written.
    """

    def __len__(self) -> int:
        """Samples."""

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, covariates first."""

    @property
    def inputs(self) -> Array:
        """`(n_samples, n_inputs)`."""

    def row_ridges(self) -> RowRidges:
        """Ridges on some of the samples, of all blocks as they are."""

    def take(self, rows: NDArray[np.intp]) -> TokenSpace:
        """Some of the samples; tokens stay centred on all."""

    def ridge(
        self,
        scales: Mapping[str, float],
        targets: Array,
        *,
        weights: Array,
        groups: NDArray,
        penalties: Array = PENALTIES,
    ) -> RidgeFit:
        """As `fit_ridge`, of blocks as loud as their scales; coefficients are those of the inputs, scales included."""

    def errors(self, targets: Array, *, weights: Array, groups: NDArray, penalties: Array) -> ErrorsOfScales:
        """What gives the `errors` of `ridge` of many scales."""

    def scores(self, scales: Mapping[str, float], problem: ScoreProblem) -> ScoreFit:
        """As `fit_scores`, likewise."""


@dataclass(frozen=True, eq=False)
class DenseTokens:
    """Tokens in memory.

    Attributes
    ----------
    inputs
        `(n_samples, n_tokens)`.
    blocks
        Columns of each block.
    """

    inputs: Array
    blocks: Mapping[str, NDArray[np.intp]]

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, covariates first."""
        return tuple(self.blocks)

    def row_ridges(self) -> AxisRidges:
        """In the axes of all tokens."""
        left, sizes, right = thin_factors(self.inputs)
        return AxisRidges(left * sizes, right)

    def take(self, rows: NDArray[np.intp]) -> DenseTokens:
        """Some of the samples; tokens stay centred on all."""
        return replace(self, inputs=self.inputs[rows])

    def ridge(
        self,
        scales: Mapping[str, float],
        targets: Array,
        *,
        weights: Array,
        groups: NDArray,
        penalties: Array = PENALTIES,
    ) -> RidgeFit:
        """As `fit_ridge`."""
        scale, used = self._scaled(scales)
        fit = fit_ridge(
            self.inputs[:, used] * scale[used], targets, weights=weights, groups=groups, penalties=penalties
        )
        return replace(fit, coefficients=self._placed(fit.coefficients, scale, used))

    def errors(self, targets: Array, *, weights: Array, groups: NDArray, penalties: Array) -> ErrorsOfScales:
        """A ridge of each."""
        return lambda scales: self.ridge(scales, targets, weights=weights, groups=groups, penalties=penalties).errors

    def scores(self, scales: Mapping[str, float], problem: ScoreProblem) -> ScoreFit:
        """As `fit_scores`."""
        scale, used = self._scaled(scales)
        fit = fit_scores(self.inputs[:, used] * scale[used], problem)
        return replace(fit, coefficients=self._placed(fit.coefficients, scale, used))

    def _scaled(self, scales: Mapping[str, float]) -> tuple[Array, NDArray[np.intp]]:
        """Scale of each token, and the tokens that have one."""
        scale = token_scales(scales, self.blocks, self.inputs.shape[1])
        return scale, np.flatnonzero(scale)

    def _placed(self, of_used: Array, scale: Array, used: NDArray[np.intp]) -> Array:
        # the scales go into the coefficients: a block that is of no use here may still be to a network or a tree
        coefficients = np.zeros((len(scale), of_used.shape[1]))
        coefficients[used] = of_used * scale[used, None]
        return coefficients


@dataclass(frozen=True, eq=False)
class KernelTokens:
    """Tokens of covariates, and of each block of genotype tokens the products of samples, tokens centred on all.

    Its inputs are the covariates' tokens and the kernels, one beside the other: a map's coefficients for a kernel are
    duals, and `tokens.T @ duals` those of the block's tokens.

    Attributes
    ----------
    side
        `(n_samples, n_covariate_tokens)`.
    kernels
        `(n_samples, n_known)` products of samples with all those that duals are for, by block.
    """

    side: Array
    kernels: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.side)

    @property
    def names(self) -> tuple[str, ...]:
        """The blocks, covariates first."""
        return (*((COVARIATES,) if self.side.shape[1] else ()), *self.kernels)

    @property
    def inputs(self) -> Array:
        """`(n_samples, n_covariate_tokens + n_blocks * n_known)`."""
        return np.hstack([self.side, *self.kernels.values()])

    def row_ridges(self) -> AxisRidges:
        """In the axes of all tokens."""
        whole = dict.fromkeys(self.names, 1.0)
        left, sizes = kernel_factors(self._summed(whole))
        return AxisRidges(left * sizes, self._placed(left / sizes, whole))

    def take(self, rows: NDArray[np.intp]) -> KernelTokens:
        """Some of the samples; tokens stay centred on all."""
        if len(rows) == len(self.side):
            return self
        at = np.ix_(rows, rows)
        return KernelTokens(self.side[rows], {name: kernel[at] for name, kernel in self.kernels.items()})

    def ridge(
        self,
        scales: Mapping[str, float],
        targets: Array,
        *,
        weights: Array,
        groups: NDArray,
        penalties: Array = PENALTIES,
    ) -> RidgeFit:
        """As `fit_kernel_ridge`, of the blocks' kernels added up."""
        loud = self._covariates_alone(scales)
        if loud is not None:
            fit = fit_ridge(self.side * loud, targets, weights=weights, groups=groups, penalties=penalties)
            return replace(fit, coefficients=self._beside_silence(fit.coefficients * loud))
        fit = fit_kernel_ridge(self._summed(scales), targets, weights=weights, groups=groups, penalties=penalties)
        return replace(fit, coefficients=self._placed(fit.coefficients, scales))

    def errors(self, targets: Array, *, weights: Array, groups: NDArray, penalties: Array) -> ErrorsOfScales:
        """A ridge of each; of covariates beside one kernel, whatever their scales, by one factorisation."""
        known = {"weights": weights, "groups": groups, "penalties": penalties}
        alone = next(iter(self.kernels)) if len(self.kernels) == 1 and self.side.shape[1] else None
        together = None if alone is None else kernel_errors(self.kernels[alone], self.side, targets, **known)

        def of(scales: Mapping[str, float]) -> Array:
            if together is None or alone is None or not all(scales.get(name) for name in (COVARIATES, alone)):
                return self.ridge(scales, targets, **known).errors
            return together(scales[COVARIATES], scales[alone])

        return of

    def scores(self, scales: Mapping[str, float], problem: ScoreProblem) -> ScoreFit:
        """As `fit_scores`, likewise."""
        loud = self._covariates_alone(scales)
        if loud is not None:
            fit = fit_scores(self.side * loud, problem)
            return replace(fit, coefficients=self._beside_silence(fit.coefficients * loud))
        fit = fit_scores(Basis.of_kernel(self._summed(scales)), problem)
        return replace(fit, coefficients=self._placed(fit.coefficients, scales))

    def _placed(self, duals: Array, scales: Mapping[str, float]) -> Array:
        """`(n_inputs, n_targets)` coefficients of the inputs by `(n_samples, n_targets)` duals of the blocks' sum."""
        loud = scales.get(COVARIATES, 0.0)
        parts = [scales.get(name, 0.0) ** 2 * duals for name in self.kernels]
        return np.vstack([loud**2 * (self.side.T @ duals), *parts])

    def _covariates_alone(self, scales: Mapping[str, float]) -> float | None:
        """Their scale, where no other block has one: they are few, and solved as they are."""
        return None if any(scales.get(name) for name in self.kernels) else scales.get(COVARIATES, 1.0)

    def _beside_silence(self, coefficients: Array) -> Array:
        """`(n_inputs, n_targets)` those of the covariates, and 0."""
        return np.vstack([coefficients, np.zeros((len(self.side) * len(self.kernels), coefficients.shape[1]))])

    def _summed(self, scales: Mapping[str, float]) -> Array:
        """`(n_samples, n_samples)` products of the tokens of all blocks."""
        loud = {name: scales[name] for name in self.kernels if scales.get(name)}
        covariates = scales.get(COVARIATES, 0.0)
        if list(loud.values()) == [1.0] and not covariates:
            return self.kernels[next(iter(loud))]
        total = (covariates**2) * (self.side @ self.side.T)
        for name, scale in loud.items():
            total += scale**2 * self.kernels[name]
        return total


def token_scales(scales: Mapping[str, float], blocks: Mapping[str, NDArray[np.intp]], n_tokens: int) -> Array:
    """`(n_tokens,)` scale of each token; 0 where its block has none.

    Parameters
    ----------
    scales, blocks
        Scale, and columns, of each block.
    n_tokens
        Columns in all.

    Examples
    --------
    >>> token_scales({"mutation": 2.0}, {"gain": np.array([0]), "mutation": np.array([1, 2])}, 3).tolist()
    [0.0, 2.0, 2.0]
    """
    token_scale = np.zeros(n_tokens)
    for name, scale in scales.items():
        token_scale[blocks[name]] = scale
    return token_scale
