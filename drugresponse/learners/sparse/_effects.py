"""Sparse effects of tokens on targets, on all rows and without each fold's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.factors.screening import ColumnLooks, leading_columns
from drugresponse.learners.factors.token_columns import ColumnTable, TokenColumns
from drugresponse.learners.sparse._mixture import Moments, Posterior, fit_mixture
from drugresponse.learners.state import Array

__all__ = ["SparseEffects", "fit_sparse"]

_MOST_COLUMNS = 500
"""Columns that are taken at each look, for a few targets."""
_MORE_COLUMNS, _MOST_IN_ALL = 50, 1500
"""So many more for each target, up to a limit."""
_CELLS_AT_ONCE = 1 << 24
"""Numbers of the table that are copied at once, 128 MB."""
_LOOKS = 2
"""How often all columns are looked at: beside what is known by then, others show."""
_LEAST_SCORE = 2.5
"""Of a column that a further look takes: fewer than 1.3 % of those without an effect."""
_FAINTEST = 1e-4
"""Of the loudest token: fainter ones are no inputs of a likelihood."""


@dataclass(frozen=True, eq=False)
class SparseEffects:
    """Effects of some tokens on the targets.

    Attributes
    ----------
    columns
        `(n_kept,)` numbers of the tokens, the covariates first.
    effects, second_moments
        `(n_targets, n_kept)` posterior mean of each effect on a unit of the token, and of its square.
    centre, intercepts
        `(n_kept,)` mean token, and `(n_targets,)` mean target of the rows.
    """

    columns: NDArray[np.intp]
    effects: Array
    second_moments: Array
    centre: Array
    intercepts: Array

    def predict(self, tokens: ColumnTable, rows: NDArray[np.intp] | None = None) -> Array:
        """`(n_rows, n_targets)` of all rows, or of those with these numbers."""
        at = np.arange(len(tokens.values)) if rows is None else rows
        predicted = np.empty((len(at), len(self.intercepts)))
        for part in _row_parts(len(at), len(self.columns)):
            inputs = tokens.of(self.columns, at[part])
            predicted[part] = (inputs - self.centre) @ self.effects.T + self.intercepts
        return predicted

    def at_zero(self) -> Array:
        """`(n_targets,)` prediction where every token is 0."""
        return np.asarray(self.intercepts - self.effects @ self.centre)

    def loudness(self, tokens: ColumnTable) -> tuple[NDArray[np.intp], Array]:
        """Numbers of the tokens that are of any use, and what each is multiplied by under one penalty.

        It is the root mean square of its effects, in units that give the tokens together a mean squared row norm of 1.
        """
        squares = self.second_moments.mean(axis=0)
        spreads = squares * tokens.of(self.columns).var(axis=0)
        kept = np.flatnonzero(spreads > _FAINTEST * spreads.max(initial=0.0))
        return self.columns[kept], np.sqrt(squares[kept] / spreads[kept].sum())


def fit_sparse(tokens: TokenColumns, targets: Array, weights: Array) -> tuple[list[SparseEffects], ColumnTable]:
    """Effects on each set of rows.

    Parameters
    ----------
    tokens
        Of all rows.
    targets
        `(n_rows, n_targets)`, no missing.
    weights
        `(n_sets, n_rows)` 0 or more; a row of weight 0 is not looked at.

    Returns
    -------
    fits
        One for each set.
    table
        The tokens that have an effect in one of them.
    """
    looks, always = ColumnLooks(tokens, weights), tokens.always
    means = weights @ targets / weights.sum(axis=1, keepdims=True)
    residuals = targets[None] - means[:, None, :]
    is_free = np.ones(len(tokens), dtype=bool)
    is_free[always] = False
    most = min(_MOST_COLUMNS + _MORE_COLUMNS * (targets.shape[1] - 1), _MOST_IN_ALL)
    chosen: list[NDArray[np.intp]] = [np.zeros(0, dtype=np.intp)] * len(weights)
    fits: list[SparseEffects] = []
    table = ColumnTable(np.zeros(0, dtype=np.intp), np.zeros((len(targets), 0)))
    for look in range(_LOOKS):
        scores = looks.scores(residuals)
        taken = []
        for k, columns in enumerate(chosen):
            fresh = scores[k] * is_free
            fresh[:, columns] = 0.0
            if look:
                fresh[fresh < _LEAST_SCORE] = 0.0
            taken.append(np.union1d(columns, leading_columns(fresh, most)))
        if look and all(len(new) == len(old) for new, old in zip(taken, chosen, strict=True)):
            break
        chosen = taken
        table = table.widened(tokens, np.concatenate([always, *chosen]))
        fits = []
        for k, columns in enumerate(chosen):
            mine = np.concatenate([always, columns])
            n_unseen = tokens.n_tokens - len(mine)
            fits.append(_fit_set(table, targets, weights[k], mine, len(always), tokens.units(mine), n_unseen))
        residuals = np.stack([targets - fit.predict(table) for fit in fits])
    return fits, table


def _row_parts(n_rows: int, n_columns: int) -> list[slice]:
    """Rows that are copied at once: of very many samples a copy of all would be as large as their table."""
    step = max(1, _CELLS_AT_ONCE // max(n_columns, 1))
    return [slice(start, start + step) for start in range(0, n_rows, step)]


def _fit_set(
    table: ColumnTable,
    targets: Array,
    weights: Array,
    columns: NDArray[np.intp],
    n_always: int,
    unit: Array,
    n_unseen: int,
) -> SparseEffects:
    rows = np.flatnonzero(weights)
    weights, root = weights[rows], np.sqrt(weights[rows])[:, None]
    parts, aims, total = _row_parts(len(rows), len(columns)), targets[rows], float(weights.sum())
    intercepts = np.average(aims, axis=0, weights=weights)
    aims = root * (aims - intercepts)
    centre = np.zeros(len(columns))
    for part in parts:
        centre += weights[part] @ table.of(columns, rows[part]) / total
    squares, products = np.zeros((len(columns), len(columns))), np.zeros((aims.shape[1], len(columns)))
    for part in parts:
        inputs = root[part] * (table.of(columns, rows[part]) - centre) * unit
        squares += inputs.T @ inputs
        products += aims[part].T @ inputs
    moments = Moments(squares, products, (aims**2).sum(axis=0), total, n_always, n_unseen)
    fit: Posterior = fit_mixture(moments)
    return SparseEffects(columns, fit.effects * unit, fit.second_moments * unit**2, centre, intercepts)
