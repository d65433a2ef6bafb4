"""Where samples are known to bear the reference, beside what the features of their genotypes tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["ReferenceCalls", "Stretches"]

_NOWHERE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of one chromosome, ordered by their first base.

    `starts`, `ends` `(n,)` int64, both included and counted from 1; `called` `(n, n_bytes)` uint8, a bit for each
    sample, set where it bears the reference.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    called: NDArray[np.uint8]

    @classmethod
    def ordered(cls, starts: NDArray[np.int64], ends: NDArray[np.int64], called: NDArray[np.uint8]) -> Stretches:
        """Stretches in any order; they may overlap."""
        order = np.argsort(starts, kind="stable")
        return cls(starts[order], ends[order], called[order])

    def at(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.uint8]:
        """`(n_places, n_bytes)` bits of the samples that bear the reference from the first to the last base."""
        furthest = np.maximum.accumulate(self.ends)
        bits = np.zeros((len(first), self.called.shape[1]), dtype=np.uint8)
        for row, stretch in enumerate((np.searchsorted(self.starts, first, side="right") - 1).tolist()):
            while stretch >= 0 and furthest[stretch] >= last[row]:
                if self.ends[stretch] >= last[row]:
                    bits[row] |= self.called[stretch]
                stretch -= 1
        return bits


@dataclass(frozen=True, eq=False)
class ReferenceCalls:
    """What a file says of places at which it lists no alternate allele.

    Attributes
    ----------
    everywhere
        `(n_samples,)` bool, of whom every place that is not listed is the reference.
    stretches
        By chromosome, where samples were called and bear the reference.
    left_out
        By chromosome, first bases of records that a filter left out: of these places nothing is known.
    sites_filled
        `(n_samples,)` how many sites of a model were absent and taken for the reference; None before any was.
    assayed
        By chromosome, the first and last bases, ascending, of the stretches to which `everywhere` is limited, since
        nothing else was looked at; None where it is not limited.

    Examples
    --------
    >>> called = np.packbits(np.array([[True, False]]), axis=1)
    >>> stretches = {"1": Stretches(np.array([900]), np.array([1499]), called)}
    >>> known = ReferenceCalls(np.array([False, False]), stretches)
    >>> known.at("1", np.array([1000, 1499]), np.array([1000, 1500])).tolist()
    [[True, False], [False, False]]
    """

    everywhere: NDArray[np.bool_]
    stretches: Mapping[str, Stretches]
    left_out: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    sites_filled: NDArray[np.intp] | None = None
    assayed: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]] | None = None

    def at(self, chromosome: str, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`(n_places, n_samples)` whether the reference was called there, from a first base to a last."""
        stretches = self.stretches.get(chromosome)
        if stretches is None:
            return np.zeros((len(first), len(self.everywhere)), dtype=bool)
        return _bits(stretches.at(first, last), len(self.everywhere))

    def left_out_at(self, chromosome: str, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`(n_places, 1)` whether a record of the place was left out."""
        there = np.isin(positions, self.left_out.get(chromosome, _NOWHERE))
        return np.asarray(there)[:, None]

    def assayed_at(self, chromosome: str, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`(n_places,)` whether all bases from a first to a last were looked at.

        Examples
        --------
        >>> limited = ReferenceCalls(np.array([True]), {}, assayed={"1": (np.array([5, 40]), np.array([20, 60]))})
        >>> limited.assayed_at("1", np.array([5, 20, 30]), np.array([5, 21, 30])).tolist()
        [True, False, False]
        """
        if self.assayed is None:
            return np.ones(len(first), dtype=bool)
        starts, ends = self.assayed.get(chromosome, (_NOWHERE, _NOWHERE))
        at = np.searchsorted(starts, first, side="right") - 1
        return (at >= 0) & (np.append(ends, 0)[at] >= last)

    def take(self, rows: NDArray[np.intp]) -> ReferenceCalls:
        """The samples at these row numbers; of a negative one nothing is known."""
        known, n_samples = rows >= 0, len(self.everywhere)
        places = np.where(known, rows, 0)
        stretches = {
            name: Stretches(
                stretch.starts, stretch.ends, np.packbits(_bits(stretch.called, n_samples)[:, places] & known, axis=1)
            )
            for name, stretch in self.stretches.items()
        }
        filled = None if self.sites_filled is None else np.where(known, self.sites_filled[places], 0)
        return ReferenceCalls(self.everywhere[places] & known, stretches, self.left_out, filled, self.assayed)

    @classmethod
    def join(cls, sources: Sequence[ReferenceCalls]) -> ReferenceCalls | None:
        """What several sources say of the same samples."""
        if len(sources) < 2:
            return sources[0] if sources else None
        everywhere = np.logical_or.reduce([source.everywhere for source in sources])
        names = dict.fromkeys(name for source in sources for name in source.stretches)
        left_out = dict.fromkeys(name for source in sources for name in source.left_out)
        filled = [source.sites_filled for source in sources if source.sites_filled is not None]
        return cls(
            everywhere,
            {name: _together(part.stretches[name] for part in sources if name in part.stretches) for name in names},
            {name: np.concatenate([source.left_out.get(name, _NOWHERE) for source in sources]) for name in left_out},
            np.sum(filled, axis=0) if filled else None,
            next((source.assayed for source in sources if source.assayed is not None), None),
        )


def _together(parts: Iterable[Stretches]) -> Stretches:
    starts, ends, called = zip(*((part.starts, part.ends, part.called) for part in parts), strict=True)
    return Stretches.ordered(np.concatenate(starts), np.concatenate(ends), np.concatenate(called))


def _bits(packed: NDArray[np.uint8], n_samples: int) -> NDArray[np.bool_]:
    return np.unpackbits(packed, axis=1, count=n_samples).astype(bool)
