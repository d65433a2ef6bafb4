"""Training of the network: batches of whole samples, Huber and Tobit loss or an outcome's, one learning-rate cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError, nearest
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.neural._network import Batch, ResponseNetwork, Start
from drugresponse.learners.neural._network_weights import NetworkWeights
from drugresponse.learners.neural._score_loss import balanced, mean_loss
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array

__all__ = ["Training", "TrainingSettings", "choose_device"]

DEVICES = ("cpu", "cuda", "auto")
_MOVED = 21
"""Leading columns of the embeddings that training may move: the general effect and 20 factors."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; the parameters are those of `NeuralResponse`."""

    hidden: int
    members: int
    epochs: int
    learning_rate: float
    weight_decay: float
    dropout: float
    device: str
    random_state: int


class Training:
    """One run of the network over its rows.

    Parameters
    ----------
    stage
        The ridge that it starts from, fitted to the same rows.
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
        tokens = stage.tokens(pairs)
        # the network sees tokens of mean squared row norm 1, whatever scales the blocks were given
        norm = float(np.sqrt((tokens**2).sum(axis=1).mean()))
        self.input_scale = 1.0 / norm if norm > 0 else 1.0
        self.device = torch.device(choose_device(settings.device))
        self.generator = torch.Generator().manual_seed(settings.random_state)
        self.tokens = self._tensor(tokens * self.input_scale)
        # what a seen sample's other responses say is added to the network's score, and so taken from its target
        shift = stage.left_out_shift_[pairs.sample_index, pairs.drug_index]
        self.target = self._tensor((y - stage.overall_ - shift) / self.scale)
        self.offset = stage.overall_ + shift
        if loss is not None:
            self.loss, for_events = balanced(loss)
            self.offset = self.offset + for_events
        self.weights = self._tensor(weights)
        self.censor = None if pairs.censor is None else self._tensor(pairs.censor)
        self.order = np.argsort(pairs.sample_index, kind="stable")
        self.starts = np.searchsorted(pairs.sample_index[self.order], np.arange(len(tokens) + 1))
        self.network = self._network()
        self.rng = np.random.default_rng(settings.random_state)
        self.steps = int(np.clip(np.ceil(len(tokens) / 64), 1, 64))
        self.optimizer, self.schedule = self._optimizer()

    def _network(self) -> ResponseNetwork:
        settings, stage, drugs = self.settings, self.stage, self.pairs.drugs
        bits, _ = stage.drug_encoder_.transform(drugs)
        width = 1 + stage.rank_
        # the main effect is divided by the network's scale; the factors are not, since the samples' already are
        scale = np.ones(width)
        scale[0] = self.scale
        start = Start(
            self._tensor(stage.coefficients_ / self.input_scale / self.scale),
            self._tensor(stage.intercepts_ / self.scale),
            self._tensor(stage.drugs_.own[:, :width] / scale),
            self._tensor(stage.drugs_.of(bits, drugs.index, use_own=False)[:, :width] / scale),
            self._tensor(bits),
        )
        id_dropout = (0.1 if bits.shape[1] else 0.0) if find_scheme(stage.scheme).drug_effect else 1.0
        return ResponseNetwork(
            start,
            moved=min(width, _MOVED),
            hidden=settings.hidden,
            members=settings.members,
            dropout=settings.dropout,
            id_dropout=id_dropout,
            generator=self.generator,
        )

    def _optimizer(self) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        settings, parameters = self.settings, list(self.network.named_parameters())
        rates = [settings.learning_rate / 10, settings.learning_rate]
        slow = [value for name, value in parameters if name.endswith("_delta")]
        fast = [value for name, value in parameters if not name.endswith("_delta")]
        groups = [{"params": slow, "lr": rates[0]}, {"params": fast, "lr": rates[1]}]
        optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        # torch divides by 0 where a fifth of the cycle is a single step
        total = max(self.steps * settings.epochs, 5)
        return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=total + 1, pct_start=0.2)

    def trained_weights(self) -> NetworkWeights:
        """The network as it is now, so that prediction needs no torch."""
        named = self.network.named_parameters()
        arrays = {name: value.detach().cpu().double().numpy().copy() for name, value in named}
        return NetworkWeights(self.stage, arrays, self.scale, self.input_scale)

    def epoch(self) -> None:
        """One pass over all rows, in batches of whole samples."""
        self.network.train()
        for batch, rows in self._batches():
            scores = self.network(batch)
            if self.loss is None:
                loss = (self._losses(scores, rows) * self.weights[rows]).mean(dim=1).sum()
            else:
                at = rows.cpu().numpy()
                loss = mean_loss(scores, self.loss, at, self.offset[at], self.scale)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
        self.network.eval()

    def _losses(self, scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """`(members, n_rows)` Huber loss; of a censored row the Tobit likelihood's, -log P(truth is beyond the limit).

        Source: Tobin 1958, "Estimation of relationships for limited dependent variables", doi:10.2307/1907382.
        """
        target = self.target[rows].expand_as(scores)
        # in units of the start's residual, so that outliers of a screen pull no harder than 1
        losses = torch.nn.functional.huber_loss(scores, target, reduction="none")
        if self.censor is None:
            return losses
        side = self.censor[rows]
        # sigma is 1 in these units: where Huber's loss is a square, it is a normal likelihood of this very sigma, so
        # that the two kinds of rows speak of one noise
        beyond = -torch.special.log_ndtr(side * (scores - target))
        return torch.where(side == 0, losses, beyond)

    def _batches(self) -> Iterator[tuple[Batch, torch.Tensor]]:
        for samples in np.array_split(self.rng.permutation(len(self.starts) - 1), self.steps):
            counts = self.starts[samples + 1] - self.starts[samples]
            rows = np.concatenate([self.order[self.starts[i] : self.starts[i + 1]] for i in samples])
            index = torch.from_numpy(np.repeat(np.arange(len(samples)), counts)).to(self.device)
            drugs = torch.from_numpy(self.pairs.drug_index[rows]).to(self.device)
            kept = torch.from_numpy(samples).to(self.device)
            yield Batch(self.tokens[kept], index, drugs), torch.from_numpy(rows).to(self.device)

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
