"""What the network is given of a sample: its tokens, sums of sites, and the ridge's embedding, all linear in tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.features.sites import site_sums
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_array, state_wholes

__all__ = ["SampleInputs"]

_MOST_TOKENS = 512
_STAGE_INPUTS = 11
"""Columns of the ridge's embedding among the inputs: tissue in numbers instead of a hundred yes and no."""
_LEAST_SPREAD = 0.1
"""Of a left-out column of the embedding, beside what the ridge gives to its own samples; others are no input."""
_NORM = 4.0
"""Root mean squared norm of each group of inputs over the training samples."""


@dataclass(frozen=True, eq=False)
class SampleInputs:
    """Tokens by their importance to the ridge, their sums over sites, and leading columns of the ridge's embedding.

    Attributes
    ----------
    stage
        The ridge, fitted.
    columns
        `(n_used,)` numbers of the tokens among the inputs.
    weights
        `(n_used,)` what they are multiplied by.
    sites
        `(n_used,)` the site of each, -1 where it has none.
    center, scale
        `(n_inputs,)` subtracted from the sums and the embedding, 0 for tokens; and what the rest is multiplied by.
    """

    stage: FactorRidge
    columns: NDArray[np.int64]
    weights: Array
    sites: NDArray[np.int64]
    center: Array
    scale: Array

    @classmethod
    def fit(
        cls, stage: FactorRidge, tokens: Array, weight_of_ridge: float = 1.0, floor: float = 0.3
    ) -> tuple[SampleInputs, Array]:
        """Choose and scale the inputs; those of the training samples have the ridge's left-out embedding.

        Parameters
        ----------
        stage, tokens
            The ridge, fitted, and `(n_samples, n_tokens)` of its samples.
        weight_of_ridge
            How large the ridge's embedding is, beside the tokens.
        floor
            What a token weighs on which the ridge does not hang at all, beside 1 of the one on which it hangs most.

        Returns
        -------
        inputs : SampleInputs
        values : (n_samples, n_inputs)
        """
        importance = stage.token_importance()
        columns = np.sort(np.argsort(-importance, kind="stable")[:_MOST_TOKENS]).astype(np.int64)
        most = float(importance.max(initial=0.0))
        weights = importance[columns] / (most or 1.0) + floor
        sites = _numbered(stage.sample_encoder_.sites()[columns])
        n_sites, width = int(sites.max(initial=-1)) + 1, _width(stage)
        n_inputs = len(columns) + n_sites + width
        raw = cls(stage, columns, weights, sites, np.zeros(n_inputs), np.ones(n_inputs))
        values = raw.values(tokens, stage.left_out_[:, :width])
        center = np.where(np.arange(n_inputs) < n_inputs - width, 0.0, values.mean(axis=0))
        seen, scale = values - center, np.ones(n_inputs)
        for group in np.split(np.arange(n_inputs), [len(columns), n_inputs - width]):
            norm = float(np.sqrt((seen[:, group] ** 2).sum(axis=1).mean()))
            scale[group] = _NORM / norm if norm > 0 else 0.0
        # where no left-out row is told from another, units would never learn what the ridge says of new samples
        fitted = (stage.map_tokens(tokens)[:, :width] - center[n_inputs - width :]).std(axis=0)
        scale[n_inputs - width :] *= seen[:, n_inputs - width :].std(axis=0) > _LEAST_SPREAD * fitted
        scale[n_inputs - width :] *= weight_of_ridge
        return cls(stage, columns, weights, sites, center, scale), seen * scale

    def of(self, tokens: Array) -> Array:
        """`(n_samples, n_inputs)` of samples, by their `(n_samples, n_tokens)` tokens alone."""
        return self.values(tokens, self.stage.map_tokens(tokens)[:, : _width(self.stage)])

    def values(self, tokens: Array, embedded: Array) -> Array:
        """`(n_samples, n_inputs)` where the ridge's embedding is given."""
        used = tokens[:, self.columns] * self.weights
        return (np.hstack([used, used @ site_sums(self.sites), embedded]) - self.center) * self.scale

    def freed(self) -> Array:
        """`(n_inputs,)` what turns the inputs into those of a model that knows no ridge.

        Tokens weigh the same, and the ridge's embedding is 0. Sums over sites are of weighed tokens, and stay.
        """
        factors = np.ones(len(self.scale))
        factors[: len(self.columns)] = 1.0 / self.weights
        factors[len(factors) - _width(self.stage) :] = 0.0
        return factors

    def to_tokens(self, slopes: Array) -> Array:
        """`(n_rows, n_tokens)` slopes along the tokens, of `(n_rows, n_inputs)` along the inputs."""
        slopes, n_used, width = slopes * self.scale, len(self.columns), _width(self.stage)
        of_tokens = slopes[:, slopes.shape[1] - width :] @ self.stage.coefficients_[:, :width].T
        of_used = slopes[:, :n_used] + slopes[:, n_used : slopes.shape[1] - width] @ site_sums(self.sites).T
        of_tokens[:, self.columns] += of_used * self.weights
        return of_tokens

    def get_state(self) -> State:
        """Arrays."""
        names = ("columns", "weights", "sites", "center", "scale")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge) -> SampleInputs:
        """The inputs of `get_state`'s answer, proved against the stage that they go with."""
        columns = state_wholes(state, "columns", -1)
        stage.prove_columns(columns)
        if len(np.unique(columns)) < len(columns):
            raise damaged("a token is an input twice")
        n_used = len(columns)
        sites = state_wholes(state, "sites", n_used, least=-1, below=max(n_used, 1))
        n_inputs = n_used + int(sites.max(initial=-1)) + 1 + _width(stage)
        weights = state_array(state, "weights", n_used)
        return cls(
            stage,
            columns,
            weights,
            sites,
            state_array(state, "center", n_inputs),
            state_array(state, "scale", n_inputs),
        )


def _width(stage: FactorRidge) -> int:
    return min(_STAGE_INPUTS, 1 + stage.rank_)


def _numbered(sites: NDArray[np.intp]) -> NDArray[np.int64]:
    """The same sites, numbered without gaps from 0."""
    known = np.unique(sites[sites >= 0])
    return np.where(sites >= 0, np.searchsorted(known, sites), -1).astype(np.int64)
