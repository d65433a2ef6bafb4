"""Training of the network: batches of whole samples, Huber and Tobit loss or an outcome's, one learning-rate cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.neural._manners import TrainingSettings
from drugresponse.learners.neural._network import Batch, Shape, TiedNetwork
from drugresponse.learners.neural._place import choose_place
from drugresponse.learners.neural._sample_inputs import SampleInputs
from drugresponse.learners.neural._score_loss import balanced, limit_slopes, mean_slopes_of
from drugresponse.learners.neural._tied_weights import TiedWeights
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array

__all__ = ["Training"]

_COLUMNS = 31
"""Leading columns of the embedding that the network gives: the general effect and 30 factors."""
_BATCH, _FEWEST_BATCHES, _MOST_BATCHES = 64, 8, 64
"""Samples of a batch, and how many batches a pass has at least and at most."""
_STEPS = 400
"""Batches after which the learning rate has come down to nothing, unless `epochs` ends training before."""
_WARM_UP = 0.05
_UNITS_AN_INPUT = 4
"""Hidden units for each input, at most: what has few inputs needs no wide layers."""


class Training:
    """One run of the network over its rows.

    Parameters
    ----------
    stage
        The ridge, fitted to the same rows: its left-out embedding is among the inputs.
    pairs, y, weights
        Training rows, compact; the weights are 1 on average.
    settings
        Of the network and its training.
    loss
        Of the rows of an outcome that is not continuous.
    """

    def __init__(
        self,
        stage: FactorRidge,
        pairs: Pairs,
        y: Array,
        weights: Array,
        settings: TrainingSettings,
        loss: RowLoss | None = None,
    ) -> None:
        self.stage, self.pairs, self.settings, self.loss = stage, pairs, settings, loss
        if loss is None:
            self.scale = max(float(np.std(y - stage.predict_left_out(pairs))), 1e-6 * max(float(np.std(y)), 1e-12))
        else:
            self.scale = loss.unit
        self.inputs, values = SampleInputs.fit(
            stage, stage.tokens(pairs), settings.manner.weight_of_ridge, settings.manner.floor
        )
        self.place = choose_place(settings.device)
        self.values = self.place.put(values)
        # a drug's mean, and what a seen sample's other responses say, stand beside the network in the score
        self.offset = stage.overall_ + stage.drug_embeddings(pairs)[pairs.drug_index, 0]
        self.offset = self.offset + stage.left_out_shift_[pairs.sample_index, pairs.drug_index]
        self.target = ((y - self.offset) / self.scale).astype(np.float32)
        if loss is not None:
            self.loss, for_events = balanced(loss)
            self.offset = self.offset + for_events
        self.weights = weights.astype(np.float32)
        self.order = np.argsort(pairs.sample_index, kind="stable")
        self.starts = np.searchsorted(pairs.sample_index[self.order], np.arange(len(values) + 1))
        self.network = self._network(values.shape[1])
        self.rng = np.random.default_rng(settings.random_state)
        self.batches = int(np.clip(np.ceil(len(values) / _BATCH), _FEWEST_BATCHES, _MOST_BATCHES))
        self.batches = min(self.batches, len(values))
        self.passes = min(settings.epochs, -(-_STEPS // self.batches))
        self.step = 0

    def _network(self, n_inputs: int) -> TiedNetwork:
        """Columns of the embedding are in such units that all of them say as much at the start as in the ridge."""
        settings, stage = self.settings, self.stage
        width = min(1 + stage.rank_, _COLUMNS)
        loadings = stage.drugs_.own[:, :width].copy()
        loadings[:, 0] = 1.0
        if self.loss is None:
            self.spreads = stage.targets_.values[:, :width].std(axis=0)
        else:
            sizes = np.sqrt((loadings**2).mean(axis=0))
            self.spreads = np.divide(self.scale, sizes, out=np.zeros(width), where=sizes > 0)
        hidden = max(1, min(settings.hidden, _UNITS_AN_INPUT * n_inputs))
        return TiedNetwork(
            Shape(n_inputs, hidden, settings.members, width),
            loadings * self.spreads / self.scale,
            dropout=settings.manner.dropout,
            rng=np.random.default_rng([settings.random_state, 1]),
            place=self.place,
            sizes=self._sizes(),
        )

    def _sizes(self) -> Array:
        """`(n_members, n_inputs)` of the factors for inputs: a share of the members starts without the ridge."""
        sizes = np.ones((self.settings.members, len(self.inputs.scale)))
        sizes[len(sizes) - int(self.settings.manner.free * len(sizes)) :] = self.inputs.freed()
        return sizes

    def _rate(self) -> float:
        """Up in the first steps, then down along half a cosine."""
        total = self.passes * self.batches
        warm = min(1.0, (self.step + 1) / (_WARM_UP * total + 1))
        rate = self.settings.learning_rate * warm * (1 + np.cos(np.pi * self.step / total)) / 2
        self.step += 1
        return float(rate)

    def trained_weights(self, share: float) -> TiedWeights:
        """The network as it is now, as prediction takes it."""
        arrays = self.network.arrays()
        for name in ("head", "head_bias"):
            arrays[name] *= self.spreads
        return TiedWeights(self.inputs, arrays, share)

    def embedded(self, tokens: Array) -> Array:
        """`(n_samples, n_columns)` mean of the members for samples of these tokens."""
        members = self.network.sample_embeddings(self.place.put(self.inputs.of(tokens)))
        return np.asarray(self.place.fetch(members.mean(1)).astype(np.float64) * self.spreads)

    def epoch(self) -> None:
        """One pass over all rows, in batches of whole samples."""
        for batch, rows in self._batches():
            slopes = self.slopes(self.place.fetch(self.network.scores(batch)), rows)
            self.network.step_back(self.place.put(slopes))
            self.network.move(self._rate(), self.settings.weight_decay)

    def slopes(self, scores: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[Any]:
        """`(n_rows, members)` slopes of the mean loss of these rows by their scores, weights included."""
        if self.loss is not None:
            return mean_slopes_of(scores, self.loss, rows, self.offset[rows], self.scale)
        censor = None if self.pairs.censor is None else self.pairs.censor[rows]
        slopes = limit_slopes(scores, self.target[rows], self.settings.manner.huber, censor)
        return slopes * (self.weights[rows] / np.float32(len(rows)))[:, None]

    def _batches(self) -> Iterator[tuple[Batch, NDArray[np.intp]]]:
        for samples in np.array_split(self.rng.permutation(len(self.starts) - 1), self.batches):
            counts = self.starts[samples + 1] - self.starts[samples]
            ends = np.cumsum(counts)
            rows = self.order[np.repeat(self.starts[samples] - ends + counts, counts) + np.arange(ends[-1])]
            index = np.repeat(np.arange(len(samples)), counts)
            yield Batch(self.values[self.place.put_whole(samples)], index, self.pairs.drug_index[rows]), rows
