"""Records of VCF without an alternate allele, and blocks of gVCF -> where samples bear the reference."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.alleles import without_shared_ends
from drugresponse.data.variants.reference_calls import ReferenceCalls, Stretches
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.variants.allele_calls import NO_ALLELE
from drugresponse.readers.vcf._sites import Site

__all__ = ["ReferenceRecords", "changed_bases", "with_reference_calls"]

_LOOK_EVERY = 1 << 16


class ReferenceRecords:
    """Stretches in which samples were called and have no alternate allele.

    Neighbours that tell of the same samples become one stretch, so that a whole genome, whose blocks end only at
    variants and at what was not called, takes some tens of megabytes.
    """

    def __init__(self, n_samples: int) -> None:
        self._n_samples = n_samples
        self._held: dict[str, tuple[array[int], array[int], bytearray]] = {}
        self._left_out: dict[str, array[int]] = {}
        self._n_records = 0

    def __bool__(self) -> bool:
        """Whether any record told of the reference."""
        return any(len(starts) for starts, _, _ in self._held.values())

    def add(self, chromosome: str, site: Site, calls: NDArray[Any]) -> None:
        """Take the `(n_alleles, n_samples)` calls of a record, whose alternates are none or any other allele."""
        called = np.packbits((calls == 0).all(axis=0)).tobytes()
        end = site.info("END") or ""
        last = max(site.position + len(site.reference) - 1, int(end) if end.isdecimal() else 0)
        starts, ends, bits = self._held.setdefault(chromosome, (array("q"), array("q"), bytearray()))
        if ends and starts[-1] <= site.position <= ends[-1] + 1 and bits.endswith(called):
            ends[-1] = max(ends[-1], last)
            return
        if any(called):
            starts.append(site.position)
            ends.append(last)
            bits += called
            self._n_records += 1
            if self._n_records % _LOOK_EVERY == 0:
                refuse_beyond_memory(0, "reference calls")

    def leave_out(self, chromosome: str, site: Site) -> None:
        """Remember the place of a record that a filter leaves out, so that it is not taken for the reference."""
        places = self._left_out.setdefault(chromosome, array("q"))
        for alternate in site.alternates:
            if alternate not in NO_ALLELE:
                places.extend(changed_bases(site.position, site.reference, alternate))

    def finish(self, absent_as_reference: bool) -> ReferenceCalls:
        """All stretches, and whether every other place is the reference too."""
        stretches = {
            name: Stretches.ordered(
                np.array(starts, dtype=np.int64),
                np.array(ends, dtype=np.int64),
                np.frombuffer(bits, dtype=np.uint8).reshape(len(starts), -1),
            )
            for name, (starts, ends, bits) in self._held.items()
            if starts
        }
        left_out = {name: np.array(places, dtype=np.int64) for name, places in self._left_out.items()}
        return ReferenceCalls(np.full(self._n_samples, absent_as_reference), stretches, left_out)


def changed_bases(position: int, reference: str, alternate: str) -> range:
    """The places at which an alternate may hold that of another record.

    Examples
    --------
    >>> [list(changed_bases(7, *alleles)) for alleles in (("A", "G"), ("TA", "TG"), ("AC", "GT"), ("ATT", "AT"))]
    [[7], [8], [7, 8], [7]]
    """
    if alternate.startswith("<"):
        return range(position, position + 1)
    cut, left, right = without_shared_ends(reference, alternate)
    return range(position + cut, position + cut + min(len(left), len(right)))


def with_reference_calls(genotypes: Genotypes, reference: ReferenceCalls) -> tuple[Genotypes, int]:
    """Genotypes that know of reference calls, their own missing calls filled where another record tells them.

    Returns
    -------
    genotypes : Genotypes
        A missing call is 0 where a record without alternate covers all bases of the site's reference.
    n_filled : int
        How many calls were missing before.
    """
    completed = replace(genotypes, reference=reference)
    if not reference.stretches:
        return completed, 0
    values = genotypes.values
    missing = np.flatnonzero(np.isnan(values.data))
    sites = np.unique(values.indices[missing])
    samples = np.searchsorted(values.indptr, missing, side="right") - 1
    table = genotypes.features.iloc[sites]
    first = table["position"].to_numpy(dtype=np.int64)
    last = first + table["ref"].str.len().to_numpy(dtype=np.int64) - np.int64(1)
    known = np.zeros((len(sites), genotypes.shape[0]), dtype=bool)
    for name, rows in table.groupby("chromosome", sort=False).indices.items():
        known[rows] = reference.at(str(name), first[rows], last[rows])
    filled = missing[known[np.searchsorted(sites, values.indices[missing]), samples]]
    values.data[filled] = 0
    values.eliminate_zeros()
    return completed, len(filled)
