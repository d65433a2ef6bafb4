"""The calls of PLINK files, .bed and .pgen, through Pgenlib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, require
from drugresponse.readers.source.file_stamp import FileStamp
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

    The file is opened anew by each reading, so that what names it can be pickled and shared between threads.

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
        self._name, self._path, self._n_variants = file.name, file.path.resolve(), len(n_alleles)
        mode = file.start[2:_BED_HEADER]
        self._is_bed = mode in (b"\x00", b"\x01")
        self._stamp = FileStamp.of(self._path)
        if self._is_bed:
            self._refuse_bed(mode, self._stamp.size)
        self._offsets: NDArray[np.uintp] | None = None
        if not self._is_bed and n_alleles.max() > 2:
            self._offsets = np.concatenate([[0], np.cumsum(n_alleles)]).astype(np.uintp)
        try:
            self._open().close()
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{file.name}: the file cannot be opened as a {'.bed' if self._is_bed else '.pgen'} of {n_samples} "
                f"samples and {self._n_variants} variants, as in the files beside it ({_reason(error)}). "
                "It is damaged, or they belong to another fileset."
            ) from error
        self.with_dosages = not self._is_bed and _holds_dosages(file, self._n_variants)

    def blocks(self, n_alleles: int, copies: int = 1) -> list[slice]:
        """Parts of so many alleles, of which so many copies may be in memory at once."""
        # float32, and once more while the block is turned round
        cell_bytes = 8 if self.with_dosages else 1
        step = max(1, BLOCK_BYTES // (copies * cell_bytes * self.n_samples))
        return [slice(start, min(start + step, n_alleles)) for start in range(0, n_alleles, step)]

    def read(self, variants: NDArray[np.integer], alleles: NDArray[np.integer]) -> NDArray[Any]:
        """Copies of alternate alleles; a negative number is missing.

        Parameters
        ----------
        variants, alleles
            `(n,)` number of the variant in the file, from 0, and of its alternate, from 1; 0 counts the reference.

        Returns
        -------
        numpy.ndarray
            `(n_samples, n)`, rows contiguous: hard calls as int8, or dosages as float32 where the file has some.
        """
        with self._reading() as reader:
            if self.with_dosages:
                return np.ascontiguousarray(self._by_allele(reader, variants, alleles, self.n_samples).T)
            calls = np.empty((self.n_samples, len(variants)), dtype=np.int8)
            for allele, members in self._groups(alleles):
                part = calls if len(members) == len(alleles) else np.empty((len(calls), len(members)), dtype=np.int8)
                reader.read_list(variants[members].astype(np.uint32), part, allele_idx=allele, sample_maj=True)
                if part is not calls:
                    calls[:, members] = part
        return calls

    def read_by_allele(
        self, variants: NDArray[np.integer], alleles: NDArray[np.integer], samples: NDArray[np.uint32] | None = None
    ) -> NDArray[Any]:
        """As `read`, but `(n, n_samples)`: an allele after the other, of some samples, in their order, or of all."""
        with self._reading() as reader:
            if samples is not None:
                reader.change_sample_subset(samples)
            return self._by_allele(reader, variants, alleles, self.n_samples if samples is None else len(samples))

    def counts(self, variants: NDArray[np.integer], alleles: NDArray[np.integer]) -> NDArray[np.uint32]:
        """`(n, 4)` samples with 0, 1 and 2 copies of the allele, and without a call, of variants `is_counted`."""
        table = np.empty((len(variants), 4), dtype=np.uint32)
        with self._reading() as reader:
            for variant, counts in zip(variants.tolist(), table, strict=True):
                reader.count(variant, counts)
        of_reference = alleles == 0
        table[of_reference] = table[of_reference][:, [2, 1, 0, 3]]
        return table

    def is_counted(self, variants: NDArray[np.integer]) -> NDArray[np.bool_]:
        """`(n,)` whether `counts` can count the calls of a variant, much faster than they are read.

        Pgenlib counts hard calls of two alleles; of more, its counts are not those of the allele that is named.
        """
        if self.with_dosages or self._offsets is None:
            return np.full(len(variants), not self.with_dosages)
        return np.asarray(np.diff(self._offsets)[variants] == 2)

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """Pgenlib's reader of the file, which is as it was."""
        try:
            self._stamp.refuse_changed(self._path)
            reader = self._open()
            try:
                yield reader
            finally:
                reader.close()
        except InputError:
            raise
        except (RuntimeError, OSError, ValueError) as error:
            self._stamp.refuse_changed(self._path)
            raise InputError(
                f"{self._name}: the calls cannot be read ({_reason(error)}). The file is truncated or damaged; check "
                "it with: plink2 --validate"
            ) from error

    def _open(self) -> Any:
        return require("pgenlib", "read PLINK files").PgenReader(
            bytes(self._path),
            raw_sample_ct=self.n_samples,
            variant_ct=self._n_variants,
            allele_idx_offsets=self._offsets,
        )

    def _by_allele(
        self, reader: Any, variants: NDArray[np.integer], alleles: NDArray[np.integer], n_samples: int
    ) -> NDArray[Any]:
        calls = np.empty((len(variants), n_samples), dtype=np.float32 if self.with_dosages else np.int8)
        read = reader.read_dosages_list if self.with_dosages else reader.read_list
        for allele, members in self._groups(alleles):
            part = calls if len(members) == len(alleles) else np.empty((len(members), n_samples), dtype=calls.dtype)
            read(variants[members].astype(np.uint32), part, allele_idx=allele)
            if part is not calls:
                calls[members] = part
        return calls

    def _groups(self, alleles: NDArray[np.integer]) -> list[tuple[int, NDArray[np.intp]]]:
        # a .bed file has one alternate, however many are named beside it
        alleles = np.minimum(alleles, 1) if self._is_bed else alleles
        return [(allele, np.flatnonzero(alleles == allele)) for allele in np.unique(alleles).tolist()]

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
