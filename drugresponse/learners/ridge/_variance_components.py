"""How much of the variance of responses each kind of likeness between pairs explains, without a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import nnls

from drugresponse.learners.state import Array

__all__ = ["Components", "variance_components"]

_LEAST_NOISE = 0.05
"""Share of the variance that is noise at least: no assay is exact."""


@dataclass(frozen=True, eq=False)
class Components:
    """Variance of each component, and of noise.

    Attributes
    ----------
    shares
        Variance of each component, 0 or more, in the order asked for.
    noise
        Variance that no component explains.
    """

    shares: Array
    noise: float


def variance_components(
    residuals: sparse.csr_array,
    samples: Mapping[str, Array],
    drugs: Mapping[str, Array],
    components: Sequence[tuple[str, str]],
) -> Components:
    """Regress the products of all pairs of responses on how alike their samples and their drugs are.

    The covariance of two responses is taken as `sum_k shares_k * samples[a][i, i'] * drugs[b][j, j']`, `(a, b)` the
    k-th component, and noise that two responses never share; the shares are those of least squares over all pairs of
    responses, none negative. Source: Haseman and Elston 1972, "The investigation of linkage between a quantitative
    trait and a marker locus", doi:10.1007/BF01066731.

    Parameters
    ----------
    residuals
        `(n_samples, n_drugs)`; responses less their mean, a cell that is not stored is not measured.
    samples, drugs
        Likeness of samples `(n_samples, n_samples)` and of drugs `(n_drugs, n_drugs)` by name.
    components
        Names of the two likenesses that each component multiplies.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drug_effects, noise = rng.normal(size=(1, 200)), rng.normal(size=(80, 200))
    >>> residuals = sparse.csr_array(2 * drug_effects + noise)
    >>> alike = {"any": np.ones((80, 80)), "same": np.eye(80)}, {"any": np.ones((200, 200)), "same": np.eye(200)}
    >>> components = variance_components(residuals, *alike, [("any", "same"), ("same", "any")])
    >>> [bool(3 < components.shares[0] < 5), bool(components.shares[1] < 0.1), bool(0.8 < components.noise < 1.2)]
    [True, True, True]
    """
    measured = sparse.csr_array((np.ones(residuals.nnz), residuals.indices, residuals.indptr), shape=residuals.shape)
    rows, columns = measured.tocoo().coords
    diagonals = [np.diag(samples[a])[rows] * np.diag(drugs[b])[columns] for a, b in components]
    crossed: dict[tuple[str, str], Array] = {}
    n = len(components)
    gram, products = np.zeros((n, n)), np.zeros(n)
    for k, (a, b) in enumerate(components):
        products[k] = float((_between(residuals, samples[a]) * drugs[b]).sum() - diagonals[k] @ residuals.data**2)
        for m, (c, d) in enumerate(components[: k + 1]):
            key = (a, c) if a <= c else (c, a)
            if key not in crossed:
                crossed[key] = _between(measured, samples[a] * samples[c])
            gram[k, m] = gram[m, k] = float((crossed[key] * drugs[b] * drugs[d]).sum() - diagonals[k] @ diagonals[m])
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    kept = values > 1e-10 * values[-1]
    root = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    shares = nnls(root, (vectors[:, kept].T @ (products / scale)) / np.sqrt(values[kept]))[0] / scale
    total = float(np.mean(residuals.data**2))
    explained = sum(float(share * diagonal.mean()) for share, diagonal in zip(shares, diagonals, strict=True))
    return Components(shares, max(total - explained, _LEAST_NOISE * total))


def _between(cells: sparse.csr_array, alike: Array) -> Array:
    """`(n_drugs, n_drugs)` sum over samples i, i' of `cells[i, j] * alike[i, i'] * cells[i', j']`."""
    transposed = cells.T.tocsr()
    return np.asarray(transposed @ (transposed @ alike).T)
