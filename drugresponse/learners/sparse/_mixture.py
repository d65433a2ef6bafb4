"""Posterior means under a prior by which most effects are 0 and a few are drawn from normals of several sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["Moments", "Posterior", "fit_mixture"]

_LARGEST, _SIZES = 10.0, 10
"""Largest variance of an effect, relative to the noise and for a column of variance 1, and how many are tried."""
_FIRST_SHARE = 0.01
"""Share of columns with an effect to start from."""
_MOST_SWEEPS = 60
_TOLERANCE = 0.02
"""Standard errors by which an effect may still move at the end."""
_STILL = 5e-3
"""Standard errors below which an effect is not moved: most effects of most targets are not."""


@dataclass(frozen=True, eq=False)
class Moments:
    """All that the posterior needs of the rows: products of centred columns and targets.

    Attributes
    ----------
    gram
        `(n_columns, n_columns)`.
    products
        `(n_targets, n_columns)`.
    squares
        `(n_targets,)` of each target with itself.
    n_rows
        Their weight in all.
    always
        The first so many columns have an effect without question: covariates.
    n_unseen
        Columns that were not looked at closely, and have no effect.
    """

    gram: Array
    products: Array
    squares: Array
    n_rows: float
    always: int
    n_unseen: int


@dataclass(frozen=True, eq=False)
class Posterior:
    """Effects `(n_targets, n_columns)`, their second moments, and the `(n_targets,)` variance of the noise."""

    effects: Array
    second_moments: Array
    noise: Array


def fit_mixture(moments: Moments) -> Posterior:
    """Mean-field posterior of each target, by coordinate ascent; shares of the prior and the noise are learned too.

    Source: Kim, Wang, Carbonetto and Stephens 2024, "A flexible empirical Bayes approach to multiple linear regression
    and connections with penalized regression", arXiv:2208.10910. Columns that are always in have one normal prior of
    a learned variance, and are updated together.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 50))
    >>> y = x[:, 3] + rng.normal(size=200)
    >>> fit = fit_mixture(Moments(x.T @ x, (y @ x)[None], np.array([y @ y]), 200.0, 0, 0))
    >>> int(np.abs(fit.effects[0]).argmax()), bool(np.abs(np.delete(fit.effects[0], 3)).max() < 0.1)
    (3, True)
    """
    ascent = _Ascent(moments)
    effects, second = np.zeros((2, *moments.products.shape))
    noise, rows = np.zeros(len(effects)), np.arange(len(effects))
    for sweeps_left in reversed(range(_MOST_SWEEPS)):
        # a target is done when its own effects rest, as if it were alone
        done = ascent.sweep() < _TOLERANCE
        done |= sweeps_left == 0
        if done.any():
            at = rows[done]
            effects[at], second[at], noise[at] = ascent.effects[done], ascent.second[done], ascent.noise[done]
            ascent.keep(~done)
            rows = rows[~done]
        if not len(rows):
            break
    return Posterior(effects, second, noise)


class _Ascent:
    """Effects of some targets on the way, with the products of the columns and what is left of the targets."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        gram, products = self.moments.gram, self.moments.products
        n_targets, n_columns = products.shape
        self.effects, self.second = np.zeros((2, n_targets, n_columns))
        self.left = products.copy()
        self.noise = np.maximum(self.moments.squares / self.moments.n_rows, 1e-300)
        # a constant column has products of 0, and no effect whatever its size
        self.diagonal = np.where(np.diag(gram) > 0, np.diag(gram), 1.0)
        self.roots = np.sqrt(self.diagonal)
        # effects from half a standard error of a column of variance 1 to ones that leave little noise
        sizes = np.geomspace(0.5 / self.moments.n_rows, _LARGEST, _SIZES)
        ratio = self.diagonal[:, None] * sizes
        self.shrink = ratio / (1 + ratio)
        self.occam = -0.5 * np.log1p(ratio)
        self.shares = np.full((n_targets, 1 + _SIZES), _FIRST_SHARE / _SIZES)
        self.shares[:, 0] = 1 - _FIRST_SHARE
        self.free = np.arange(self.moments.always, n_columns)
        scores = products[:, self.free] ** 2 / self.diagonal[self.free]
        self.order: NDArray[np.intp] = np.argsort(-scores, axis=1, kind="stable")
        always = slice(0, self.moments.always)
        self.sizes_always, self.axes_always = np.linalg.eigh(gram[always, always])
        self.variance_always = np.full(n_targets, 1.0 / max(self.moments.always, 1))
        self.uncertain_always = np.zeros(n_targets)

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Go on with some of the targets."""
        self.moments = replace(self.moments, products=self.moments.products[rows], squares=self.moments.squares[rows])
        for name in ("order", "effects", "second", "left", "noise", "shares", "variance_always", "uncertain_always"):
            setattr(self, name, getattr(self, name)[rows])

    def sweep(self) -> Array:
        """Update one by one the effects that would move, and then shares and noise.

        Returns
        -------
        numpy.ndarray
            `(n_targets,)` the farthest that one would have moved, in standard errors.
        """
        moved = self._update_always()
        spread = np.sqrt(self.noise)
        self.logarithms = np.log(np.maximum(self.shares, 1e-300))
        every = np.arange(len(self.noise))[:, None], self.free[None, :]
        steps, weights, self.second[every] = self._look(*every)
        counts = weights.sum(axis=1)
        distances = np.abs(steps) * self.roots[self.free] / spread[:, None]
        moves = np.take_along_axis(distances > _STILL, self.order, axis=1)
        n_moves = moves.sum(axis=1)
        # of each target the columns that would move, the strongest first; targets do not know of each other
        first = np.argsort(~moves, axis=1, kind="stable")[:, : n_moves.max(initial=0)]
        columns = self.free[np.take_along_axis(self.order, first, axis=1)]
        for k in range(columns.shape[1]):
            targets = np.flatnonzero(n_moves > k)
            self._move(targets, columns[targets, k], spread)
        self._update_prior(counts)
        return np.maximum(moved, distances.max(axis=1, initial=0.0))

    def _move(self, targets: NDArray[np.intp], columns: NDArray[np.intp], spread: Array) -> None:
        """Update one effect of each of some targets, where it still moves."""
        step, _, self.second[targets, columns] = self._look(targets, columns)
        moved = np.abs(step) * self.roots[columns] > _STILL * spread[targets]
        targets, columns, step = targets[moved], columns[moved], step[moved]
        self.left[targets] -= step[:, None] * self.moments.gram[columns]
        self.effects[targets, columns] += step

    def _look(self, targets: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """Of some effects: how far their posterior means lie from where they are, weights of sizes, second moments."""
        size, shrink, effects = self.diagonal[columns], self.shrink[columns], self.effects[targets, columns]
        noise = self.noise[targets]
        alone = self.left[targets, columns] / size + effects
        weights = self.logarithms[targets] + np.zeros((*alone.shape, 1))
        weights[..., 1:] += self.occam[columns] + (0.5 * size * alone**2 / noise)[..., None] * shrink
        weights -= weights.max(axis=-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=-1, keepdims=True)
        shrunk = weights[..., 1:] * shrink
        kept = shrunk.sum(axis=-1)
        second = (shrunk * shrink).sum(axis=-1) * alone**2 + kept * noise / size
        return kept * alone - effects, weights, second

    def _update_always(self) -> Array:
        """The columns that are always in, together; how far each target's moved."""
        n = self.moments.always
        if not n:
            return np.zeros(len(self.noise))
        before = self.effects[:, :n]
        aim = (self.left[:, :n] + before @ self.moments.gram[:n, :n]) @ self.axes_always
        inverse = 1.0 / (np.maximum(self.sizes_always, 0.0) + 1.0 / self.variance_always[:, None])
        after = (aim * inverse) @ self.axes_always.T
        step = after - before
        self.left -= step @ self.moments.gram[:n]
        self.effects[:, :n] = after
        self.second[:, :n] = after**2 + self.noise[:, None] * (inverse @ (self.axes_always**2).T)
        self.variance_always = np.maximum(self.second[:, :n].mean(axis=1) / self.noise, 1e-12)
        # of columns that go together the second moments tell more than is uncertain
        self.uncertain_always = self.noise * (inverse * np.maximum(self.sizes_always, 0.0)).sum(axis=1)
        return np.asarray((np.abs(step) * self.roots[:n]).max(axis=1) / np.sqrt(self.noise))

    def _update_prior(self, counts: Array) -> None:
        """Shares of the sizes by `(n_targets, n_sizes)` counts of the columns, and the noise."""
        n_unseen, always = self.moments.n_unseen, self.moments.always
        counts[:, 0] += n_unseen
        if len(self.free) + n_unseen:
            self.shares = counts / (len(self.free) + n_unseen)
        squares = self.moments.squares - (self.effects * (self.moments.products + self.left)).sum(axis=1)
        free = np.maximum(self.second - self.effects**2, 0.0)[:, always:] @ self.diagonal[always:]
        least = 1e-6 * self.moments.squares / self.moments.n_rows
        noise = (np.maximum(squares, 0.0) + free + self.uncertain_always) / self.moments.n_rows
        self.noise = np.maximum(noise, np.maximum(least, 1e-300))
