"""Where a network is trained: in numpy on the processor, in torch on a GPU, which are spoken to alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, nearest
from drugresponse.gpu_driver import has_driver

__all__ = ["GraphicsPlace", "Place", "choose_place"]

DEVICES = ("cpu", "cuda", "auto")


class Place:
    """The processor: arrays are those of numpy.

    Small networks spend their time between products, not in them, and there numpy is several times quicker than torch,
    whose import and first step of an optimizer take seconds besides.
    """

    def put(self, values: Any) -> Any:
        """Numbers as float32, here."""
        return np.ascontiguousarray(values, dtype=np.float32)

    def put_whole(self, values: Any) -> Any:
        """Whole numbers that serve as index, here."""
        return np.asarray(values, dtype=np.int64)

    def fetch(self, values: Any) -> NDArray[np.float32]:
        """What is here, in numpy."""
        return np.asarray(values, dtype=np.float32)

    def zeros(self, size: int) -> Any:
        """`(size,)` float32."""
        return np.zeros(size, dtype=np.float32)

    def summed(self, values: Any, index: Any, size: int) -> Any:
        """`(size,)` sums of the values with the same index."""
        return np.bincount(index.ravel(), values.ravel(), size).astype(np.float32)


class GraphicsPlace(Place):
    """A device of torch: what is computed there is the same but for the last bits, as all draws are numpy's.

    Parameters
    ----------
    name
        As torch calls it.
    """

    def __init__(self, name: str) -> None:
        import torch

        self._torch, self._device = torch, torch.device(name)

    def put(self, values: Any) -> Any:
        """Numbers as float32, on the device."""
        return self._torch.from_numpy(super().put(values)).to(self._device)

    def put_whole(self, values: Any) -> Any:
        """Whole numbers that serve as index, on the device."""
        return self._torch.from_numpy(super().put_whole(values)).to(self._device)

    def fetch(self, values: Any) -> NDArray[np.float32]:
        """What is on the device, in numpy."""
        return np.asarray(values.cpu().numpy(), dtype=np.float32)

    def zeros(self, size: int) -> Any:
        """`(size,)` float32, on the device."""
        return self._torch.zeros(size, device=self._device)

    def summed(self, values: Any, index: Any, size: int) -> Any:
        """`(size,)` sums of the values with the same index."""
        return self.zeros(size).index_add_(0, index.reshape(-1), values.reshape(-1))


def choose_place(device: str) -> Place:
    """`auto` is a GPU where torch sees one; torch is loaded only where there is a driver, or a GPU is asked for.

    Raises
    ------
    InputError
        The device is unknown, or a GPU was asked for and torch sees none.

    Examples
    --------
    >>> choose_place("cpu").put([0.5]).dtype
    dtype('float32')
    """
    if device not in DEVICES:
        raise InputError(f'device: "{device}" is unknown. {nearest(device, DEVICES)}')
    if device == "cpu" or (device == "auto" and not has_driver()):
        return Place()
    import torch

    if torch.cuda.is_available():
        return GraphicsPlace("cuda")
    if device == "cuda":
        raise InputError("device: found no GPU that torch can use (cuda was asked for). Choose cpu or auto.")
    return Place()
