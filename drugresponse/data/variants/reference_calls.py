"""Where samples are known to bear the reference, beside what the features of their genotypes tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["ReferenceCalls", "SitesFilled", "Stretches"]

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
class SitesFilled:
    """Which calls of several files' genotypes are the reference because a sample's file does not list the site.

    `feature_ids` `(n,)`; `others` `(n_samples, n)`, not 0 where a call is not of that kind, which are the fewer.

    Examples
    --------
    >>> others = sparse.csr_array(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]))
    >>> filled = SitesFilled(pd.Index(["a", "b", "c"]), others)
    >>> filled.count(pd.Index(["b", "c", "d"])).tolist()
    [2, 1]
    >>> filled.take(np.array([1, -1])).count(filled.feature_ids).tolist()
    [1, 0]
    """

    feature_ids: pd.Index
    others: sparse.csr_array

    def count(self, feature_ids: pd.Index) -> NDArray[np.intp]:
        """`(n_samples,)` how many of these features are filled."""
        at = self.feature_ids.get_indexer(feature_ids)
        at = at[at >= 0]
        others = (self.others[:, at] != 0).sum(axis=1)
        return np.asarray(len(at) - others, dtype=np.intp)

    def take(self, rows: NDArray[np.intp]) -> SitesFilled:
        """The samples at these row numbers; of a negative one nothing is filled."""
        others, known = self.others, rows >= 0
        if not known.all():
            others = sparse.vstack([others, sparse.csr_array(np.ones((1, others.shape[1])))], format="csr")
        return SitesFilled(self.feature_ids, sparse.csr_array(others[np.where(known, rows, self.others.shape[0])]))


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
    by_file
        What single files of several say of their samples alone, with the row numbers of these.
    filled
        Of genotypes of several files, which calls are the reference because the sample's file does not list the site.

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
    by_file: tuple[tuple[NDArray[np.intp], ReferenceCalls], ...] = ()
    filled: SitesFilled | None = None

    @property
    def has_stretches(self) -> bool:
        """Whether any stretch was called."""
        return bool(self.stretches) or any(part.has_stretches for _, part in self.by_file)

    @property
    def leaves_out(self) -> bool:
        """Whether a filter left out any record."""
        own = any(len(positions) for positions in self.left_out.values())
        return own or any(part.leaves_out for _, part in self.by_file)

    def at(self, chromosome: str, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`(n_places, n_samples)` whether the reference was called there, from a first base to a last."""
        stretches = self.stretches.get(chromosome)
        known = np.zeros((len(first), len(self.everywhere)), dtype=bool)
        if stretches is not None:
            known |= _bits(stretches.at(first, last), len(self.everywhere))
        for rows, part in self.by_file:
            if chromosome in part.stretches:
                known[:, rows] |= part.at(chromosome, first, last)
        return known

    def left_out_at(self, chromosome: str, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`(n_places, n_samples)` whether a record of the place was left out."""
        there = np.isin(positions, self.left_out.get(chromosome, _NOWHERE))
        left_out = np.repeat(there[:, None], len(self.everywhere), axis=1)
        for rows, part in self.by_file:
            if chromosome in part.left_out:
                left_out[:, rows] |= part.left_out_at(chromosome, positions)
        return left_out

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
        n_filled = None if self.sites_filled is None else np.where(known, self.sites_filled[places], 0)
        by_file = [_taken(own, part, rows) for own, part in self.by_file]
        return ReferenceCalls(
            self.everywhere[places] & known,
            stretches,
            self.left_out,
            n_filled,
            self.assayed,
            tuple(part for part in by_file if len(part[0])),
            None if self.filled is None else self.filled.take(rows),
        )

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
            tuple(part for source in sources for part in source.by_file),
            next((source.filled for source in sources if source.filled is not None), None),
        )


def _taken(
    own: NDArray[np.intp], part: ReferenceCalls, rows: NDArray[np.intp]
) -> tuple[NDArray[np.intp], ReferenceCalls]:
    """What a file says of those of its samples that are taken, and their new row numbers."""
    place = {row: at for at, row in enumerate(own.tolist())}
    kept = [(new, place[row]) for new, row in enumerate(rows.tolist()) if row in place]
    at = np.array([before for _, before in kept], dtype=np.intp)
    return np.array([new for new, _ in kept], dtype=np.intp), part.take(at)


def _together(parts: Iterable[Stretches]) -> Stretches:
    starts, ends, called = zip(*((part.starts, part.ends, part.called) for part in parts), strict=True)
    return Stretches.ordered(np.concatenate(starts), np.concatenate(ends), np.concatenate(called))


def _bits(packed: NDArray[np.uint8], n_samples: int) -> NDArray[np.bool_]:
    return np.unpackbits(packed, axis=1, count=n_samples).astype(bool)
