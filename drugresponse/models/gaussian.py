"""Ridge on random features of a Gaussian kernel: smooth functions of many tokens at once, still in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.models.base import State, state_array
from drugresponse.models.blocks import LEADING_TARGETS, choose_block_scales, token_scales
from drugresponse.models.factor_model import FactorModel
from drugresponse.models.factor_targets import FactorTargets
from drugresponse.models.ridge import fit_ridge

__all__ = ["GaussianRidge"]

_WIDTHS = (0.5, 1.0, 2.0)
"""Widths of the kernel tried, as multiples of the median distance between samples."""
_LOUDNESS = (0.1, 1.0)
"""Of the linear tokens beside the waves, tried with each width."""
_DISTANCES = 500


class GaussianRidge(FactorModel):
    """Ridge on `cos(tokens @ frequencies + phases)` beside the tokens themselves, shared over drugs.

    The features' products are those of a Gaussian kernel on average, so that no training sample need be kept. Source:
    Rahimi and Recht 2007, "Random features for large-scale kernel machines". Blocks of tokens have the scales that suit
    the linear ridge; the width of the kernel, and how loud the tokens are beside it, are chosen by leave-one-group-out
    error.

    Parameters
    ----------
    scheme, rank
        As for the ridge.
    features
        Random features.
    random_state
        Seed of the features and of held-out cells.
    """

    def __init__(
        self, scheme: str = "new-samples", rank: int = 256, features: int = 1000, random_state: int = 0
    ) -> None:
        self.scheme = scheme
        self.rank = rank
        self.features = features
        self.random_state = random_state

    def _fit_map(
        self,
        tokens: NDArray[np.float64],
        targets: FactorTargets,
        weights: NDArray[np.float64],
        groups: NDArray,
    ) -> NDArray[np.float64]:
        blocks = self.sample_encoder_.block_columns()
        shared = {"weights": weights, "groups": groups}
        self.block_scales_ = choose_block_scales(
            tokens, blocks, targets.values, targets.importance, random_state=self.random_state, **shared
        )
        scale = token_scales(self.block_scales_, blocks, tokens.shape[1])
        rng = np.random.default_rng(self.random_state)
        distance = _median_distance(tokens * scale, rng)
        drawn = scale[:, None] * rng.normal(size=(tokens.shape[1], self.features)) / distance
        self.phases_ = rng.uniform(0, 2 * np.pi, self.features)
        errors = {}
        for width in _WIDTHS:
            for loudness in _LOUDNESS:
                inputs = _features(tokens, drawn / width, self.phases_, scale * loudness)
                fit = fit_ridge(inputs, targets.values[:, LEADING_TARGETS], **shared)
                errors[width, loudness] = float(fit.errors @ targets.importance[LEADING_TARGETS])
        self.width_, loudness = min(errors, key=lambda each: errors[each])
        # as the model file keeps them, so that a loaded model predicts the same
        self.frequencies_ = (drawn / self.width_).astype(np.float32).astype(np.float64)
        self.token_scale_ = scale * loudness
        fit = fit_ridge(self._features(tokens), targets.values, **shared)
        self.coefficients_, self.intercepts_ = fit.coefficients, fit.intercepts
        return fit.left_out

    def _features(self, tokens: NDArray[np.float64]) -> NDArray[np.float64]:
        return _features(tokens, self.frequencies_, self.phases_, self.token_scale_)

    def _map(self, tokens: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._features(tokens) @ self.coefficients_ + self.intercepts_

    def _map_parts(self, tokens: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Integrated gradients along the straight line from the mean sample, whose tokens are all 0.

        With `u = tokens @ frequencies`, the slope of a wave at a share `a` of the way is `-sin(a * u + phase)` times
        the token's frequency; its mean over the way is `(cos(u + phase) - cos(phase)) / u`, and nothing is left out.
        Source: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks", arXiv:1703.01365.
        """
        n_waves = len(self.phases_)
        half = tokens @ self.frequencies_ / 2
        # as a product, which is exact where the way is short
        slopes = -np.sin(self.phases_ + half) * np.sinc(half / np.pi) * np.sqrt(2.0 / n_waves)

        def parts(loadings: NDArray[np.float64]) -> NDArray[np.float64]:
            effects = self.coefficients_ @ loadings
            waves = (slopes * effects[:n_waves]) @ self.frequencies_.T
            return tokens * (waves + self.token_scale_ * effects[n_waves:])

        return parts

    def _token_weights(self, loadings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Root mean square slope over drugs and samples, the waves of the features taken as independent."""
        effects = ((self.coefficients_ @ loadings.T) ** 2).mean(axis=1)
        n_waves = len(self.phases_)
        waves = self.frequencies_**2 @ effects[:n_waves] / n_waves
        return np.asarray(np.sqrt(waves + self.token_scale_**2 * effects[n_waves:]))

    def notes(self) -> dict[str, Any]:
        """Rank, block scales and width of the kernel."""
        check_is_fitted(self, "coefficients_")
        scales = {name: float(value) for name, value in self.block_scales_.items()}
        return {"rank": self.rank_, "block_scales": scales, "width": float(self.width_)}

    def get_state(self) -> State:
        """Encoders, embeddings, features and coefficients."""
        return {
            **super().get_state(),
            "frequencies": self.frequencies_.astype(np.float32),
            "phases": self.phases_,
            "token_scale": self.token_scale_,
            "coefficients": self.coefficients_,
            "intercepts": self.intercepts_,
            "width": float(self.width_),
            "block_scales": {name: float(value) for name, value in self.block_scales_.items()},
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> GaussianRidge:
        """A fitted learner from its state."""
        learner: GaussianRidge = super().from_state(state, **settings)
        n_tokens, width = len(learner.sample_encoder_.tokens_), 1 + learner.rank_
        learner.phases_ = state_array(state, "phases", -1)
        n_waves = len(learner.phases_)
        learner.frequencies_ = state_array(state, "frequencies", n_tokens, n_waves).astype(np.float64)
        learner.token_scale_ = state_array(state, "token_scale", n_tokens)
        learner.coefficients_ = state_array(state, "coefficients", n_waves + n_tokens, width)
        learner.intercepts_ = state_array(state, "intercepts", width)
        learner.width_ = float(state["width"])
        learner.block_scales_ = {str(name): float(value) for name, value in state["block_scales"].items()}
        return learner


def _features(
    tokens: NDArray[np.float64],
    frequencies: NDArray[np.float64],
    phases: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> NDArray[np.float64]:
    """`(n_samples, n_features + n_tokens)`; the waves together have a mean squared row norm of 1."""
    waves = np.cos(tokens @ frequencies + phases) * np.sqrt(2.0 / len(phases))
    return np.hstack([waves, tokens * scale])


def _median_distance(tokens: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Median distance of random pairs of samples; 1 where all are alike."""
    one, other = rng.integers(0, len(tokens), size=(2, _DISTANCES))
    found = float(np.median(np.linalg.norm(tokens[one] - tokens[other], axis=1)))
    return found or 1.0
