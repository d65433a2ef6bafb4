"""Which sites of which genes were sequenced in each sample: the others are missing, not as the consensus."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Sites"]

_POSITION = re.compile(r"_(\d+)\D*$")
_LAST = 1 << 30


@dataclass
class Sites:
    """Sites by sample.

    Attributes
    ----------
    spans
        By sample, first and last site of each gene that was sequenced; a sample that is not here was sequenced in full.
    unclear
        By sample, sites at which any residue may stand.
    """

    spans: dict[str, dict[str, list[tuple[int, int]]]] = field(default_factory=dict)
    unclear: dict[str, set[tuple[str, int]]] = field(default_factory=dict)

    def cover(self, sample: str, gene: str, first: int = 1, last: int = _LAST) -> None:
        """Note that a part of a gene was sequenced in a sample."""
        self.spans.setdefault(sample, {}).setdefault(gene, []).append((first, last))

    def leave_out(self, sample: str) -> None:
        """Note that nothing of a sample was sequenced."""
        self.spans.setdefault(sample, {})

    def blur(self, sample: str, gene: str, position: int) -> None:
        """Note that the residue at a site is not known."""
        self.unclear.setdefault(sample, set()).add((gene, position))

    def overlap(self, sample: str, gene: str, first: int, last: int) -> bool:
        """Whether any of these sites was sequenced in the sample already.

        Examples
        --------
        >>> sites = Sites()
        >>> sites.cover("S1", "RT", 1, 240)
        >>> sites.overlap("S1", "RT", 200, 300), sites.overlap("S1", "PR", 1, 99)
        (True, False)
        """
        spans = self.spans.get(sample, {}).get(gene, [])
        return any(first <= end and start <= last for start, end in spans)

    def unseen(self, features: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
        """By sample, which of the features stand at sites that were not sequenced or are unclear."""
        genes = features["gene"].to_numpy(dtype=object)
        found = [_POSITION.search(name) for name in features["feature_id"]]
        positions = np.array([int(match[1]) if match else 0 for match in found], dtype=np.int64)
        return [
            (sample, ~self._covered(sample, genes, positions) | self._unclear(sample, genes, positions))
            for sample in dict.fromkeys((*self.spans, *self.unclear))
        ]

    def _covered(self, sample: str, genes: NDArray[np.object_], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        if sample not in self.spans:
            return np.ones(len(genes), dtype=bool)
        covered = np.zeros(len(genes), dtype=bool)
        for gene, spans in self.spans[sample].items():
            for first, last in spans:
                covered |= (genes == gene) & (first <= positions) & (positions <= last)
        return covered

    def _unclear(self, sample: str, genes: NDArray[np.object_], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        unclear = np.zeros(len(genes), dtype=bool)
        for gene, position in self.unclear.get(sample, ()):
            unclear |= (genes == gene) & (positions == position)
        return unclear
