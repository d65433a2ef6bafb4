"""Parameters of each drug, drawn towards those of all drugs as far as the drugs are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import State, damaged, state_array, state_ids

__all__ = ["KeyedRows", "RowDensity", "ShrunkenParameters", "design_effect", "fit_shrunken", "refitted"]

Array = NDArray[np.float64]
RowDensity: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""From `(n_rows, n_parameters)` to minus the log likelihood of each row, and its slope by each parameter."""

_SWEEPS = 12
"""Of fits and spreads in turn."""
_SETTLED = 0.01
_LEAST_SPREAD, _MOST_SPREAD, _FIRST_SPREAD = 0.02, 3.0, 0.5
_DRUGS_BEFORE, _USUAL_SPREAD = 2.0, 0.25
"""So many drugs that differ so much count beside those of the rows: few drugs that look alike by chance would else be
taken for one (Chung et al. 2013, "A nondegenerate penalized likelihood estimator for variance parameters in multilevel
models", doi:10.1007/s11336-013-9328-2)."""
_MOST_SPREADS = 8.0
"""Of the prior, from its centre, that a parameter may lie away: beyond, likelihoods overflow and say nothing."""
_MOST_OWN = 10.0
"""No parameter of a drug lies further from the common one."""
_MOST = 30.0
"""No parameter lies further from 0: all are on scales of logarithms, or in standard deviations."""


@dataclass(frozen=True, eq=False)
class ShrunkenParameters:
    """Parameters by drug, and how sure they are.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` of those with parameters of their own; may be empty.
    common
        `(n_parameters,)` of a drug that is none of them.
    own
        `(n_drugs, n_parameters)` what is added for each drug.
    spread
        `(n_parameters,)` standard deviation of `own` over drugs.
    covariance
        `(n_drugs + 1, n_parameters, n_parameters)` of the parameters of each drug, and last of one that is none of
        them.
    """

    drug_ids: pd.Index
    common: Array
    own: Array
    spread: Array
    covariance: Array

    def at(self, pairs: Pairs) -> NDArray[np.intp]:
        """`(n_pairs,)` number of each pair's drug; that after the last where it has none of its own."""
        at = self.drug_ids.get_indexer(pairs.drugs.index)[pairs.drug_index]
        return np.where(at < 0, len(self.drug_ids), at).astype(np.intp)

    @property
    def by_drug(self) -> Array:
        """`(n_drugs + 1, n_parameters)`, last those of a drug that has none of its own."""
        return self.common + np.vstack([self.own, np.zeros((1, len(self.common)))])

    def get_state(self) -> State:
        """Ids as text, numbers as arrays."""
        return {
            "drug_ids": [str(drug) for drug in self.drug_ids],
            "common": self.common,
            "own": self.own,
            "spread": self.spread,
            "covariance": self.covariance,
        }

    @classmethod
    def from_state(cls, state: State, n_parameters: int) -> ShrunkenParameters:
        """The parameters of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            An array has another shape than the drugs ask for, or a covariance is none.
        """
        ids = state_ids(state, "drug_ids")
        covariance = state_array(state, "covariance", len(ids) + 1, n_parameters, n_parameters)
        parameters = cls(
            pd.Index(ids, dtype=object),
            state_array(state, "common", n_parameters),
            state_array(state, "own", len(ids), n_parameters),
            state_array(state, "spread", n_parameters),
            covariance,
        )
        if np.abs(parameters.by_drug).max() > 2 * _MOST + _MOST_OWN or (parameters.spread < 0).any():
            raise damaged("a parameter of its forecasts is out of its range")
        if not (np.diagonal(covariance, axis1=1, axis2=2) >= 0).all():
            raise damaged("a parameter of its forecasts has a variance below 0")
        return parameters


