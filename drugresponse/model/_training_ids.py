"""Which samples a model was trained on, kept as salted hashes instead of names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.learners.state import State, state_wholes

__all__ = ["TrainingIds"]


@dataclass(frozen=True, eq=False)
class TrainingIds:
    """Hashes of the training samples' ids.

    They tell whether an id was in training. Who can guess ids can test them: this keeps names out of a file, it does
    not make them secret.

    Attributes
    ----------
    salt
        32 hexadecimal digits, drawn from all ids together, so that the file is the same for the same training.
    hashes
        `(n_samples,)` uint64, ascending; empty when the samples were to be forgotten.

    Examples
    --------
    >>> TrainingIds.of(["s1", "s2"]).contains(["s2", "s3"]).tolist()
    [True, False]
    """

    salt: str
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, sample_ids: Iterable[str]) -> TrainingIds:
        """Hash these ids."""
        ids = sorted(sample_ids)
        salt = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]
        return cls(salt, np.sort(_hash(ids, salt)))

    @classmethod
    def forgotten(cls) -> TrainingIds:
        """No ids at all: every sample counts as new."""
        return cls("", np.zeros(0, dtype=np.uint64))

    def contains(self, sample_ids: Iterable[str] | pd.Index) -> NDArray[np.bool_]:
        """`(n,)` whether each id was in training."""
        return np.isin(_hash(list(sample_ids), self.salt), self.hashes)

    def get_state(self) -> State:
        """The salt and the hashes."""
        return {"salt": self.salt, "hashes": self.hashes}

    @classmethod
    def from_state(cls, state: State) -> TrainingIds:
        """The ids of `get_state`'s answer."""
        return cls(str(state["salt"]), state_wholes(state, "hashes", -1, below=2**64).astype(np.uint64))


def _hash(ids: list[str], salt: str) -> NDArray[np.uint64]:
    digests = [hashlib.sha256(f"{salt}\t{sample_id}".encode()).digest()[:8] for sample_id in ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
