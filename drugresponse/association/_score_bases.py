"""What covariates tell of outcomes that are no numbers, in the terms in which numbers are tested: score tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.association._covariate_bases import CovariateBases, left_over, orthonormal_columns
from drugresponse.association._likelihood import DrugLikelihood
from drugresponse.data.pairs import Pairs

__all__ = ["likelihoods_of", "score_bases"]


def likelihoods_of(
    pairs: Pairs, y: NDArray[np.float64], drugs: Sequence[int], columns: NDArray[np.float64]
) -> list[DrugLikelihood]:
    """The likelihood of each drug's rows with the covariates alone.

    Parameters
    ----------
    pairs, y
        Measured pairs, whose outcome is not continuous, and their responses.
    drugs
        Numbers of the drugs among those of the pairs.
    columns
        `(n_samples, n_covariates)` numbers without missing ones.
    """
    of_drugs = [np.flatnonzero(pairs.drug_index == drug) for drug in drugs]
    return [
        DrugLikelihood.of(pairs[rows], y[rows], orthonormal_columns(columns[pairs.sample_index[rows]]))
        for rows in of_drugs
    ]


def score_bases(likelihoods: Sequence[DrugLikelihood], n_samples: int) -> CovariateBases:
    """The slope of each row's likelihood as residual, and the root of its curvature as weight.

    With these, sums of feature by residual and feature by feature are those of the score test and of its variance
    (Rao 1948, doi:10.1017/S0305004100023987), and their quotient is the first step from no effect towards the most
    likely one.

    Parameters
    ----------
    likelihoods
        Of the drugs, in their order.
    n_samples
        Of all drugs.
    """
    shape = (n_samples, len(likelihoods))
    measured, root, residual = np.zeros((3, *shape))
    parts = []
    for drug, likelihood in enumerate(likelihoods):
        slope, curvature = likelihood.loss.derivatives(likelihood.scores)
        weight, rows = np.sqrt(curvature), likelihood.samples
        own = np.linalg.qr(weight[:, None] * likelihood.basis)[0]
        measured[rows, drug], root[rows, drug] = 1.0, weight
        residual[rows, drug] = left_over(-slope / weight, own)
        parts.append(own)
    rank = np.array([part.shape[1] for part in parts], dtype=np.intp)
    basis = np.zeros((*shape, int(rank.max(initial=0))))
    for drug, (likelihood, own) in enumerate(zip(likelihoods, parts, strict=True)):
        basis[likelihood.samples, drug, : rank[drug]] = own
    return CovariateBases(measured, basis, rank, residual, root)
