"""The calls of PLINK files: the two bits of .bed, and .pgen through Pgenlib."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, require
from drugresponse.readers.call_blocks import CallSource
from drugresponse.readers.plink_labels import PlinkVariants

__all__ = ["open_plink_calls"]

_BED_HEADER = 3
_READ_BYTES = 1 << 22


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
    missing: int = -127
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
            np.subtract(code, code >> np.uint8(1), out=copies[row], casting="unsafe")
            np.putmask(copies[row], code == 2, self.missing)
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
    cell_bytes = 8
    """A float32, and once more while the block is turned round."""
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

    def read(self, samples: slice, alleles: NDArray[np.intp]) -> NDArray[Any]:
        """Dosages as float32, or hard calls as int8 where no dosage is stored."""
        by_variant = np.empty((len(alleles), self._n_samples), dtype=np.float32)
        which = self._allele[alleles]
        try:
            for allele in np.unique(which):
                members = np.flatnonzero(which == allele)
                part = by_variant if len(members) == len(alleles) else np.empty_like(by_variant[: len(members)])
                self._reader.read_dosages_list(self._variant[alleles[members]], part, allele_idx=int(allele))
                if part is not by_variant:
                    by_variant[members] = part
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(
                f"{self._name}: the calls cannot be read ({_said(error)}). The file is truncated or damaged; check it "
                "with: plink2 --validate"
            ) from error
        # hard calls are turned round four times as fast in single bytes
        hard_calls = by_variant.astype(np.int8)
        whole = np.array_equal(hard_calls, by_variant)
        return np.ascontiguousarray((hard_calls if whole else by_variant).T[samples])


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
