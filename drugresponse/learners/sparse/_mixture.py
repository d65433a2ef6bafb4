"""Posterior means under a prior by which most effects are 0 and a few are drawn from normals of several sizes."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    for _ in range(_MOST_SWEEPS):
        if ascent.sweep() < _TOLERANCE:
            break
    return Posterior(ascent.effects, ascent.second, ascent.noise)


@dataclass(eq=False)
class _Ascent:
    """Effects on the way, with the products of the columns and what is left of the targets."""

    moments: Moments
    effects: Array = field(init=False)
    second: Array = field(init=False)
    noise: Array = field(init=False)

    def __post_init__(self) -> None:
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
        self.weights = np.zeros((n_columns, n_targets, 1 + _SIZES))
        scores = (products**2 / self.noise[:, None]).max(axis=0, initial=0.0) / self.diagonal
        order = np.argsort(-scores, kind="stable")
        self.order: NDArray[np.intp] = order[order >= self.moments.always]
        always = slice(0, self.moments.always)
        self.sizes_always, self.axes_always = np.linalg.eigh(gram[always, always])
        self.variance_always = np.full(n_targets, 1.0 / max(self.moments.always, 1))
        self.uncertain_always = np.zeros(n_targets)

    def sweep(self) -> float:
        """Update one by one the effects that would move, and then shares and noise.

        Returns
        -------
        float
            The farthest that one would have moved, in standard errors.
        """
        moved = self._update_always()
        always, spread = self.moments.always, np.sqrt(self.noise)
        self.logarithms = np.log(np.maximum(self.shares, 1e-300))
        farthest = np.zeros(len(self.roots))
        steps = np.abs(self._look(slice(always, None))) * self.roots[always:] / spread[:, None]
        farthest[always:] = steps.max(axis=0, initial=0.0)
        for column in self.order[farthest[self.order] > _STILL]:
            step = self._look(slice(column, column + 1))[:, 0]
            changed = np.flatnonzero(np.abs(step) * self.roots[column] > _STILL * spread)
            self.left[changed] -= step[changed, None] * self.moments.gram[column]
            self.effects[changed, column] += step[changed]
        self._update_prior()
        return max(moved, float(farthest.max(initial=0.0)))

    def _look(self, at: slice) -> Array:
        """`(n_targets, n_columns)` how far the posterior means of some columns' effects lie from where they are."""
        size, effects, shrink = self.diagonal[at, None], self.effects[:, at].T, self.shrink[at, None]
        alone = self.left[:, at].T / size + effects
        weights = np.empty((*alone.shape, 1 + _SIZES))
        weights[:] = self.logarithms
        weights[..., 1:] += self.occam[at, None] + (0.5 * size * alone**2 / self.noise)[..., None] * shrink
        weights -= weights.max(axis=2, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=2, keepdims=True)
        self.weights[at] = weights
        shrunk = weights[..., 1:] * shrink
        kept = shrunk.sum(axis=2)
        self.second[:, at] = ((shrunk * shrink).sum(axis=2) * alone**2 + kept * self.noise / size).T
        return np.asarray((kept * alone - effects).T)

    def _update_always(self) -> float:
        """The columns that are always in, together."""
        n = self.moments.always
        if not n:
            return 0.0
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
        return float((np.abs(step) * self.roots[:n] / np.sqrt(self.noise)[:, None]).max())

    def _update_prior(self) -> None:
        n_unseen, always = self.moments.n_unseen, self.moments.always
        counts = self.weights.sum(axis=0)
        counts[:, 0] += n_unseen
        if len(self.order) + n_unseen:
            self.shares = counts / (len(self.order) + n_unseen)
        squares = self.moments.squares - (self.effects * (self.moments.products + self.left)).sum(axis=1)
        free = np.maximum(self.second - self.effects**2, 0.0)[:, always:] @ self.diagonal[always:]
        least = 1e-6 * self.moments.squares / self.moments.n_rows
        noise = (np.maximum(squares, 0.0) + free + self.uncertain_always) / self.moments.n_rows
        self.noise = np.maximum(noise, np.maximum(least, 1e-300))
