"""How alike samples are in each block of stored genotypes, and the moments of each feature: learned in one pass."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import MISSING, CallCodes
from drugresponse.data.stored.missing_cells import missing_cells
from drugresponse.data.stored_values import StoredValues
from drugresponse.errors import MemoryLimitError
from drugresponse.memory_limit import memory_left
from drugresponse.threads import run_in_order

__all__ = [
    "FeatureMoments",
    "SampleKernels",
    "centred",
    "feature_blocks",
    "feature_moments",
    "known_of_variance",
    "sample_kernels",
]

_TILE = 512
"""Samples of a part of a kernel that one thread multiplies, in one precision, before it is added in double."""
_CELLS_AT_ONCE = 1 << 17
"""Calls that are centred together: few enough for the caches of a processor."""
_VARIES = 1e-24
"""Sum of squares from which on a feature varies: a token that is nowhere 1e-12 from its mean does not."""
_MOMENTS, _KERNELS = "feature moments", "sample kernels"
_COPIES = 6
"""Matrices of all samples by all that a fit holds beside the kernels."""
_lock = threading.RLock()


@dataclass(frozen=True, eq=False)
class FeatureMoments:
    """What a pass tells of each feature, its missing calls taken at its mean.

    Attributes
    ----------
    means, squares
        `(n_features,)` float64 mean of what is called, 0 where nothing is, and sum of squared distances from it.
    row_squares
        `(n_samples,)` float64 of each block: sum over its features of the squared distance from their means.
    lost
        `(n_samples,)` float64 share of the features' variance that a sample's missing calls have; mean over blocks.
    """

    means: NDArray[np.float64]
    squares: NDArray[np.float64]
    row_squares: dict[str, NDArray[np.float64]]
    lost: NDArray[np.float64]

    @property
    def varies(self) -> NDArray[np.bool_]:
        """`(n_features,)` whether what is called of a feature differs."""
        return np.asarray(self.squares > _VARIES)


@dataclass(frozen=True, eq=False)
class SampleKernels:
    """Products of centred genotypes between all samples of a root.

    Attributes
    ----------
    by_block
        `(n_samples, n_samples)` float64 of each block with features that vary: sums over its features of the products
        of what two samples differ from the mean by, divided by their mean over samples. A missing call is at the mean.

    Examples
    --------
    >>> from drugresponse.data.stored_values import ColumnsInMemory
    >>> from scipy import sparse
    >>> genotypes = Genotypes.from_dense([[0.0, 1], [1, 1], [2, 1]], ["s1", "s2", "s3"], ["rs1", "rs2"])
    >>> stored = StoredValues.of(ColumnsInMemory(sparse.csc_array(genotypes.values)))
    >>> sample_kernels(stored, genotypes.features).by_block["dosage"].tolist()
    [[1.5, 0.0, -1.5], [0.0, 0.0, 0.0], [-1.5, 0.0, 1.5]]
    """

    by_block: dict[str, NDArray[np.float64]]


def feature_blocks(features: pd.DataFrame) -> dict[str, NDArray[np.intp]]:
    """Row numbers of the features of each block, in their order.

    Examples
    --------
    >>> features = Genotypes.from_dense([[0, 1]], ["s"], ["b", "a"]).features
    >>> {name: at.tolist() for name, at in feature_blocks(features).items()}
    {'altered': [0, 1]}
    """
    codes, names = pd.factorize(features["block"])
    return {str(name): np.flatnonzero(codes == code) for code, name in enumerate(names)}


def _centre(
    values: NDArray[np.float32], means: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Subtract these means, or those of what is called, in place: the means, and where calls were missing, now 0."""
    n_rows, n_columns = values.shape
    centres = np.zeros(n_columns) if means is None else means
    missing = [np.zeros((2, 0), dtype=np.intp)]
    step = max(1, _CELLS_AT_ONCE // max(n_rows, 1))
    for start in range(0, n_columns, step):
        part, mine = values[:, start : start + step], slice(start, start + step)
        rows, columns = missing_cells(part)
        part[rows, columns] = 0
        if means is None:
            n_called = n_rows - np.bincount(columns, minlength=part.shape[1])
            centres[mine] = part.sum(axis=0, dtype=np.float64) / np.maximum(n_called, 1)
        part -= centres[mine].astype(np.float32)
        part[rows, columns] = 0
        missing.append(np.stack([rows, columns + start]))
    rows, columns = np.concatenate(missing, axis=1)
    return centres, (rows, columns)


def centred(block: NDArray[np.float32] | CallCodes, means: NDArray[np.float64]) -> NDArray[np.float32]:
    """Columns of numbers, which are overwritten, or of codes, less these means; 0 where missing.

    Examples
    --------
    >>> centred(CallCodes(np.array([[0, 2], [1, 7]], dtype=np.uint8)), np.array([1.0, 0.25])).tolist()
    [[-1.0, 0.75], [1.0, 0.0]]
    """
    return _centred(block, means)[0]


def _centred(
    block: NDArray[np.float32] | CallCodes, means: NDArray[np.float64] | None
) -> tuple[NDArray[np.float32], NDArray[np.float64], tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Centred columns, their means, and the rows and columns of the calls that were missing."""
    if not isinstance(block, CallCodes):
        return block, *_centre(block, means)
    rows, columns = block.places
    values = np.empty(block.by_column.shape, dtype=np.float32)
    centres = np.zeros(len(values)) if means is None else means
    n_missing = np.bincount(columns, minlength=len(values))
    step = max(1, _CELLS_AT_ONCE // max(len(block), 1))
    for start in range(0, len(values), step):
        mine = slice(start, start + step)
        part = values[mine]
        part[...] = block.by_column[mine]
        if means is None:
            sums = part.sum(axis=1, dtype=np.float64) - MISSING * n_missing[mine]
            centres[mine] = sums / np.maximum(len(block) - n_missing[mine], 1)
        part -= centres[mine, None].astype(np.float32)
    values[columns, rows] = 0
    return values.T, centres, (rows, columns)


def feature_moments(genotypes: Genotypes) -> FeatureMoments:
    """Moments of stored genotypes over their samples; those of a root are learned once."""
    values = genotypes.values
    if not _is_whole(values):
        return _pass(values, genotypes.features, None)
    with _lock:
        root = values.whole
        if _MOMENTS not in root.shared:
            root.shared[_MOMENTS] = _pass(root, genotypes.features, None)
        known: FeatureMoments = root.shared[_MOMENTS]
        return known


def known_of_variance(genotypes: Genotypes) -> NDArray[np.float64]:
    """`(n_samples,)` share of the features' variance that is called of each sample, by what is learned of the root."""
    of_root = feature_moments(replace(genotypes, values=genotypes.values.whole))
    return np.clip(1.0 - of_root.lost[genotypes.values.places], 0.0, 1.0)


def sample_kernels(values: StoredValues, features: pd.DataFrame, n_jobs: int | None = 1) -> SampleKernels:
    """Kernels of all samples of the root of a view, learned once, and its moments with them.

    Parameters
    ----------
    values, features
        A view, and the features of its columns.
    n_jobs
        Parts of a kernel that are multiplied at once; the numbers do not depend on it.

    Raises
    ------
    MemoryLimitError
        Samples are so many that a number for each two of them does not fit into the memory that is left.
    """
    root = values.whole
    # of fits that run at once the first computes them, and the others wait
    with _lock:
        if _KERNELS not in root.shared:
            _refuse_too_many(len(root.rows), features["block"].nunique())
            kernels: dict[str, NDArray[np.float64]] = {}
            root.shared[_MOMENTS] = _pass(root, features, kernels, n_jobs)
            root.shared[_KERNELS] = SampleKernels(kernels)
        known: SampleKernels = root.shared[_KERNELS]
        return known


def _refuse_too_many(n_samples: int, n_blocks: int) -> None:
    needed, left = 8 * n_samples**2 * (_COPIES + n_blocks), memory_left()
    if needed > left:
        raise MemoryLimitError(
            f"genotypes: {n_samples:,} samples whose genotypes are read in blocks take about {needed >> 20:,} MB, a "
            f"number for each two of them with copies (expected less than the {left >> 20:,} MB that are left). Ask "
            "for more memory, train on fewer samples, or filter the features so that all fit into memory."
        )


def _is_whole(values: StoredValues) -> bool:
    return values.at is None or np.array_equal(values.at, np.arange(len(values.whole.rows)))


def _pass(
    values: StoredValues,
    features: pd.DataFrame,
    kernels: dict[str, NDArray[np.float64]] | None,
    n_jobs: int | None = 1,
) -> FeatureMoments:
    """Read all blocks once; kernels are put where they are wanted."""
    n, means, squares = values.shape[0], np.zeros(values.shape[1]), np.zeros(values.shape[1])
    of_rows: dict[str, NDArray[np.float64]] = {}
    shares = []
    for name, columns in feature_blocks(features).items():
        of_rows[name], kernel = np.zeros(n), np.zeros((n, n) if kernels is not None else (0, 0))
        lost = np.zeros(n)
        for at, read in values.coded_blocks(columns):
            block, means[at], (rows, missing) = _centred(read, None)
            squares[at] = np.einsum("ij,ij->j", block, block, dtype=np.float64)
            lost += np.bincount(rows, squares[at][missing], n)
            if kernels is None:
                of_rows[name] += np.einsum("ij,ij->i", block, block, dtype=np.float64)
            else:
                _add_products(kernel, block, n_jobs)
        shares.append(lost / max(float(squares[columns].sum()), _VARIES))
        if kernels is not None:
            _mirror(kernel)
            of_rows[name] = np.diag(kernel).copy()
            if (squares[columns] > _VARIES).any():
                kernel /= of_rows[name].mean()
                kernels[name] = kernel
    return FeatureMoments(means, squares, of_rows, np.mean(shares or [np.zeros(n)], axis=0))


def _tiles(n: int) -> Iterator[tuple[slice, slice]]:
    """Parts of the lower triangle."""
    for first in range(0, n, _TILE):
        for second in range(0, first + 1, _TILE):
            yield slice(first, first + _TILE), slice(second, second + _TILE)


def _add_products(kernel: NDArray[np.float64], block: NDArray[np.float32], n_jobs: int | None) -> None:
    """Add `block @ block.T` to the lower triangle, tile by tile, each by one thread."""

    def add(tile: tuple[slice, slice]) -> None:
        rows, columns = tile
        kernel[rows, columns] += block[rows] @ block[columns].T

    run_in_order(add, _tiles(len(block)), n_jobs)


def _mirror(kernel: NDArray[np.float64]) -> None:
    for rows, columns in _tiles(len(kernel)):
        if rows != columns:
            kernel[columns, rows] = kernel[rows, columns].T
