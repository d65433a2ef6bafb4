"""Ridge on random features of a Gaussian kernel: smooth functions of many tokens at once, still in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.features.sites import site_sums
from drugresponse.learners.factors.blocks import LEADING_TARGETS
from drugresponse.learners.factors.model import FactorModel
from drugresponse.learners.factors.response_factors import ResponseFactors
from drugresponse.learners.factors.token_spaces import TokenSpace, token_scales
from drugresponse.learners.kernel._automatic_relevance import RelevanceKernel, learn_automatic_relevance
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, fit_scores
from drugresponse.learners.memory import most_waves
from drugresponse.learners.ridge_solver import fit_ridge
from drugresponse.learners.state import Array, State, state_array, state_wholes

__all__ = ["GaussianRidge"]

_DRAWS, _FEW_DRAWS = 12, 6
_ROWS = 350
_SHARE = 0.8
"""How often the widths are learned, of few columns less often, on how many samples at most, and on which share of
fewer."""
_FEW_COLUMNS, _WAVES_OF_FEW = 100, 1000
"""Columns whose kernels so many random features are enough for."""
_FEW_DRUGS = 20
"""Up to so many drugs are what the widths are learned for; of more, the leading axes of their responses."""
_MOST_COLUMNS = 2000
"""Columns that the kernel looks at: those that vary most with the responses."""
_FAINTEST = 0.1
"""Of the loudest block: a block that is of no use in a straight line may still be to the kernel."""
_DISTANCES = 500


@dataclass(eq=False, repr=False)
class GaussianRidge(FactorModel):
    """Ridge on `cos(tokens @ frequencies + phases)` beside the tokens themselves, shared over drugs.

    The features' products are those of Gaussian kernels on average, so that no training sample need be kept. Source:
    Rahimi and Recht 2007, "Random features for large-scale kernel machines". Each token has a width of its own, learned
    by marginal likelihood on several draws of the samples; the draws' kernels are averaged. Features of one site, such
    as the substitutions of one amino acid, also count as their sum, so that rare ones learn from their neighbours.

    Parameters
    ----------
    scheme, rank
        As for the ridge.
    features
        Random features at most; fewer where samples are more than 2,000, and 1,000 where columns are at most 100.
    random_state
        Seed of the draws, of the features and of held-out cells.
    """

    scheme: str = "new-samples"
    rank: int = 256
    features: int = 4000
    random_state: int = 0

    def _fit_map(self, tokens: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        inputs, sums, linear = self._fit_kernels(tokens.inputs, targets)
        fit = fit_ridge(inputs, targets.values, weights=weights, groups=groups)
        n_waves = len(self.phases_)
        straight = sums @ (linear[:, None] * fit.coefficients[n_waves:])
        self.coefficients_, self.intercepts_ = np.vstack([fit.coefficients[:n_waves], straight]), fit.intercepts
        return fit.left_out

    def _fit_kernels(self, tokens: Array, targets: ResponseFactors) -> tuple[Array, sparse.csc_matrix, Array]:
        """Learn the kernels and draw the waves.

        Returns
        -------
        inputs : (n_samples, n_waves + n_columns)
            Waves, then columns times their loudness.
        sums : (n_tokens, n_columns)
            Which tokens are summed in each column.
        linear : (n_columns,)
            The loudness.
        """
        scale = token_scales(self.block_scales_, self.sample_encoder_.block_columns(), tokens.shape[1])
        aims = targets.values[:, LEADING_TARGETS]
        if len(targets.loadings) <= _FEW_DRUGS:
            aims = targets.values @ targets.loadings.T
        # sums over sites are linear in the tokens, so that all of this ends as frequencies and coefficients of tokens
        sums = self._leading_sums(tokens, aims)
        columns = tokens @ sums
        loudness = np.maximum(scale, _FAINTEST * scale.max(initial=0.0))
        kernels = self._learn_kernels(columns, aims, self._first_widths(sums, loudness))
        frequencies = self._draw(kernels, len(tokens))
        rng = np.random.default_rng(self.random_state + 1)
        self.phases_ = np.asarray(rng.uniform(0, 2 * np.pi, frequencies.shape[1]), dtype=np.float64)
        self.wave_tokens_ = np.unique(sums.indices).astype(np.int64)
        # as the model file keeps them, so that a loaded model predicts the same
        self.frequencies_ = (sums[self.wave_tokens_] @ frequencies).astype(np.float32).astype(np.float64)
        linear = np.sqrt(np.mean([kernel.linear * kernel.widths**2 for kernel in kernels], axis=0))
        inputs = np.hstack([self._waves(tokens), columns * linear])
        return inputs, sums, linear

    def _fit_scores(
        self, tokens: TokenSpace, targets: ResponseFactors, problem: ScoreProblem
    ) -> tuple[Array, ScoreFit]:
        inputs, sums, linear = self._fit_kernels(tokens.inputs, targets)
        self._columns = sums, linear, inputs.mean(axis=0)
        inputs = inputs - inputs.mean(axis=0)
        return inputs, fit_scores(inputs, problem)

    def _keep_coefficients(self, coefficients: Array) -> None:
        sums, linear, means = self._columns
        del self._columns
        n_waves = len(self.phases_)
        straight = sums @ (linear[:, None] * coefficients[n_waves:])
        self.coefficients_, self.intercepts_ = np.vstack([coefficients[:n_waves], straight]), -means @ coefficients

    def _first_widths(self, sums: sparse.csc_matrix, loudness: Array) -> Array:
        """`(n_columns,)` widths to start from: a sum is as loud as one of the tokens that it adds up, a parent too.

        What a straight line makes of a block of parents beside that of their children says little of the bent part.
        """
        children, unit = self.sample_encoder_.children(), self.sample_encoder_.scale_
        n_children = np.asarray(children.sum(axis=0))
        own = (n_children == 0).astype(np.float64)
        among = (sums != 0).astype(np.float64)
        n_own = among.T @ own
        of_children = (children.T @ (loudness * unit)) / np.maximum(n_children, 1) / unit
        return np.where(n_own > 0, (among.T @ (loudness * own)) / np.maximum(n_own, 1), among.T @ of_children)

    def _unequal_tokens(self) -> sparse.csc_matrix:
        """`(n_tokens, n_columns)` that takes each token as it is, and the mean of a child and the parents of it alone.

        These are equal in training but for their scale: as columns of their own they would only be learned more slowly.
        """
        children, unit = self.sample_encoder_.children(), self.sample_encoder_.scale_
        only = np.flatnonzero(np.asarray(children.sum(axis=0)) == 1)
        if not len(only):
            return sparse.identity(len(unit), format="csc")
        first = np.arange(len(unit))
        first[only] = np.asarray(sparse.csc_array(children)[:, only].indices)
        size = np.bincount(first, minlength=len(unit))
        weights = unit[first] / unit / size[first]
        kept = np.flatnonzero(size)
        at = np.arange(len(unit)), np.searchsorted(kept, first)
        return sparse.csc_matrix((weights, at), shape=(len(unit), len(kept)))

    def _leading_sums(self, tokens: Array, targets: Array) -> sparse.csc_matrix:
        """`(n_tokens, n_columns)`: single tokens, then sums over sites; those that vary most with the targets."""
        sums = sparse.hstack([self._unequal_tokens(), site_sums(self.sample_encoder_.sites())]).tocsc()
        if sums.shape[1] <= _MOST_COLUMNS:
            return sums
        shared = (((tokens @ sums).T @ (targets - targets.mean(axis=0))) ** 2).sum(axis=1)
        return sums[:, np.sort(np.argsort(-shared, kind="stable")[:_MOST_COLUMNS])]

    def _learn_kernels(self, columns: Array, aims: Array, loudness: Array) -> list[RelevanceKernel]:
        distance = _median_distance(columns * loudness, np.random.default_rng(self.random_state))
        n_rows = min(_ROWS, int(np.ceil(_SHARE * len(columns))))
        # widths of few columns are much the same on any samples
        n_draws = _FEW_DRAWS if columns.shape[1] <= _FEW_COLUMNS else _DRAWS
        return learn_automatic_relevance(
            columns, aims, loudness / distance, n_draws=n_draws, n_rows=n_rows, random_state=self.random_state
        )

    def _draw(self, kernels: list[RelevanceKernel], n_samples: int) -> Array:
        """`(n_columns, n_waves)` frequencies, the same number for each kernel."""
        rng = np.random.default_rng(self.random_state)
        most = min(self.features, most_waves(n_samples))
        if len(kernels[0].widths) <= _FEW_COLUMNS:
            most = min(most, _WAVES_OF_FEW)
        n_waves = max(1, most // len(kernels))
        drawn = [kernel.widths[:, None] * rng.normal(size=(len(kernel.widths), n_waves)) for kernel in kernels]
        return np.sqrt(2.0) * np.hstack(drawn)

    def _waves(self, tokens: Array) -> Array:
        """`(n_samples, n_waves)`, together with a mean squared row norm of 1."""
        turns = tokens[:, self.wave_tokens_] @ self.frequencies_ + self.phases_
        return np.asarray(np.cos(turns) * np.sqrt(2.0 / len(turns.T)))

    def map_tokens(self, tokens: Array) -> Array:
        """`(n_samples, 1 + rank)` embedding of samples by their tokens."""
        n_waves = len(self.phases_)
        bent = self._waves(tokens) @ self.coefficients_[:n_waves]
        return np.asarray(bent + tokens @ self.coefficients_[n_waves:] + self.intercepts_)

    def _map_parts(self, tokens: Array) -> Callable[[Array], Array]:
        """Integrated gradients along the straight line from the mean sample, whose tokens are all 0.

        With `u = tokens @ frequencies`, the slope of a wave at a share `a` of the way is `-sin(a * u + phase)` times
        the token's frequency; its mean over the way is `(cos(u + phase) - cos(phase)) / u`, and nothing is left out.
        Source: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks", arXiv:1703.01365.
        """
        n_waves = len(self.phases_)
        loudness = tokens[:, self.wave_tokens_]
        half = loudness @ self.frequencies_ / 2
        # as a product, which is exact where the way is short
        slopes = -np.sin(self.phases_ + half) * np.sinc(half / np.pi) * np.sqrt(2.0 / n_waves)

        def parts(loadings: Array) -> Array:
            effects = self.coefficients_ @ loadings
            by_token = tokens * effects[n_waves:]
            by_token[:, self.wave_tokens_] += loudness * ((slopes * effects[:n_waves]) @ self.frequencies_.T)
            return by_token

        return parts

    def _token_weights(self, loadings: Array) -> Array:
        """Root mean square slope over drugs and samples, the waves of the features taken as independent."""
        effects = ((self.coefficients_ @ loadings.T) ** 2).mean(axis=1)
        n_waves = len(self.phases_)
        squares = effects[n_waves:].copy()
        squares[self.wave_tokens_] += self.frequencies_**2 @ effects[:n_waves] / n_waves
        return np.sqrt(squares)

    def get_state(self) -> State:
        """Encoders, embeddings, features and coefficients."""
        frequencies = self.frequencies_.astype(np.float32)
        waves = {"wave_tokens": self.wave_tokens_, "frequencies": frequencies, "phases": self.phases_}
        return {**super().get_state(), **waves}

    def _restore_map(self, state: State) -> None:
        n_tokens = len(self.sample_encoder_.tokens_)
        self.phases_ = state_array(state, "phases", -1)
        n_waves = len(self.phases_)
        # files of the first releases have a frequency for each token, and tokens louder or fainter than the waves
        self.wave_tokens_ = state_wholes(state, "wave_tokens", -1) if "wave_tokens" in state else np.arange(n_tokens)
        self.prove_columns(self.wave_tokens_)
        self.frequencies_ = state_array(state, "frequencies", len(self.wave_tokens_), n_waves).astype(np.float64)
        self.coefficients_ = state_array(state, "coefficients", n_waves + n_tokens, 1 + self.rank_)
        if "token_scale" in state:
            scale = np.append(np.ones(n_waves), state_array(state, "token_scale", n_tokens))
            self.coefficients_ = scale[:, None] * self.coefficients_


def _median_distance(tokens: Array, rng: np.random.Generator) -> float:
    """Median distance of random pairs of samples; 1 where all are alike."""
    one, other = rng.integers(0, len(tokens), size=(2, _DISTANCES))
    median = float(np.median(np.linalg.norm(tokens[one] - tokens[other], axis=1)))
    return median or 1.0
