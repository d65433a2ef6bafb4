"""What covariates tell of each drug's responses, as an orthonormal basis a drug over its own samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from drugresponse.features.centring import centred_columns

__all__ = ["CovariateBases", "covariate_columns", "general_sensitivity", "left_over", "orthonormal_columns"]

_DEPENDENT = 1e-8
"""Of a column's length: what covariates before it leave of it, at most, when it adds nothing to them."""


@dataclass(frozen=True, eq=False)
class CovariateBases:
    """Covariates and responses of some drugs, each drug over the samples that it was measured in.

    Attributes
    ----------
    measured
        `(n_samples, n_drugs)` float64, 1 where the pair was measured, else 0.
    basis
        `(n_samples, n_drugs, n_columns)` float64; of each drug orthonormal columns that span the constant and the
        covariates of its samples, 0 in other samples and beyond its rank.
    rank
        `(n_drugs,)` columns in use, the constant included.
    residual
        `(n_samples, n_drugs)` responses less what constant and covariates tell; 0 where not measured, and throughout
        for a drug whose responses they tell to the last bits.
    root
        `(n_samples, n_drugs)` root of what each row weighs, 0 where not measured; basis and residual are of rows
        multiplied by it. None where all weigh 1 and the variance of the responses is not known; where there are
        weights, they are such that it is 1.
    """

    measured: NDArray[np.float64]
    basis: NDArray[np.float64]
    rank: NDArray[np.intp]
    residual: NDArray[np.float64]
    root: NDArray[np.float64] | None = None

    @property
    def scaling(self) -> NDArray[np.float64]:
        """`(n_samples, n_drugs)` what rows are multiplied by."""
        return self.measured if self.root is None else self.root

    @classmethod
    def build(
        cls, responses: NDArray[np.float64], columns: NDArray[np.float64], sensitivity: NDArray[np.float64] | None
    ) -> CovariateBases:
        """Bases of the drugs.

        Parameters
        ----------
        responses
            `(n_samples, n_drugs)`, NaN where not measured.
        columns
            `(n_samples, n_covariates)` numbers without missing ones.
        sensitivity
            `(n_samples, n_drugs)` one more covariate, which each drug has of its own; None has none.
        """
        measured = ~np.isnan(responses)
        bases = []
        for drug in range(responses.shape[1]):
            rows = measured[:, drug]
            own = columns if sensitivity is None else np.column_stack([columns, sensitivity[:, drug]])
            bases.append(orthonormal_columns(own[rows]))
        rank = np.array([basis.shape[1] for basis in bases], dtype=np.intp)
        basis = np.zeros((*responses.shape, int(rank.max(initial=0))))
        residual = np.zeros(responses.shape)
        for drug, own in enumerate(bases):
            rows = measured[:, drug]
            basis[rows, drug, : rank[drug]] = own
            residual[rows, drug] = left_over(responses[rows, drug], own)
        return cls(measured.astype(np.float64), basis, rank, residual)


def covariate_columns(covariates: pd.DataFrame) -> NDArray[np.float64]:
    """Covariates as numbers, none missing.

    A text column becomes one column of 0 and 1 for each level; samples whose text is missing form a level of their
    own. A missing number is the mean of the others, and a column of 0 and 1 says where it was missing.

    Parameters
    ----------
    covariates
        One row a sample; float64 columns (NaN missing) and text columns ("" missing).

    Returns
    -------
    numpy.ndarray
        `(n_samples, n_columns)` float64.

    Examples
    --------
    >>> covariate_columns(pd.DataFrame({"tissue": ["lung", ""], "age": [50.0, float("nan")]})).tolist()
    [[0.0, 1.0, 50.0, 0.0], [1.0, 0.0, 50.0, 1.0]]
    """
    parts = [np.zeros((len(covariates), 0))]
    for name in covariates.columns:
        column = covariates[name]
        if column.dtype == object:
            codes, levels = pd.factorize(column, sort=True)
            parts.append((codes[:, None] == np.arange(len(levels))).astype(np.float64))
            continue
        numbers = column.to_numpy(dtype=np.float64)
        known = np.isfinite(numbers)
        mean = numbers[known].mean() if known.any() else 0.0
        parts.append(np.where(known, numbers, mean)[:, None])
        if not known.all():
            parts.append((~known).astype(np.float64)[:, None])
    return np.hstack(parts)


def general_sensitivity(responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each sample's mean response over the *other* drugs, so that a drug's response is never on both sides.

    Responses are centred within their drug first. A sample that no other drug was measured in has 0, the average.

    Parameters
    ----------
    responses
        `(n_samples, n_drugs)`, NaN where not measured.

    Returns
    -------
    numpy.ndarray
        `(n_samples, n_drugs)` float64.

    Examples
    --------
    >>> general_sensitivity(np.array([[0.0, 1.0, 5.0], [2.0, 3.0, 9.0]])).tolist()
    [[-1.5, -1.5, -1.0], [1.5, 1.5, 1.0]]
    """
    measured = ~np.isnan(responses)
    centred = centred_columns(responses)
    others = measured.sum(axis=1, keepdims=True) - measured
    return np.where(others > 0, (centred.sum(axis=1, keepdims=True) - centred) / np.maximum(others, 1), 0.0)


def orthonormal_columns(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_samples, rank)` orthonormal columns that span the constant and these columns, the constant first."""
    n = len(columns)
    constant = np.full((n, 1), 1 / np.sqrt(max(n, 1)))
    centred = columns - columns.mean(axis=0) if n else columns
    length = np.linalg.norm(centred, axis=0)
    varies = length > _DEPENDENT * np.linalg.norm(columns, axis=0)
    if not varies.any():
        return constant
    turned, triangle, _ = linalg.qr(centred[:, varies] / length[varies], mode="economic", pivoting=True)
    return np.hstack([constant, turned[:, np.abs(np.diag(triangle)) > _DEPENDENT]])


def left_over(responses: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_samples,)` what is left of responses without the span of a basis; 0 where that is rounding."""
    residual = responses - basis @ (basis.T @ responses)
    residual -= basis @ (basis.T @ residual)
    is_rounding = residual @ residual <= 1e-20 * (responses @ responses)
    return np.zeros_like(residual) if is_rounding else residual
