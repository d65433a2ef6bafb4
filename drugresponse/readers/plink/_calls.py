"""The calls of PLINK files: the two bits of .bed, and .pgen through Pgenlib."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, require
from drugresponse.readers.plink._labels import PlinkVariants
from drugresponse.readers.variants.call_blocks import CallSource

__all__ = ["open_plink_calls"]

_BED_HEADER = 3
_READ_BYTES = 1 << 22
_PGEN_HEADER = 12
_HARD_CALLS_ONLY, _WITH_RECORDS = 0x02, 0x10
_GROUP = 1 << 16
_DOSAGE_BITS = 0x60


def open_plink_calls(file: Path, variants: PlinkVariants, n_samples: int) -> CallSource:
    """The calls of a .bed or .pgen file, after a check that they fit the variants and samples beside it.

    Raises
    ------
    InputError
        The file is truncated, damaged, or belongs to another fileset.
    """
    with file.open("rb") as stream:
        head = stream.read(_BED_HEADER)
    if head[2:3] not in (b"\x00", b"\x01"):
        return _PgenCalls(file, variants, n_samples)
    n_variants = len(variants.n_alleles)
    if head[2] == 0:
        raise InputError(
            f"{file.name}: this .bed file is written sample by sample (expected variant by variant). "
            "Write it anew with: plink --make-bed"
        )
    expected = len(head) + (n_samples + 3) // 4 * n_variants
    found = file.stat().st_size
    if found != expected:
        raise InputError(
            f"{file.name}: found {found} bytes (expected {expected}, for {n_samples} samples and {n_variants} variants "
            f"in the files beside it). {'The file is truncated, or they' if found < expected else 'They'} belong to "
            "another fileset."
        )
    return _BedCalls(file, variants.alleles["variant"].to_numpy(), (n_samples + 3) // 4)


@dataclass(frozen=True, eq=False)
class _BedCalls:
    """Each variant takes `width` bytes, each byte four samples, the first in the lowest two bits."""

    file: Path
    variant: NDArray[np.intp]
    width: int
    missing: int = -1
    cell_bytes: int = 1
    by_samples: bool = True

    def read(self, samples: slice, alleles: NDArray[np.intp]) -> NDArray[Any]:
        """Copies of A1, as int8."""
        first, last = samples.start // 4, (samples.stop + 3) // 4
        columns = np.ascontiguousarray(self._packed(self.variant[alleles], slice(first, last)).T)
        copies = np.empty((4 * len(columns), len(alleles)), dtype=np.int8)
        for row in range(len(copies)):
            # turned over, the two bits say: 0 is A2 A2, 1 is A1 A2, 2 is missing, 3 is A1 A1
            code = (~columns[row // 4] >> np.uint8(2 * (row % 4))) & np.uint8(3)
            high = code >> np.uint8(1)
            np.subtract(code, high, out=copies[row], casting="unsafe")
            copies[row] -= ((high & ~code) << np.uint8(1)).view(np.int8)
        return copies[samples.start - 4 * first :][: samples.stop - samples.start]

    def _packed(self, variants: NDArray[np.intp], columns: slice) -> NDArray[np.uint8]:
        order = np.argsort(variants, kind="stable")
        ordered = variants[order]
        found = np.empty((len(variants), columns.stop - columns.start), dtype=np.uint8)
        step = max(1, _READ_BYTES // self.width)
        with self.file.open("rb") as stream:
            for start in range(ordered[0] // step * step, ordered[-1] + 1, step):
                inside = slice(*np.searchsorted(ordered, [start, start + step]))
                if inside.start < inside.stop:
                    stream.seek(_BED_HEADER + start * self.width)
                    part = np.frombuffer(stream.read(step * self.width), dtype=np.uint8).reshape(-1, self.width)
                    found[order[inside]] = part[ordered[inside] - start, columns]
        return found


class _PgenCalls:
    missing = -9
    by_samples = False

    def __init__(self, file: Path, variants: PlinkVariants, n_samples: int) -> None:
        library = require("pgenlib", "read PLINK .pgen files")
        self._name = file.name
        self._variant = variants.alleles["variant"].to_numpy(dtype=np.uint32)
        self._allele = variants.alleles["allele"].to_numpy()
        self._n_samples = n_samples
        offsets = np.concatenate([[0], np.cumsum(variants.n_alleles)]).astype(np.uintp)
        try:
            self._reader = library.PgenReader(
                bytes(file.resolve()),
                raw_sample_ct=n_samples,
                variant_ct=len(variants.n_alleles),
                allele_idx_offsets=offsets if variants.n_alleles.max() > 2 else None,
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{file.name}: the file cannot be opened as a .pgen of {n_samples} samples and "
                f"{len(variants.n_alleles)} variants, as in the files beside it ({_said(error)}). "
                "It is damaged, or they belong to another fileset."
            ) from error
        self._with_dosages = _holds_dosages(file, len(variants.n_alleles))

    @property
    def cell_bytes(self) -> int:
        """A byte; a float32, and once more while the block is turned round, where there are dosages."""
        return 8 if self._with_dosages else 1

    def read(self, samples: slice, alleles: NDArray[np.intp]) -> NDArray[Any]:
        """Hard calls as int8, or dosages as float32 where the file has some."""
        which = self._allele[alleles]
        block = np.empty((self._n_samples, len(alleles)), dtype=np.float32 if self._with_dosages else np.int8)
        try:
            for allele in np.unique(which):
                members = np.flatnonzero(which == allele)
                part = self._read_allele(self._variant[alleles[members]], int(allele))
                if len(members) == len(alleles):
                    block = part
                else:
                    block[:, members] = part
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{self._name}: the calls cannot be read ({_said(error)}). The file is truncated or damaged; check it "
                "with: plink2 --validate"
            ) from error
        return block[samples]

    def _read_allele(self, variants: NDArray[np.uint32], allele: int) -> NDArray[Any]:
        if self._with_dosages:
            dosages = np.empty((len(variants), self._n_samples), dtype=np.float32)
            self._reader.read_dosages_list(variants, dosages, allele_idx=allele)
            return np.ascontiguousarray(dosages.T)
        calls = np.empty((self._n_samples, len(variants)), dtype=np.int8)
        self._reader.read_list(variants, calls, allele_idx=allele, sample_maj=True)
        return calls


def _holds_dosages(file: Path, n_variants: int) -> bool:
    """Whether a .pgen file has dosages beside its hard calls, by the types of its records; true where none are told.

    The header is that of the PGEN specification: after 12 bytes, the last of which says how wide the entries are, and
    one offset for each 65,536 variants, come the types, lengths, numbers of alleles and flags of these variants.
    """
    with file.open("rb") as stream:
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


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
