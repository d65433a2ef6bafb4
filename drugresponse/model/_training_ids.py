"""Which samples a model has seen, kept as salted hashes instead of names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["SeenSamples"]


@dataclass(frozen=True, eq=False)
class SeenSamples:
    """Hashes of the training samples' ids.

    They tell whether a given id was seen. Who can guess ids can test them: this keeps names out of a file, it does not
    make them secret.

    Attributes
    ----------
    salt
        32 hexadecimal digits, drawn from all ids together, so that the file is the same for the same training.
    hashes
        `(n_samples,)` uint64, ascending; empty when the samples were to be forgotten.

    Examples
    --------
    >>> SeenSamples.of(["s1", "s2"]).contains(["s2", "s3"]).tolist()
    [True, False]
    """

    salt: str
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, sample_ids: Iterable[str]) -> SeenSamples:
        """Hash these ids."""
        ids = sorted(sample_ids)
        salt = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
        return cls(salt, np.sort(_hash(ids, salt)))

    @classmethod
    def forgotten(cls) -> SeenSamples:
        """No ids at all: every sample counts as new."""
        return cls("", np.zeros(0, dtype=np.uint64))

    def contains(self, sample_ids: Iterable[str] | pd.Index) -> NDArray[np.bool_]:
        """`(n,)` whether each id was seen in training."""
        return np.isin(_hash(list(sample_ids), self.salt), self.hashes)


def _hash(ids: list[str], salt: str) -> NDArray[np.uint64]:
    digests = [hashlib.sha256(f"{salt}\t{each}".encode()).digest()[:8] for each in ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
