"""The numbers of a trained network: what they predict without torch, and what its score hangs on each token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.contributions import Contributions, EmbeddingParts, product_contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_array, state_number

__all__ = ["MovedWeights", "mean_slopes"]

_SAMPLES_AT_ONCE = 64
_SLOPE_SAMPLES = 24
"""Samples at which the slopes of the trained network are taken."""


@dataclass(frozen=True)
class _Columns:
    """Where each kind of column stands in the embeddings of samples and drugs, which meet in a product.

    First the ridge's own, the main effects at 0, and those of seen samples; then for each member of the ensemble the
    ridge's factors that it moves (`start`, which the samples' deltas meet), their deltas (`shift`), and the tower.
    """

    width: int
    n_seen: int
    moved: int
    hidden: int
    members: int

    def __len__(self) -> int:
        return self._member(self.members)

    def _member(self, member: int) -> int:
        return self.width + self.n_seen + member * (2 * (self.moved - 1) + self.hidden)

    @property
    def seen(self) -> slice:
        return slice(self.width, self.width + self.n_seen)

    def start(self, member: int) -> slice:
        return slice(self._member(member), self._member(member) + self.moved - 1)

    def shift(self, member: int) -> slice:
        return slice(self.start(member).stop, self.start(member).stop + self.moved - 1)

    def tower(self, member: int) -> slice:
        return slice(self.shift(member).stop, self.shift(member).stop + self.hidden)


@dataclass(frozen=True, eq=False)
class MovedWeights:
    """A trained network beside the ridge that it started from.

    Attributes
    ----------
    stage
        The ridge, fitted.
    arrays
        The network's parameters by name, the members of the ensemble first.
    scale
        What the network's score is multiplied by, in units of the response.
    input_scale
        What the tokens are multiplied by.
    """

    stage: FactorRidge
    arrays: Mapping[str, Array]
    scale: float
    input_scale: float

    @property
    def columns(self) -> _Columns:
        """The layout of the embeddings."""
        members, _, moved = self.arrays["drug_delta"].shape
        hidden = self.arrays["tower_in_bias"].shape[1]
        return _Columns(1 + self.stage.rank_, self.stage.seen_.factors.shape[1], moved, hidden, members)

    @property
    def share(self) -> float:
        """What a member's score is multiplied by."""
        return self.scale / self.columns.members

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` mean of the members; each distinct sample and drug is embedded once."""
        tokens = self.stage.tokens(pairs)
        samples = self.sample_embeddings(tokens, self.stage.seen_.of(pairs.genotypes.sample_ids))
        return self.stage.overall_ + score_pairs(samples, self.drug_embeddings(pairs), pairs)

    def sample_embeddings(self, tokens: Array, seen: Array) -> Array:
        """`(n_samples, n_columns)`, which the drugs' embeddings meet in a product.

        A product of two moved factors is that of the closed form, and of each delta with the other side.

        Parameters
        ----------
        tokens, seen
            `(n_samples, n_tokens)`, and `(n_samples, n_seen_factors)` of the ridge.
        """
        arrays, columns, share = self.arrays, self.columns, self.share
        embedded, scaled = np.empty((len(tokens), len(columns))), tokens * self.input_scale
        embedded[:, : columns.width] = self.stage.map_tokens(tokens)
        embedded[:, columns.seen] = seen
        start = embedded[:, 1 : columns.moved] / columns.members
        for m in range(columns.members):
            delta = scaled @ arrays["token_delta"][m] + arrays["intercept_delta"][m]
            inner = np.maximum(scaled @ arrays["tower_in"][m] + arrays["tower_in_bias"][m], 0.0)
            tower = np.maximum(inner @ arrays["tower_out"][m] + arrays["tower_out_bias"][m], 0.0)
            embedded[:, 0] += share * (delta[:, 0] + tower @ arrays["head_common"][m])
            embedded[:, columns.start(m)] = share * delta[:, 1:]
            embedded[:, columns.shift(m)] = start + share * delta[:, 1:]
            embedded[:, columns.tower(m)] = share * tower
        return embedded

    def drug_embeddings(self, pairs: Pairs, *, shows_structure: bool = True) -> Array:
        """`(n_drugs, n_columns)`; a new drug's from structure, if shown."""
        arrays, columns, stage = self.arrays, self.columns, self.stage
        use_own = find_scheme(stage.scheme).drug_effect
        at = stage.drugs_.drug_ids.get_indexer(pairs.drugs.index)
        known = (at >= 0) & use_own
        bits = stage.drug_encoder_.transform(pairs.drugs)[0] * (known | shows_structure)[:, None]
        embedded = np.empty((len(bits), len(columns)))
        embedded[:, : columns.seen.stop] = stage.drugs_.of(bits, pairs.drugs.index, use_own)
        for m in range(columns.members):
            delta, head = np.zeros((len(bits), columns.moved)), bits @ arrays["head_structure"][m]
            delta[known] = arrays["drug_delta"][m][at[known]]
            head[known] += arrays["head_drug"][m][at[known]]
            embedded[:, 0] += self.share * delta[:, 0]
            embedded[:, columns.start(m)] = embedded[:, 1 : columns.moved]
            embedded[:, columns.shift(m)] = delta[:, 1:]
            embedded[:, columns.tower(m)] = head
        return embedded

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The ridge's parts as training moved them, and the towers' integrated gradients from the mean sample."""
        stage, columns = self.stage, self.columns
        tokens = stage.tokens(pairs)
        mean = self.sample_embeddings(np.zeros((1, tokens.shape[1])), np.zeros((1, columns.n_seen)))[0]
        measured = np.zeros((len(tokens), len(columns)))
        measured[:, columns.seen] = stage.seen_.of(pairs.genotypes.sample_ids)
        parts = EmbeddingParts(stage.overall_, mean, measured, self.attribution(tokens))
        drugs, plain = self.drug_embeddings(pairs), self.drug_embeddings(pairs, shows_structure=False)
        return product_contributions(pairs, parts, drugs, plain, stage.part_kinds(), self.predict(pairs))

    def attribution(self, tokens: Array) -> Callable[[Array], tuple[Array, Array]]:
        """A function of a drug's embedding, 1 in column 0, that takes the score apart, as `EmbeddingParts` asks.

        The linear part is taken as it is, the towers by integrated gradients. A tower has two layers of rectified
        units, so that its slopes change at a few points of the straight line from the mean sample, and their mean over
        the line is exact: nothing is left out. Source: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep
        networks", arXiv:1703.01365.

        Parameters
        ----------
        tokens
            `(n_samples, n_tokens)`; the mean sample's are 0.
        """
        arrays, columns = self.arrays, self.columns
        layers = [arrays[name] for name in ("tower_in", "tower_in_bias", "tower_out", "tower_out_bias")]
        scaled = tokens * self.input_scale
        slopes = [mean_slopes(scaled, *layer).astype(np.float32) for layer in zip(*layers, strict=True)]

        def parts(loadings: Array) -> tuple[Array, Array]:
            linear = self._linear_slopes(loadings[None])[:, 0]
            towers = np.zeros((len(tokens), len(linear)))
            for m in range(columns.members):
                inner = slopes[m] @ self._heads(loadings[None], m)[0].astype(np.float32)
                towers += inner.astype(np.float64) @ arrays["tower_in"][m].T
            return tokens * (linear + self.input_scale * towers), np.zeros(len(towers))

        return parts

    def token_slopes(self, pairs: Pairs) -> Array:
        """`(n_tokens,)` root mean square slope of the prediction along each token, over drugs and a few samples."""
        arrays, encoder = self.arrays, self.stage.sample_encoder_
        some = np.unique(np.linspace(0, pairs.genotypes.shape[0] - 1, _SLOPE_SAMPLES).astype(np.intp))
        tokens = encoder.transform(pairs.genotypes.take(some), pairs.covariates.iloc[some]) * self.input_scale
        drugs = self.drug_embeddings(pairs)
        linear, squares = self._linear_slopes(drugs), np.zeros(tokens.shape[1])
        # sample by sample: tokens x drugs is the largest array
        for row in tokens:
            slopes = linear.copy()
            for m in range(self.columns.members):
                first = row @ arrays["tower_in"][m] + arrays["tower_in_bias"][m]
                second = np.maximum(first, 0.0) @ arrays["tower_out"][m] + arrays["tower_out_bias"][m]
                inner = arrays["tower_out"][m] @ ((second > 0)[:, None] * self._heads(drugs, m).T)
                slopes += self.input_scale * (arrays["tower_in"][m] @ ((first > 0)[:, None] * inner))
            squares += (slopes**2).mean(axis=1)
        return np.asarray(np.sqrt(squares / len(tokens)))

    def _linear_slopes(self, drugs: Array) -> Array:
        """`(n_tokens, n_drugs)` slope of the score with each of `(n_drugs, n_columns)`, the towers left out."""
        columns, coefficients = self.columns, self.stage.coefficients_
        moved = coefficients[:, 1 : columns.moved]
        slopes = coefficients[:, :1] + coefficients[:, 1:] @ drugs[:, 1 : columns.width].T
        for m in range(columns.members):
            delta, shift = self.arrays["token_delta"][m] * (self.share * self.input_scale), drugs[:, columns.shift(m)]
            of_deltas = delta[:, :1] + delta[:, 1:] @ (drugs[:, columns.start(m)] + shift).T
            slopes += of_deltas + moved @ shift.T / columns.members
        return slopes

    def _heads(self, drugs: Array, member: int) -> Array:
        """`(n_drugs, hidden)` slope of the score along the units of a member's tower."""
        return self.share * (self.arrays["head_common"][member] + drugs[:, self.columns.tower(member)])

    def get_state(self) -> State:
        """The network's numbers; the stage has a state of its own."""
        network = {name: array.astype(np.float32) for name, array in self.arrays.items()}
        return {"scale": self.scale, "input_scale": self.input_scale, "network": network}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge) -> MovedWeights:
        """The network of `get_state`'s answer, proved against the stage that it goes with."""
        network, width = state["network"], state["network"]["intercept_delta"].shape[-1]
        members, hidden = state_array(network, "tower_in_bias", -1, -1).shape
        n_tokens, n_drugs, n_bits = len(stage.coefficients_), len(stage.drugs_.own), len(stage.drugs_.structure)
        if not (members and hidden and 0 < width <= 1 + stage.rank_):
            raise damaged("the network has no members")
        shapes = {
            "token_delta": (n_tokens, width),
            "intercept_delta": (width,),
            "drug_delta": (n_drugs, width),
            "tower_in": (n_tokens, hidden),
            "tower_in_bias": (hidden,),
            "tower_out": (hidden, hidden),
            "tower_out_bias": (hidden,),
            "head_common": (hidden,),
            "head_drug": (n_drugs, hidden),
            "head_structure": (n_bits, hidden),
        }
        arrays = {name: state_array(network, name, members, *shape).astype(float) for name, shape in shapes.items()}
        return cls(stage, arrays, state_number(state, "scale"), state_number(state, "input_scale"))


def mean_slopes(tokens: Array, first: Array, first_bias: Array, second: Array, second_bias: Array) -> Array:
    """`(n_samples, n_first, n_second)` mean slope of units along the units before them, on the way from 0 to a sample.

    The way is cut where a unit of the first layer turns on or off; between the cuts the second layer is linear, and its
    units turn at most once.

    Parameters
    ----------
    tokens
        `(n_samples, n_tokens)`.
    first, first_bias, second, second_bias
        `(n_tokens, n_first)`, `(n_first,)`, `(n_first, n_second)`, `(n_second,)`.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> mean_slopes(4 * one, one, np.array([-1.0]), one, np.array([0.0])).tolist()
    [[[0.75]]]
    """
    slopes = np.empty((len(tokens), *second.shape))
    for begin in range(0, len(tokens), _SAMPLES_AT_ONCE):
        rise = tokens[begin : begin + _SAMPLES_AT_ONCE] @ first
        turns = np.divide(-first_bias, rise, out=np.zeros_like(rise), where=rise != 0)
        ends = np.zeros((len(rise), 1))
        cuts = np.sort(np.hstack([ends, np.clip(turns, 0.0, 1.0), ends + 1.0]), axis=1)
        before = np.maximum(first_bias + cuts[:, :, None] * rise[:, None, :], 0.0) @ second + second_bias
        here, there = before[:, :-1], before[:, 1:]
        change = there - here
        on = np.where(here > 0, 1.0, 0.0)
        climbs = np.maximum(there, 0.0) - np.maximum(here, 0.0)
        lengths = np.diff(cuts, axis=1)[:, :, None] * np.divide(climbs, change, out=on, where=change != 0)
        middle = (cuts[:, :-1] + cuts[:, 1:]) / 2
        active = first_bias + middle[:, :, None] * rise[:, None, :] > 0
        slopes[begin : begin + len(rise)] = second * (active.transpose(0, 2, 1).astype(np.float64) @ lengths)
    return slopes
