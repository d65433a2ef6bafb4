"""The network: many members that share their weights, each of which sees the inputs through signs of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["Batch", "Shape", "TiedNetwork"]

_FIRST_SPREAD = 0.03
"""Of the first weights: small beside what training makes of them, so that units learn which inputs matter."""
_HEAD_SPREAD = 0.5


@dataclass(frozen=True)
class Shape:
    """How many of each."""

    inputs: int
    hidden: int
    members: int
    columns: int


@dataclass(frozen=True)
class Batch:
    """Distinct samples of a step and the pairs among them.

    Attributes
    ----------
    inputs
        `(n_samples, n_inputs)` of the samples in the batch.
    sample_index, drug_index
        `(n_pairs,)` row numbers into `inputs` and into all drugs.
    """

    inputs: Tensor
    sample_index: Tensor
    drug_index: Tensor


class TiedNetwork(nn.Module):
    """Sample embeddings by two layers of rectified units, whose weights all members share.

    What members have of their own is a factor for each input, drawn as a random sign, biases, and a head. They are as
    different as networks of their own, cost little more than one, and their mean errs less than any. Source: Gorishniy,
    Kotelnikov and Babenko 2025, "TabM: advancing tabular deep learning with parameter-efficient ensembling",
    arXiv:2410.24210.

    Parameters
    ----------
    shape
        Inputs, hidden units of either layer, members, and columns of the embedding.
    loadings
        `(n_drugs, n_columns)` that a sample's embedding meets in a product.
    dropout
        Share of hidden units dropped in training.
    generator
        Source of the start values and of dropout.
    """

    def __init__(self, shape: Shape, loadings: Tensor, *, dropout: float, generator: torch.Generator) -> None:
        super().__init__()
        self.loadings, self.dropout, self.generator = loadings, dropout, generator

        def zeros(*size: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(*size, device=loadings.device))

        def random(spread: float, *size: int) -> nn.Parameter:
            return nn.Parameter((torch.randn(*size, generator=generator) * spread).to(loadings.device))

        signs = torch.randint(0, 2, (shape.members, shape.inputs), generator=generator) * 2.0 - 1.0
        self.adapter = nn.Parameter(signs.to(loadings.device))
        self.tower_in, self.tower_in_bias = (
            random(_FIRST_SPREAD, shape.inputs, shape.hidden),
            zeros(shape.members, shape.hidden),
        )
        self.tower_out = random((2.0 / shape.hidden) ** 0.5, shape.hidden, shape.hidden)
        self.tower_out_bias = zeros(shape.members, shape.hidden)
        self.head = random(_HEAD_SPREAD / shape.hidden**0.5, shape.members, shape.hidden, shape.columns)
        self.head_bias = zeros(shape.members, shape.columns)

    def sample_embeddings(self, inputs: Tensor) -> Tensor:
        """`(members, n_samples, n_columns)`."""
        first = self._hidden((inputs * self.adapter[:, None]) @ self.tower_in, self.tower_in_bias)
        second = self._hidden(first @ self.tower_out, self.tower_out_bias)
        return second @ self.head + self.head_bias[:, None]

    def forward(self, batch: Batch) -> Tensor:
        """`(members, n_pairs)` scores; each distinct sample is embedded once."""
        grid = self.sample_embeddings(batch.inputs) @ self.loadings.T
        return grid.flatten(1).index_select(1, batch.sample_index * len(self.loadings) + batch.drug_index)

    def _hidden(self, values: Tensor, bias: Tensor) -> Tensor:
        values = torch.relu(values + bias[:, None])
        if not self.training or self.dropout == 0:
            return values
        kept = torch.rand(values.shape, generator=self.generator).to(values.device) >= self.dropout
        return values * kept / (1 - self.dropout)
