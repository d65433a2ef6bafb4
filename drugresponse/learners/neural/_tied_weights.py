"""The numbers of a trained network: the sample embeddings that they give without torch, and what those hang on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.contributions import Contributions, EmbeddingParts, product_contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.neural._sample_inputs import SampleInputs
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_array, state_number

__all__ = ["TiedWeights"]

_SAMPLES_AT_ONCE = 64
_SLOPE_SAMPLES = 24
"""Samples at which the slopes of the trained network are taken."""
_PIECES = 8
"""Of the straight line from the mean sample, over each of which units have their mean slope."""


@dataclass(frozen=True, eq=False)
class TiedWeights:
    """A trained network beside the ridge, whose sample embedding it shares in.

    A sample's embedding is `(1 - share) * the ridge's + share * the mean of the members'`; drugs have the ridge's
    vectors. The network gives the leading columns; the others of the ridge are shrunk.

    Attributes
    ----------
    inputs
        Of a sample; they hold the ridge.
    arrays
        The network's parameters by name. `adapter`, `tower_in_bias`, `tower_out_bias`, `head` and `head_bias` have the
        members first; `tower_in` and `tower_out` are those of all. No members where training added nothing.
    share
        From 0, which is the ridge, to 1.
    """

    inputs: SampleInputs
    arrays: Mapping[str, Array]
    share: float

    @classmethod
    def untrained(cls, inputs: SampleInputs) -> TiedWeights:
        """The ridge alone."""
        sizes = _shapes(len(inputs.scale), 0, 0, 1)
        return cls(inputs, {name: np.zeros(shape) for name, shape in sizes.items()}, 0.0)

    @property
    def stage(self) -> FactorRidge:
        """The ridge."""
        return self.inputs.stage

    @property
    def members(self) -> int:
        """Networks in the ensemble."""
        return len(self.arrays["adapter"])

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)`; each distinct sample and drug is embedded once."""
        samples = self.sample_embeddings(self.stage.tokens(pairs), self.stage.seen_.of(pairs.genotypes.sample_ids))
        return self.stage.overall_ + score_pairs(samples, self.stage.drug_embeddings(pairs), pairs)

    def sample_embeddings(self, tokens: Array, seen: Array) -> Array:
        """`(n_samples, 1 + rank + n_seen_factors)`, which the drugs' embeddings meet in a product.

        Parameters
        ----------
        tokens, seen
            `(n_samples, n_tokens)`, and `(n_samples, n_seen_factors)` of the ridge.
        """
        embedded = (1.0 - self.share) * self.stage.map_tokens(tokens)
        if self.share:
            inputs = self.inputs.of(tokens)
            for begin in range(0, len(tokens), _SAMPLES_AT_ONCE):
                rows = slice(begin, begin + _SAMPLES_AT_ONCE)
                members = self._members(inputs[rows])
                embedded[rows, : members.shape[1]] += self.share * members
        return np.hstack([embedded, seen])

    def _members(self, inputs: Array) -> Array:
        """`(n_samples, n_columns)` mean of the members."""
        arrays, total = self.arrays, np.zeros((len(inputs), self.arrays["head"].shape[2]))
        for m in range(self.members):
            first = np.maximum((inputs * arrays["adapter"][m]) @ arrays["tower_in"] + arrays["tower_in_bias"][m], 0.0)
            second = np.maximum(first @ arrays["tower_out"] + arrays["tower_out_bias"][m], 0.0)
            total += second @ arrays["head"][m] + arrays["head_bias"][m]
        return total / max(self.members, 1)

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The ridge's parts by its share, and the network's integrated gradients from the mean sample."""
        stage, tokens = self.stage, self.stage.tokens(pairs)
        seen = stage.seen_.of(pairs.genotypes.sample_ids)
        mean = self.sample_embeddings(np.zeros((1, tokens.shape[1])), np.zeros((1, seen.shape[1])))[0]
        measured = np.hstack([np.zeros((len(tokens), 1 + stage.rank_)), seen])
        parts = EmbeddingParts(stage.overall_, mean, measured, self.attribution(tokens))
        drugs, plain = stage.drug_embeddings(pairs), stage.drug_embeddings_without_structure(pairs)
        return product_contributions(pairs, parts, drugs, plain, stage.part_kinds(), self.predict(pairs))

    def attribution(self, tokens: Array) -> Callable[[Array], tuple[Array, Array]]:
        """A function of a drug's embedding, 1 in column 0, that takes the score apart, as `EmbeddingParts` asks.

        The network has integrated gradients along the straight line from the mean sample. The line is cut in pieces, on
        each of which a unit has the slope of its own two ends, so that the parts add up exactly whatever their number.
        Sources: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks", arXiv:1703.01365; on a
        single piece it is the rule of Shrikumar, Greenside and Kundaje 2017, arXiv:1704.02685.

        Parameters
        ----------
        tokens
            `(n_samples, n_tokens)`; the mean sample's are 0.
        """
        slopes = self._slopes(tokens, np.linspace(0.0, 1.0, _PIECES + 1)) if self.share else None

        def parts(loadings: Array) -> tuple[Array, Array]:
            along = np.broadcast_to(self._linear(loadings[None])[:, 0], tokens.shape)
            if slopes is not None:
                of_inputs = slopes @ loadings[: slopes.shape[2]].astype(np.float32)
                along = along + self.share * self.inputs.to_tokens(of_inputs.astype(np.float64))
            return tokens * along, np.zeros(len(tokens))

        return parts

    def token_slopes(self, pairs: Pairs) -> Array:
        """`(n_tokens,)` root mean square slope of the prediction along each token, over drugs and a few samples."""
        encoder, drugs = self.stage.sample_encoder_, self.stage.drug_embeddings(pairs)
        drugs[:, 0] = 1.0
        some = np.unique(np.linspace(0, pairs.genotypes.shape[0] - 1, _SLOPE_SAMPLES).astype(np.intp))
        tokens = encoder.transform(pairs.genotypes.take(some), pairs.covariates.iloc[some])
        linear = self._linear(drugs)
        if not self.share:
            return np.asarray(np.sqrt((linear**2).mean(axis=1)))
        slopes, squares = self._slopes(tokens, np.ones(2)), np.zeros(len(linear))
        # sample by sample: tokens x drugs is the largest array
        for of_sample in slopes.astype(np.float64):
            of_inputs = drugs[:, : of_sample.shape[1]] @ of_sample.T
            squares += ((linear + self.share * self.inputs.to_tokens(of_inputs).T) ** 2).mean(axis=1)
        return np.asarray(np.sqrt(squares / len(tokens)))

    def _linear(self, drugs: Array) -> Array:
        """`(n_tokens, n_drugs)` slope of the ridge's share in the score with each of `(n_drugs, n_columns)`."""
        coefficients = self.stage.coefficients_
        return np.asarray((1.0 - self.share) * (coefficients @ drugs[:, : coefficients.shape[1]].T))

    def _slopes(self, tokens: Array, cuts: Array) -> Array:
        """`(n_samples, n_inputs, n_columns)` float32 mean slopes of the network's columns on the way to each sample.

        Parameters
        ----------
        tokens
            `(n_samples, n_tokens)`.
        cuts
            `(n_pieces + 1,)` where the way from the mean sample is cut, in parts of it; twice the same is a point.
        """
        ends, arrays = self.inputs.of(tokens), self.arrays
        start = self.inputs.of(np.zeros((1, tokens.shape[1])))
        slopes = np.zeros((len(tokens), ends.shape[1], arrays["head"].shape[2]), dtype=np.float32)
        for m in range(self.members):
            into, onward = arrays["adapter"][m][:, None] * arrays["tower_in"], arrays["tower_out"].astype(np.float32)
            head = arrays["head"][m].astype(np.float32)
            for begin in range(0, len(tokens), _SAMPLES_AT_ONCE):
                rows = slice(begin, begin + _SAMPLES_AT_ONCE)
                # the way is straight, and so are sums on it
                onset, change = start @ into + arrays["tower_in_bias"][m], (ends[rows] - start) @ into
                first = onset + cuts[:, None, None] * change
                second = np.maximum(first, 0.0) @ arrays["tower_out"] + arrays["tower_out_bias"][m]
                inner = np.zeros((first.shape[1], len(onward), head.shape[1]), dtype=np.float32)
                pieces = zip(_mean_slopes(first), _mean_slopes(second), strict=True)
                for length, (early, late) in zip(_lengths(cuts), pieces, strict=True):
                    inner += np.float32(length) * early[:, :, None] * (onward @ (late[:, :, None] * head))
                slopes[rows] += into.astype(np.float32) @ inner
        return slopes / np.float32(max(self.members, 1))

    def get_state(self) -> State:
        """The network's numbers; the stage has a state of its own."""
        network = {name: array.astype(np.float32) for name, array in self.arrays.items()}
        return {"tied": {"share": self.share, "inputs": self.inputs.get_state(), "network": network}}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge) -> TiedWeights:
        """The network of `get_state`'s answer, proved against the stage that it goes with."""
        tied = state["tied"]
        network, share = tied["network"], state_number(tied, "share", 0.0, 1.0)
        inputs = SampleInputs.from_state(tied["inputs"], stage)
        members, hidden, columns = state_array(network, "head", -1, -1, -1).shape
        if not 0 < columns <= 1 + stage.rank_ or (share and not (members and hidden)):
            raise damaged("the network has no members")
        shapes = _shapes(len(inputs.scale), hidden, members, columns)
        arrays = {name: state_array(network, name, *shape).astype(float) for name, shape in shapes.items()}
        return cls(inputs, arrays, share)


def _shapes(n_inputs: int, hidden: int, members: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {
        "adapter": (members, n_inputs),
        "tower_in": (n_inputs, hidden),
        "tower_in_bias": (members, hidden),
        "tower_out": (hidden, hidden),
        "tower_out_bias": (members, hidden),
        "head": (members, hidden, columns),
        "head_bias": (members, columns),
    }


def _lengths(cuts: Array) -> Array:
    """`(n_pieces,)` shares of the way; a point is all of it."""
    lengths = np.diff(cuts)
    return lengths / lengths.sum() if lengths.any() else np.ones(len(lengths))


def _mean_slopes(units: Array) -> NDArray[np.float32]:
    """`(n_pieces, ...)` mean slope of a rectified unit between its values at `(n_pieces + 1, ...)` points."""
    change, on = np.diff(units, axis=0), (units[:-1] > 0).astype(np.float64)
    climbs = np.diff(np.maximum(units, 0.0), axis=0)
    return np.divide(climbs, change, out=on, where=change != 0).astype(np.float32)
