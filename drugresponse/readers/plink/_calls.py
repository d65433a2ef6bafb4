"""The calls of PLINK files, .bed and .pgen, through Pgenlib."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, require
from drugresponse.readers.source.source import Source

__all__ = ["PlinkCalls"]

BLOCK_BYTES = 1 << 27
_BED_HEADER = 3
_PGEN_HEADER = 12
_HARD_CALLS_ONLY, _WITH_RECORDS = 0x02, 0x10
_GROUP = 1 << 16
_DOSAGE_BITS = 0x60


class PlinkCalls:
    """The calls of a .bed or .pgen file, after a check that it fits the variants and samples beside it.

    Parameters
    ----------
    file
        The .bed or .pgen file.
    n_alleles
        `(n_variants,)` number of alleles of each variant, the reference included, at least 2.
    n_samples
        How many samples stand in the file beside it.

    Raises
    ------
    InputError
        The file is truncated, damaged, or belongs to another fileset.
    """

    def __init__(self, file: Source, n_alleles: NDArray[np.uintp], n_samples: int) -> None:
        self.n_samples = n_samples
        self._name, self._n_variants = file.name, len(n_alleles)
        mode = file.start[2:_BED_HEADER]
        self._is_bed = mode in (b"\x00", b"\x01")
        if self._is_bed:
            self._refuse_bed(mode, file.path.stat().st_size)
        offsets = np.concatenate([[0], np.cumsum(n_alleles)]).astype(np.uintp)
        try:
            self._reader = require("pgenlib", "read PLINK files").PgenReader(
                bytes(file.path.resolve()),
                raw_sample_ct=n_samples,
                variant_ct=self._n_variants,
                allele_idx_offsets=None if self._is_bed or n_alleles.max() == 2 else offsets,
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{file.name}: the file cannot be opened as a {'.bed' if self._is_bed else '.pgen'} of {n_samples} "
                f"samples and {self._n_variants} variants, as in the files beside it ({_reason(error)}). "
                "It is damaged, or they belong to another fileset."
            ) from error
        self._with_dosages = not self._is_bed and _holds_dosages(file, self._n_variants)

    def blocks(self, n_alleles: int, copies: int = 1) -> list[slice]:
        """Parts of so many alleles, of which so many copies may be in memory at once."""
        # float32, and once more while the block is turned round
        cell_bytes = 8 if self._with_dosages else 1
        step = max(1, BLOCK_BYTES // (copies * cell_bytes * self.n_samples))
        return [slice(start, min(start + step, n_alleles)) for start in range(0, n_alleles, step)]

    def read(self, variants: NDArray[np.integer], alleles: NDArray[np.integer]) -> NDArray[Any]:
        """Copies of alternate alleles; a negative number is missing.

        Parameters
        ----------
        variants, alleles
            `(n,)` number of the variant in the file, from 0, and of its alternate, from 1.

        Returns
        -------
        numpy.ndarray
            `(n_samples, n)`, rows contiguous: hard calls as int8, or dosages as float32 where the file has some.
        """
        # a .bed file has one alternate, however many are named beside it
        alleles = np.minimum(alleles, 1) if self._is_bed else alleles
        block = np.empty((self.n_samples, len(variants)), dtype=np.float32 if self._with_dosages else np.int8)
        try:
            for allele in np.unique(alleles).tolist():
                members = np.flatnonzero(alleles == allele)
                part = self._read_allele(variants[members].astype(np.uint32), allele)
                if len(members) == len(alleles):
                    block = part
                else:
                    block[:, members] = part
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{self._name}: the calls cannot be read ({_reason(error)}). The file is truncated or damaged; check "
                "it with: plink2 --validate"
            ) from error
        return block

    def _read_allele(self, variants: NDArray[np.uint32], allele: int) -> NDArray[Any]:
        if self._with_dosages:
            dosages = np.empty((len(variants), self.n_samples), dtype=np.float32)
            self._reader.read_dosages_list(variants, dosages, allele_idx=allele)
            return np.ascontiguousarray(dosages.T)
        calls = np.empty((self.n_samples, len(variants)), dtype=np.int8)
        self._reader.read_list(variants, calls, allele_idx=allele, sample_maj=True)
        return calls

    def _refuse_bed(self, mode: bytes, n_bytes: int) -> None:
        if mode == b"\x00":
            raise InputError(
                f"{self._name}: this .bed file is written sample by sample (expected variant by variant). "
                "Write it anew with: plink --make-bed"
            )
        expected = _BED_HEADER + (self.n_samples + 3) // 4 * self._n_variants
        if n_bytes != expected:
            raise InputError(
                f"{self._name}: found {n_bytes} bytes (expected {expected}, for {self.n_samples} samples and "
                f"{self._n_variants} variants in the files beside it). "
                f"{'The file is truncated, or they' if n_bytes < expected else 'They'} belong to another fileset."
            )


def _holds_dosages(file: Source, n_variants: int) -> bool:
    """Whether a .pgen file has dosages beside its hard calls, by the types of its records; true where none are told.

    The header is that of the PGEN specification: after 12 bytes, the last of which says how wide the entries are, and
    one offset for each 65,536 variants, come the types, lengths, numbers of alleles and flags of these variants.
    """
    with file.opened() as stream:
        head = stream.read(_PGEN_HEADER)
        widths = head[-1]
        if head[2] == _HARD_CALLS_ONLY or (head[2] == _WITH_RECORDS and widths & 15 < 4):
            return False
        if head[2] != _WITH_RECORDS or widths & 15 > 7:
            return True
        stream.seek(8 * -(-n_variants // _GROUP), os.SEEK_CUR)
        for start in range(0, n_variants, _GROUP):
            n = min(_GROUP, n_variants - start)
            if (np.frombuffer(stream.read(n), dtype=np.uint8) & _DOSAGE_BITS).any():
                return True
            flags = (n + 7) // 8 if widths >> 6 == 3 else 0
            stream.seek(n * ((widths & 3) + 1 + (widths >> 4 & 3)) + flags, os.SEEK_CUR)
    return False


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
