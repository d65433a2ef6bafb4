"""Training of the network: batches of whole samples, Huber and Tobit loss or an outcome's, one learning-rate cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, nearest
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.neural._manners import TrainingSettings
from drugresponse.learners.neural._network import Batch, Shape, TiedNetwork
from drugresponse.learners.neural._sample_inputs import SampleInputs
from drugresponse.learners.neural._score_loss import balanced, mean_loss
from drugresponse.learners.neural._tied_weights import TiedWeights
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array

__all__ = ["Training", "choose_device"]

DEVICES = ("cpu", "cuda", "auto")
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
        self.device = torch.device(choose_device(settings.device))
        self.values = self._tensor(values)
        # a drug's mean, and what a seen sample's other responses say, stand beside the network in the score
        self.offset = stage.overall_ + stage.drug_embeddings(pairs)[pairs.drug_index, 0]
        self.offset = self.offset + stage.left_out_shift_[pairs.sample_index, pairs.drug_index]
        self.target = self._tensor((y - self.offset) / self.scale)
        if loss is not None:
            self.loss, for_events = balanced(loss)
            self.offset = self.offset + for_events
        self.weights = self._tensor(weights)
        self.censor = None if pairs.censor is None else self._tensor(pairs.censor)
        self.order = np.argsort(pairs.sample_index, kind="stable")
        self.starts = np.searchsorted(pairs.sample_index[self.order], np.arange(len(values) + 1))
        self.network = self._network(values.shape[1])
        self.rng = np.random.default_rng(settings.random_state)
        self.batches = int(np.clip(np.ceil(len(values) / _BATCH), _FEWEST_BATCHES, _MOST_BATCHES))
        self.batches = min(self.batches, len(values))
        self.passes = min(settings.epochs, -(-_STEPS // self.batches))
        self.step = 0
        self.optimizer = self._optimizer()

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
            self._tensor(loadings * self.spreads / self.scale),
            dropout=settings.manner.dropout,
            generator=torch.Generator().manual_seed(settings.random_state),
        )

    def _optimizer(self) -> torch.optim.Optimizer:
        parameters = list(self.network.named_parameters())
        shared = [value for name, value in parameters if name in ("tower_in", "tower_out", "head")]
        others = [value for name, value in parameters if name not in ("tower_in", "tower_out", "head")]
        groups: list[dict[str, Any]] = [{"params": shared}, {"params": others, "weight_decay": 0.0}]
        settings = self.settings
        # one kernel for all numbers: small networks spend a fifth of their time in many
        return torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)

    def _set_rate(self) -> None:
        """Up in the first steps, then down along half a cosine."""
        total = self.passes * self.batches
        warm = min(1.0, (self.step + 1) / (_WARM_UP * total + 1))
        rate = self.settings.learning_rate * warm * (1 + np.cos(np.pi * self.step / total)) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)
        self.step += 1

    def trained_weights(self, share: float) -> TiedWeights:
        """The network as it is now, so that prediction needs no torch."""
        named = self.network.named_parameters()
        arrays = {name: value.detach().cpu().double().numpy().copy() for name, value in named}
        for name in ("head", "head_bias"):
            arrays[name] *= self.spreads
        return TiedWeights(self.inputs, arrays, share)

    def embedded(self, tokens: Array) -> Array:
        """`(n_samples, n_columns)` mean of the members for samples of these tokens."""
        with torch.no_grad():
            members = self.network.sample_embeddings(self._tensor(self.inputs.of(tokens)))
        return np.asarray(members.mean(dim=0).cpu().double().numpy() * self.spreads)

    def epoch(self) -> None:
        """One pass over all rows, in batches of whole samples."""
        self.network.train()
        for batch, rows in self._batches():
            self._set_rate()
            scores = self.network(batch)
            if self.loss is None:
                loss = (self._losses(scores, rows) * self.weights[rows]).mean(dim=1).sum()
            else:
                at = rows.cpu().numpy()
                loss = mean_loss(scores, self.loss, at, self.offset[at], self.scale)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
        self.network.eval()

    def _losses(self, scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """`(members, n_rows)` Huber loss; of a censored row the Tobit likelihood's, -log P(truth is beyond the limit).

        Source: Tobin 1958, "Estimation of relationships for limited dependent variables", doi:10.2307/1907382.
        """
        target = self.target[rows].expand_as(scores)
        if self.censor is None:
            return torch.nn.functional.huber_loss(scores, target, reduction="none", delta=self.settings.manner.huber)
        losses = torch.nn.functional.huber_loss(scores, target, reduction="none")
        side = self.censor[rows]
        # sigma is 1 in these units: where Huber's loss is a square, it is a normal likelihood of this very sigma, so
        # that the two kinds of rows speak of one noise
        beyond = -torch.special.log_ndtr(side * (scores - target))
        return torch.where(side == 0, losses, beyond)

    def _batches(self) -> Iterator[tuple[Batch, torch.Tensor]]:
        for samples in np.array_split(self.rng.permutation(len(self.starts) - 1), self.batches):
            counts = self.starts[samples + 1] - self.starts[samples]
            rows = np.concatenate([self.order[self.starts[i] : self.starts[i + 1]] for i in samples])
            index = torch.from_numpy(np.repeat(np.arange(len(samples)), counts)).to(self.device)
            drugs = torch.from_numpy(self.pairs.drug_index[rows]).to(self.device)
            kept = torch.from_numpy(samples).to(self.device)
            yield Batch(self.values[kept], index, drugs), torch.from_numpy(rows).to(self.device)

    def _tensor(self, values: Any) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.device)


def choose_device(device: str) -> str:
    """`auto` is a GPU where torch sees one.

    Raises
    ------
    InputError
        The device is unknown, or a GPU was asked for and torch sees none.

    Examples
    --------
    >>> choose_device("cpu")
    'cpu'
    """
    if device not in DEVICES:
        raise InputError(f'device: "{device}" is unknown. {nearest(device, DEVICES)}')
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise InputError("device: found no GPU that torch can use (cuda was asked for). Choose cpu or auto.")
    if device == "auto":
        return "cuda" if has_gpu else "cpu"
    return device
