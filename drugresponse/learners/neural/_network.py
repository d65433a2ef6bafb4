"""The network: genotype and drug embeddings that start at the closed form, and a head that starts at zero."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Batch", "ResponseNetwork", "Start"]


@dataclass(frozen=True)
class Start:
    """Closed-form embeddings that the network starts from; column 0 is the main effect, the others meet in a product.

    Attributes
    ----------
    tokens, intercepts
        `(n_tokens, 1 + rank)` and `(1 + rank,)`.
    drugs
        `(n_drugs, 1 + rank)` vector of each training drug, structure part included.
    structure
        `(n_drugs, 1 + rank)` what the structures alone give.
    bits
        `(n_drugs, n_bits)` centred fingerprints.
    """

    tokens: Tensor
    intercepts: Tensor
    drugs: Tensor
    structure: Tensor
    bits: Tensor


@dataclass(frozen=True)
class Batch:
    """Distinct samples of a step and the pairs among them.

    Attributes
    ----------
    tokens
        `(n_samples, n_tokens)` of the samples in the batch.
    sample_index, drug_index
        `(n_pairs,)` row numbers into `tokens` and into all drugs.
    """

    tokens: Tensor
    sample_index: Tensor
    drug_index: Tensor


class ResponseNetwork(nn.Module):
    """Several members trained as one batched model; every parameter has the members as its first dimension.

    A member's score is `drug main + sample main + <sample factors, drug factors> + <tower(sample), drug head>`. Deltas
    to the leading columns of the closed form and the drugs' head loadings start at zero, so an untrained network scores
    like the ridge; weight decay pulls back there, not to zero.

    Parameters
    ----------
    start
        The closed form.
    moved
        Leading columns of the embeddings that training may move; the others stay as the closed form has them.
    hidden
        Width of the tower's two layers.
    members
        Networks in the ensemble.
    dropout
        Share of tower inputs and hidden units dropped in training.
    id_dropout
        Share of drugs that show only their structure in a training step; 1 where drugs will be new.
    generator
        Source of the start values and of dropout.
    """

    def __init__(
        self,
        start: Start,
        *,
        moved: int,
        hidden: int,
        members: int,
        dropout: float,
        id_dropout: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.start = start
        self.dropout, self.id_dropout, self.generator = dropout, id_dropout, generator
        n_tokens, self.fixed = start.tokens.shape[0], start.tokens.shape[1] - moved
        n_drugs, n_bits = start.bits.shape
        device = start.tokens.device

        def zeros(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(members, *shape, device=device))

        def random(fan_in: int, *shape: int) -> nn.Parameter:
            drawn = torch.randn(members, *shape, generator=generator)
            return nn.Parameter((drawn * (2.0 / max(fan_in, 1)) ** 0.5).to(device))

        self.token_delta = zeros(n_tokens, moved)
        self.intercept_delta = zeros(moved)
        self.drug_delta = zeros(n_drugs, moved)
        # rows of tokens have a mean squared norm of 1 for each block, whatever their number
        self.tower_in, self.tower_in_bias = random(1, n_tokens, hidden), zeros(hidden)
        self.tower_out, self.tower_out_bias = random(hidden, hidden, hidden), zeros(hidden)
        self.head_common = zeros(hidden)
        self.head_drug = zeros(n_drugs, hidden)
        self.head_structure = zeros(n_bits, hidden)

    def sample_embeddings(self, tokens: Tensor) -> Tensor:
        """`(members, n_samples, 1 + rank + hidden)`; column 0 is the main effect."""
        linear = tokens @ self.start.tokens + self.start.intercepts
        linear = linear + self._padded(tokens @ self.token_delta + self.intercept_delta[:, None])
        hidden = torch.relu(self._drop(tokens) @ self.tower_in + self.tower_in_bias[:, None])
        tower = torch.relu(self._drop(hidden) @ self.tower_out + self.tower_out_bias[:, None])
        main = linear[..., :1] + tower @ self.head_common[..., None]
        return torch.cat([main, linear[..., 1:], tower], dim=-1)

    def drug_embeddings(self) -> Tensor:
        """`(members, n_drugs, 1 + rank + hidden)` of the training drugs."""
        own = self.start.drugs - self.start.structure
        by_id = torch.cat([own + self._padded(self.drug_delta), self.head_drug], dim=-1)
        if self.training and 0 < self.id_dropout < 1:
            shown = torch.rand(len(own), 1, generator=self.generator) >= self.id_dropout
            by_id = by_id * shown.to(by_id)
        elif self.id_dropout == 1:
            by_id = torch.zeros_like(by_id)
        head = self.start.bits @ self.head_structure
        structure = self.start.structure.expand(len(head), -1, -1)
        return torch.cat([structure, head], dim=-1) + by_id

    def forward(self, batch: Batch) -> Tensor:
        """`(members, n_pairs)` scores; each distinct sample and drug is encoded once."""
        samples, drugs = self.sample_embeddings(batch.tokens), self.drug_embeddings()
        grid = samples[..., :1] + drugs[..., 0][:, None, :] + samples[..., 1:] @ drugs[..., 1:].transpose(1, 2)
        n_drugs = drugs.shape[1]
        return grid.flatten(1).index_select(1, batch.sample_index * n_drugs + batch.drug_index)

    def _padded(self, delta: Tensor) -> Tensor:
        return torch.nn.functional.pad(delta, (0, self.fixed))

    def _drop(self, values: Tensor) -> Tensor:
        if not self.training or self.dropout == 0:
            return values
        kept = torch.rand(values.shape, generator=self.generator).to(values.device) >= self.dropout
        return values * kept / (1 - self.dropout)