@dataclass(frozen=True, eq=False)
class KeyedRows:
    """Rows, each of one drug or of another key.

    Attributes
    ----------
    keys
        Ids of the drugs.
    key
        `(n_rows,)` number of each row's drug, from 0; each occurs.
    weights
        `(n_rows,)` above 0.
    """

    keys: pd.Index
    key: NDArray[np.intp]
    weights: Array

    @classmethod
    def of_drugs(cls, pairs: Pairs, weights: Array) -> KeyedRows:
        """Of pairs."""
        used, drug = np.unique(pairs.drug_index, return_inverse=True)
        return cls(pairs.drugs.index[used].astype(object), drug.astype(np.intp), weights)


@dataclass(frozen=True, eq=False)
class _Problem:
    """Rows whose parameters are sought."""

    density: RowDensity
    drug: NDArray[np.intp]
    weights: Array
    n_drugs: int
    prior: Array
    """`(2, n_parameters)` centre and standard deviation of what is common."""

    def objective(self, flat: Array, spread: Array) -> tuple[float, Array]:
        """Minus the log posterior and its slope, at common and own parameters one after another."""
        table = flat.reshape(-1, self.prior.shape[1])
        common, own = table[0], table[1:]
        rows = common + own[self.drug] if len(own) else np.broadcast_to(common, (len(self.drug), len(common)))
        values, slopes = self.density(rows)
        slopes = self.weights[:, None] * slopes
        off = (common - self.prior[0]) / self.prior[1] ** 2
        total = float(self.weights @ values) + 0.5 * float(off @ (common - self.prior[0]))
        gradient = [slopes.sum(axis=0) + off]
        if len(own):
            total += 0.5 * float(((own / spread) ** 2).sum())
            by_drug = [np.bincount(self.drug, slope, self.n_drugs) for slope in slopes.T]
            gradient.append((np.column_stack(by_drug) + own / spread**2).ravel())
        return total, np.concatenate(gradient)

    def minimum(self, start: Array, spread: Array) -> Array:
        """`(1 + n_drugs, n_parameters)` of the greatest posterior."""
        centre, reach = self.prior[0], np.minimum(_MOST_SPREADS * self.prior[1], _MOST)
        common, own = (
            np.column_stack([centre - reach, centre + reach]),
            np.tile([-_MOST_OWN, _MOST_OWN], (len(reach), 1)),
        )
        bounds = np.vstack([common, np.tile(own, (len(start) - 1, 1))])
        found = minimize(
            self.objective, start.ravel(), args=(spread,), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-6},
        )  # fmt: skip
        return np.asarray(found.x).reshape(start.shape)

    def information(self, table: Array) -> Array:
        """`(n_drugs, n_parameters, n_parameters)` of the rows of each drug, by the outer products of their slopes."""
        rows = (table[0] + table[1:][self.drug]) if len(table) > 1 else np.broadcast_to(table[0], self._shape)
        slopes = self.density(rows)[1]
        products = self.weights[:, None, None] * slopes[:, :, None] * slopes[:, None, :]
        n = self.prior.shape[1]
        sums = [np.bincount(self.drug, products[:, i, j], self.n_drugs) for i in range(n) for j in range(n)]
        return np.stack(sums, axis=1).astype(np.float64).reshape(self.n_drugs, n, n)

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.drug), self.prior.shape[1]


