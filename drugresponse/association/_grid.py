"""Least squares of every drug on every feature at once: the sums that effects and tests are made of."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from drugresponse.association._covariate_bases import CovariateBases
from drugresponse.association.feature_columns import FeatureColumns

__all__ = ["GridSums", "grid_sums"]

_BLOCK_BYTES = 16 * 1024**2
_WIDEST = 2048
_LEVERAGE_ONE = 1e-9


@dataclass(frozen=True, eq=False)
class GridSums:
    """Sums over the samples that have the drug's response and the feature's call; all `(n_features, n_drugs)`.

    Attributes
    ----------
    samples, carriers
        How many such samples there are, and how many of them are carriers.
    rank
        Dimensions that the constant and the covariates take.
    product, spread, total
        Of feature by response, feature by feature and response by response, after constant and covariates are taken
        out of both.
    centred
        Feature by feature after the constant alone is taken out.
    """

    samples: NDArray[np.int64]
    carriers: NDArray[np.int64]
    rank: NDArray[np.int64]
    product: NDArray[np.float64]
    spread: NDArray[np.float64]
    total: NDArray[np.float64]
    centred: NDArray[np.float64]


def grid_sums(features: FeatureColumns, bases: CovariateBases) -> GridSums:
    """Project the covariates out of features and responses, and multiply (Frisch, Waugh and Lovell).

    Parameters
    ----------
    features
        Of the same samples as the bases.
    bases
        Covariates and responses of the drugs.

    Notes
    -----
    Features pass by in blocks, so that no more than some megabytes of them are dense at a time. Taking out a missing
    call is the same as taking its row out of the basis: what that changes is solved in as many dimensions as calls are
    missing, once for each pattern of missing calls.
    """
    width = min(_WIDEST, max(1, _BLOCK_BYTES // (8 * max(features.values.shape[0], 1))))
    starts = range(0, max(features.values.shape[1], 1), width)
    blocks = [_block_sums(features.block(start, start + width), bases) for start in starts]
    names = [field.name for field in fields(GridSums)]
    return GridSums(**{name: np.concatenate([getattr(block, name) for block in blocks]) for name in names})


def _block_sums(features: FeatureColumns, bases: CovariateBases) -> GridSums:
    values = features.values.toarray().astype(np.float64)
    called = ~np.isnan(values)
    carriers = called & (values != features.common)
    # without its mean a feature loses no digits when the constant is taken out
    values = np.where(called, values - features.mean, 0.0)
    _, n_drugs, n_columns = bases.basis.shape
    scaling = bases.scaling
    product = values.T @ (scaling * bases.residual)
    within = (values**2).T @ scaling**2
    inside = (values.T @ (scaling[:, :, None] * bases.basis).reshape(len(values), -1)).reshape(-1, n_drugs, n_columns)
    samples = np.rint(called.T.astype(np.float64) @ bases.measured).astype(np.int64)
    sums, weights = values.T @ scaling**2, called.T.astype(np.float64) @ scaling**2
    total = np.broadcast_to((bases.residual**2).sum(axis=0), product.shape).copy()
    rank = np.broadcast_to(bases.rank, product.shape).astype(np.int64)
    spread = within - (inside**2).sum(axis=2)
    for columns, missing in _missing_patterns(called):
        lost = _Lost.of_rows(missing, bases)
        product[columns] -= lost.product(inside[columns])
        spread[columns] -= lost.spread(inside[columns])
        total[columns] -= lost.total
        rank[columns] -= lost.rank
    return GridSums(
        samples,
        np.rint(carriers.T.astype(np.float64) @ bases.measured).astype(np.int64),
        rank,
        product,
        spread,
        total,
        within - sums**2 / np.where(weights > 0, weights, 1.0),
    )


def _missing_patterns(called: NDArray[np.bool_]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Columns that lack the same calls, and the rows that they lack, for every pattern with a missing call."""
    partly = np.flatnonzero(~called.all(axis=0))
    if not len(partly):
        return []
    packed = np.packbits(~called[:, partly].T, axis=1)
    which = np.unique(packed, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(which, kind="stable")
    groups = np.split(partly[order], np.flatnonzero(np.diff(which[order])) + 1)
    return [(group, np.flatnonzero(~called[:, group[0]])) for group in groups]


@dataclass(frozen=True, eq=False)
class _Lost:
    """What sums lose when some rows are taken out of the bases.

    Of each drug with basis Q and its lost rows L: `rows` is `(n_drugs, k, n_columns)`, rows with the cross product L'L;
    `turn` `(n_drugs, k, k)` and `gain` `(n_drugs, k)` solve (I - L'L) by the eigenvectors of LL'; a direction that the
    other rows have lost is left out. `hidden` is `(n_drugs, n_columns)` L'r of the residual r.
    """

    rows: NDArray[np.float64]
    turn: NDArray[np.float64]
    gain: NDArray[np.float64]
    hidden: NDArray[np.float64]
    total: NDArray[np.float64]
    rank: NDArray[np.int64]

    @classmethod
    def of_rows(cls, missing: NDArray[np.intp], bases: CovariateBases) -> _Lost:
        rows: NDArray[np.float64] = bases.basis[missing].transpose(1, 0, 2)
        residual = bases.residual[missing]
        hidden = np.einsum("dkc,kd->dc", rows, residual)
        if rows.shape[1] > rows.shape[2]:
            rows = np.asarray(np.linalg.qr(rows, mode="r"))
        leverage, turn = np.linalg.eigh(rows @ rows.transpose(0, 2, 1))
        gone = leverage > 1 - _LEVERAGE_ONE
        gain = np.where(gone, 0.0, 1 / np.where(gone, 1.0, 1 - leverage))
        rest = _projected(rows, turn, hidden[None])[0]
        total = (residual**2).sum(axis=0) + (hidden**2).sum(axis=1) + (gain * rest**2).sum(axis=1)
        return cls(rows, turn, gain, hidden, total, gone.sum(axis=1))

    def spread(self, inside: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_features, n_drugs)` to take from feature by feature; `inside` is Q'x of the called rows."""
        return (self.gain * _projected(self.rows, self.turn, inside) ** 2).sum(axis=2)

    def product(self, inside: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_features, n_drugs)` to take from feature by response, whose own Q'r of the called rows is -L'r."""
        rest = _projected(self.rows, self.turn, self.hidden[None])
        both = (self.gain * rest * _projected(self.rows, self.turn, inside)).sum(axis=2)
        return -((inside * self.hidden).sum(axis=2) + both)


def _projected(
    rows: NDArray[np.float64], turn: NDArray[np.float64], inside: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`(n_features, n_drugs, k)` eigenvector coordinates of L v for vectors v `(n_features, n_drugs, n_columns)`."""
    map_ = turn.transpose(0, 2, 1) @ rows
    return (inside.transpose(1, 0, 2) @ map_.transpose(0, 2, 1)).transpose(1, 0, 2)
