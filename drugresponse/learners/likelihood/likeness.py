"""How alike drugs are: the prior covariance over drugs of what an input does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["drug_likeness", "structure_likeness", "working_table"]

_OWN, _ALIKE, _GENERAL = 0.3, 0.5, 0.2
"""Shares of the prior variance: of one drug alone, with drugs whose residuals go with its own, and of all drugs."""
_PRIOR_SAMPLES = 20.0
"""Samples of no correlation that the correlation of two drugs is averaged with."""
_MOST = 5.0
"""Standard deviations at which a residual is cut: the event of a rare drug would outweigh all else."""


def working_table(
    slope: Array,
    curvature: Array,
    sample_index: NDArray[np.intp],
    drug_index: NDArray[np.intp],
    shape: tuple[int, int],
) -> tuple[Array, Array]:
    """Working residuals in standard deviations, `-slope / sqrt(curvature)`, as a table.

    Returns
    -------
    residuals, measured : (n_samples, n_drugs)
        Both 0 where nothing was measured.
    """
    residuals, measured = np.zeros(shape), np.zeros(shape)
    residuals[sample_index, drug_index] = np.clip(-slope / np.sqrt(curvature), -_MOST, _MOST)
    measured[sample_index, drug_index] = 1.0
    return residuals, measured


def drug_likeness(residuals: Array, measured: Array) -> Array:
    """`(n_drugs, n_drugs)` positive definite, of diagonal about 1.

    What a drug has for itself, what goes as the residuals of two drugs go together (effects of genotype are correlated
    over traits much as the traits are: Cheverud 1988, doi:10.1111/j.1558-5646.1988.tb02514.x), and what all have in
    common. The shares are fixed: of those tried on antibiograms these came close to variances learned by likelihood.

    Examples
    --------
    >>> table = np.array([[1.0, 1.0], [-1.0, -1.0]] * 50)
    >>> drug_likeness(table, np.ones((100, 2))).round(2).tolist()
    [[1.0, 0.62], [0.62, 1.0]]
    """
    n_drugs = residuals.shape[1]
    sizes = np.sqrt(np.maximum((residuals**2).sum(axis=0), 1e-12))
    both = measured.T @ measured
    shared = np.sqrt((residuals**2).T @ measured) * np.sqrt(measured.T @ residuals**2)
    correlation = (residuals.T @ residuals) / np.maximum(shared, 1e-12) * both / (both + _PRIOR_SAMPLES)
    correlation[sizes < 1e-5] = 0.0
    np.fill_diagonal(correlation, 1.0)
    # of drugs that met different samples the correlations need not fit together
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    correlation = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(_OWN * np.eye(n_drugs) + _ALIKE * correlation + _GENERAL, dtype=np.float64)


def structure_likeness(bits: Array) -> Array:
    """`(n_drugs, n_drugs)` as `drug_likeness`, of drugs whose centred fingerprints go together.

    Parameters
    ----------
    bits
        `(n_drugs, n_bits)`; a drug without a structure has none but 0.

    Examples
    --------
    >>> structure_likeness(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])).round(2).tolist()
    [[1.0, 0.7, 0.2], [0.7, 1.0, 0.2], [0.2, 0.2, 1.0]]
    """
    sizes = np.sqrt((bits**2).sum(axis=1, keepdims=True))
    directions = bits / np.where(sizes > 0, sizes, 1.0)
    alike = directions @ directions.T
    np.fill_diagonal(alike, 1.0)
    return np.asarray(_OWN * np.eye(len(bits)) + _ALIKE * alike + _GENERAL, dtype=np.float64)
