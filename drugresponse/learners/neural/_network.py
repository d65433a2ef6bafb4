"""The network: many members that share their weights, each of which sees the inputs through signs of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.neural._place import Place
from drugresponse.learners.state import Array

__all__ = ["Batch", "Shape", "TiedNetwork"]

_FIRST_SPREAD = 0.03
"""Of the first weights: small beside what training makes of them, so that units learn which inputs matter."""
_HEAD_SPREAD = 0.5
_SHARED = ("tower_in", "tower_out", "head")
"""What weight decay draws to 0."""
_MOMENTUM, _MEMORY, _LEAST = 0.9, 0.999, 1e-8


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
        `(n_samples, n_inputs)` of the samples in the batch, where the network is.
    sample_index, drug_index
        `(n_pairs,)` row numbers into `inputs` and into all drugs.
    """

    inputs: Any
    sample_index: NDArray[np.intp]
    drug_index: NDArray[np.intp]


@dataclass(frozen=True)
class _Seen:
    """What a step forward leaves for the step back: units, and the slope of each by what came in."""

    inputs: Any
    shown: Any
    first: Any
    first_slope: Any
    second: Any
    second_slope: Any
    index: Any
    grid_size: int


class TiedNetwork:
    """Sample embeddings by two layers of rectified units, whose weights all members share.

    What members have of their own is a factor for each input, drawn as a random sign, biases, and a head. They are as
    different as networks of their own, cost little more than one, and their mean errs less than any. Source: Gorishniy,
    Kotelnikov and Babenko 2025, "TabM: advancing tabular deep learning with parameter-efficient ensembling",
    arXiv:2410.24210. Slopes are written out, and all numbers lie in one array, which AdamW moves at once: Loshchilov
    and Hutter 2019, "Decoupled weight decay regularization", arXiv:1711.05101.

    Parameters
    ----------
    shape
        Inputs, hidden units of either layer, members, and columns of the embedding.
    loadings
        `(n_drugs, n_columns)` that a sample's embedding meets in a product.
    dropout
        Share of hidden units dropped in training.
    rng
        Source of the start values and of dropout.
    place
        Where the numbers are.
    sizes
        `(n_members, n_inputs)` of each member's factors at the start; 1 unless given.
    """

    def __init__(
        self,
        shape: Shape,
        loadings: Array,
        *,
        dropout: float,
        rng: np.random.Generator,
        place: Place,
        sizes: Array | None = None,
    ) -> None:
        self.shape, self.dropout, self.rng, self.place = shape, dropout, rng, place
        self.loadings = place.put(loadings)
        start = self._start()
        if sizes is not None:
            start["adapter"] *= sizes.astype(np.float32)
        self.n_shared = sum(start[name].size for name in _SHARED)
        self.numbers = place.put(np.concatenate([each.ravel() for each in start.values()]))
        size = len(self.numbers)
        self.slopes, self._mean, self._square = (place.zeros(size) for _ in range(3))
        ends = np.cumsum([0, *(each.size for each in start.values())])
        places = {
            name: (slice(begin, end), each.shape)
            for (name, each), begin, end in zip(start.items(), ends[:-1], ends[1:], strict=True)
        }
        self._at = {name: self.numbers[where].reshape(form) for name, (where, form) in places.items()}
        self._slope_at = {name: self.slopes[where].reshape(form) for name, (where, form) in places.items()}
        self._seen: _Seen | None = None
        self._steps = 0

    def _start(self) -> dict[str, NDArray[np.float32]]:
        """What training begins with; what is decayed stands first."""
        shape, rng = self.shape, self.rng

        def drawn(spread: float, *size: int) -> NDArray[np.float32]:
            return (rng.standard_normal(size) * spread).astype(np.float32)

        def zeros(width: int) -> NDArray[np.float32]:
            return np.zeros((shape.members, width), dtype=np.float32)

        return {
            "tower_in": drawn(_FIRST_SPREAD, shape.inputs, shape.hidden),
            "tower_out": drawn((2.0 / shape.hidden) ** 0.5, shape.hidden, shape.hidden),
            "head": drawn(_HEAD_SPREAD / shape.hidden**0.5, shape.members, shape.hidden, shape.columns),
            "adapter": rng.choice(np.array([-1.0, 1.0], dtype=np.float32), (shape.members, shape.inputs)),
            "tower_in_bias": zeros(shape.hidden),
            "tower_out_bias": zeros(shape.hidden),
            "head_bias": zeros(shape.columns),
        }

    def arrays(self) -> dict[str, Array]:
        """The numbers by name, as they are now."""
        return {name: self.place.fetch(each).astype(np.float64) for name, each in self._at.items()}

    def slopes_by_name(self) -> dict[str, Array]:
        """Those of the last step back."""
        return {name: self.place.fetch(each).astype(np.float64) for name, each in self._slope_at.items()}

    def sample_embeddings(self, inputs: Any) -> Any:
        """`(n_samples, members, n_columns)`, nothing dropped."""
        shown = inputs[:, None] * self._at["adapter"]
        first = self._units(shown, "tower_in", "tower_in_bias", dropped=False)[0]
        return self._headed(self._units(first, "tower_out", "tower_out_bias", dropped=False)[0])

    def scores(self, batch: Batch, *, dropped: bool = True) -> Any:
        """`(n_pairs, members)`; each distinct sample is embedded once."""
        members, drugs = self.shape.members, len(self.loadings)
        shown = batch.inputs[:, None] * self._at["adapter"]
        first, first_slope = self._units(shown, "tower_in", "tower_in_bias", dropped=dropped)
        second, second_slope = self._units(first, "tower_out", "tower_out_bias", dropped=dropped)
        grid = (self._headed(second) @ self.loadings.T).reshape(-1)
        cell = batch.sample_index * (members * drugs) + batch.drug_index
        index = self.place.put_whole(cell[:, None] + np.arange(members) * drugs)
        self._seen = _Seen(batch.inputs, shown, first, first_slope, second, second_slope, index, len(grid))
        return grid[index]

    def step_back(self, slopes: Any) -> None:
        """Take slopes of the loss by the last scores back to the numbers.

        Parameters
        ----------
        slopes
            `(n_pairs, members)`, where the network is.
        """
        seen, at, to, (hidden, members) = self._seen, self._at, self._slope_at, (self.shape.hidden, self.shape.members)
        if seen is None:
            raise ValueError("a step back needs a step forward")
        of_grid = self.place.summed(slopes, seen.index, seen.grid_size).reshape(-1, members, len(self.loadings))
        of_columns = of_grid @ self.loadings
        to["head_bias"][...] = of_columns.sum(0)
        of_columns = of_columns.swapaxes(0, 1)
        to["head"][...] = seen.second.swapaxes(0, 1).swapaxes(1, 2) @ of_columns
        of_second = (of_columns @ at["head"].swapaxes(1, 2)).swapaxes(0, 1) * seen.second_slope
        to["tower_out_bias"][...] = of_second.sum(0)
        of_second = of_second.reshape(-1, hidden)
        to["tower_out"][...] = seen.first.reshape(-1, hidden).T @ of_second
        of_first = (of_second @ at["tower_out"].T).reshape(-1, members, hidden) * seen.first_slope
        to["tower_in_bias"][...] = of_first.sum(0)
        of_first = of_first.reshape(-1, hidden)
        to["tower_in"][...] = seen.shown.reshape(-1, self.shape.inputs).T @ of_first
        of_shown = (of_first @ at["tower_in"].T).reshape(-1, members, self.shape.inputs)
        to["adapter"][...] = (of_shown * seen.inputs[:, None]).sum(0)

    def move(self, rate: float, decay: float) -> None:
        """A step of AdamW along the last slopes."""
        self._steps += 1
        numbers, mean, square = self.numbers, self._mean, self._square
        numbers[: self.n_shared] *= 1.0 - rate * decay
        mean *= _MOMENTUM
        mean += (1.0 - _MOMENTUM) * self.slopes
        square *= _MEMORY
        square += (1.0 - _MEMORY) * self.slopes**2
        size = (square / (1.0 - _MEMORY**self._steps)) ** 0.5
        size += _LEAST
        numbers -= (rate / (1.0 - _MOMENTUM**self._steps)) * mean / size

    def _headed(self, units: Any) -> Any:
        """`(n_samples, members, n_columns)`."""
        return (units.swapaxes(0, 1) @ self._at["head"]).swapaxes(0, 1) + self._at["head_bias"]

    def _units(self, values: Any, weights: str, bias: str, *, dropped: bool) -> tuple[Any, Any]:
        """`(n_samples, members, hidden)` rectified units, and their slopes by what goes into them."""
        flat = values.reshape(-1, values.shape[-1]) @ self._at[weights]
        units = flat.reshape(-1, self.shape.members, self.shape.hidden)
        units += self._at[bias]
        slope = units > 0
        if dropped and self.dropout > 0:
            kept = self.rng.random(units.shape, dtype=np.float32) >= self.dropout
            slope = slope * self.place.put(kept / np.float32(1.0 - self.dropout))
        units *= slope
        return units, slope