def fit_shrunken(density: RowDensity, rows: KeyedRows, prior: Array, *, by_key: bool = True) -> ShrunkenParameters:
    """The parameters that make rows most likely, each drug's drawn towards those of all.

    Each parameter of a drug is normally distributed around the common one. How widely is learned from the drugs, by
    the EM algorithm with a normal approximation to what the rows of a drug say (Laird and Ware 1982, "Random-effects
    models for longitudinal data", doi:10.2307/2529876): drugs that differ keep their own, drugs with few rows take
    after the others.

    Parameters
    ----------
    density
        Of the rows.
    rows
        Their drugs, or other keys, and weights.
    prior
        `(2, n_parameters)` centre and standard deviation of the common parameters.
    by_key
        Whether drugs have parameters of their own; one drug alone never does.
    """
    own = by_key and len(rows.keys) > 1
    problem = _Problem(density, rows.key, rows.weights, len(rows.keys), prior)
    n = prior.shape[1]
    table = problem.minimum(prior[:1] + np.zeros((1, n)), np.ones(n))
    if own:
        table = np.vstack([table, np.zeros((len(rows.keys), n))])
    spread = np.full(n, _FIRST_SPREAD)
    for _ in range(_SWEEPS if own else 1):
        table = problem.minimum(table, spread)
        if own:
            inner = np.linalg.inv(problem.information(table) + np.diag(1 / spread**2))
            seen = (table[1:] ** 2 + np.diagonal(inner, axis1=1, axis2=2)).sum(axis=0)
            variance = (seen + _DRUGS_BEFORE * _USUAL_SPREAD**2) / (len(rows.keys) + _DRUGS_BEFORE)
            before, spread = spread, np.clip(np.sqrt(variance), _LEAST_SPREAD, _MOST_SPREAD)
            if (np.abs(spread / before - 1) < _SETTLED).all():
                break
    return _with_covariance(problem, rows.keys, table, spread if own else np.zeros(n))


def refitted(
    parameters: ShrunkenParameters, density: RowDensity, pairs: Pairs, weights: Array, prior: Array
) -> ShrunkenParameters:
    """The same for other rows of the same drugs, with the spread that was learned."""
    n = len(parameters.drug_ids)
    drug = parameters.at(pairs) if n else np.zeros(len(pairs), dtype=np.intp)
    problem = _Problem(density, drug, weights, max(n, 1), prior)
    spread = np.maximum(parameters.spread, _LEAST_SPREAD)
    table = problem.minimum(np.vstack([parameters.common[None], parameters.own]), spread)
    return replace(parameters, common=table[0], own=table[1:])


def _with_covariance(problem: _Problem, keys: pd.Index, table: Array, spread: Array) -> ShrunkenParameters:
    """The parameters with how sure they are: of a drug beside what is common, and of the common ones."""
    information = problem.information(table)
    own, prior = len(table) > 1, np.diag(1 / problem.prior[1] ** 2)
    if not own:
        covariance = np.linalg.inv(information.sum(axis=0) + prior)[None]
        return ShrunkenParameters(pd.Index([], dtype=object), table[0], table[1:], spread, covariance)
    between = np.diag(spread**2)
    # what a drug's rows say of the common parameters is blurred by how much drugs differ
    through = np.linalg.inv(np.linalg.inv(information + 1e-9 * np.eye(len(spread))) + between)
    common = np.linalg.inv(through.sum(axis=0) + prior)
    within = np.linalg.inv(information + np.diag(1 / spread**2))
    # the drug's rows pull away from the common parameters by this share
    kept = within @ np.diag(1 / spread**2)
    covariance = within + kept @ common @ np.swapaxes(kept, 1, 2)
    return ShrunkenParameters(
        keys.astype(object),
        table[0],
        table[1:],
        spread,
        np.vstack([covariance, (common + between)[None]]),
    )


def design_effect(
    parameters: ShrunkenParameters, density: RowDensity, pairs: Pairs, weights: Array, groups: NDArray
) -> float:
    """How many times less the rows of whole groups tell than as many that are independent; 1 or more.

    Rows of one clone, or of one patient, err together: their slopes add up where others cancel. It is the ratio of the
    variance of the slopes over groups to that over rows (Kish 1965, "Survey sampling"), summed over drugs.
    """
    slopes = weights[:, None] * density(parameters.by_drug[parameters.at(pairs)])[1]
    cell = np.unique(
        np.unique(groups, return_inverse=True)[1] * len(pairs.drugs) + pairs.drug_index, return_inverse=True
    )[1]
    sums = np.column_stack([np.bincount(cell, slope) for slope in slopes.T])
    scale = np.maximum((slopes**2).sum(axis=0), 1e-12)
    return max(1.0, float(((sums**2).sum(axis=0) / scale).mean()))
