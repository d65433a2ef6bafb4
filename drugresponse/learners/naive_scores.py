"""Naive scores of outcomes that are no plain numbers: levels of drugs, samples and tissues on the link's scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import relative_weights
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.state import Array

__all__ = ["NaiveScores", "shrunken_effects"]

_SWEEPS = 3
"""Times that effects of drugs and of samples are fitted beside each other."""
_STEPS = 25
_LEAST_VARIANCE = 1e-4
"""Of effects, in squared units of the loss: where they are noise they end as good as 0."""


@dataclass(frozen=True, eq=False)
class NaiveScores:
    """Scores that know no genotype, by penalised likelihood.

    Attributes
    ----------
    loss
        Of the rows.
    pairs
        Training pairs, compact.
    overall, levels
        The score that suits all rows best, and `(n_drugs,)` those that suit the rows of each drug.
    """

    loss: RowLoss
    pairs: Pairs
    overall: float
    levels: Array

    @classmethod
    def fit(cls, pairs: Pairs, y: Array, weights: Array | None) -> NaiveScores:
        """Levels of training pairs, compact, of an outcome that is not continuous."""
        weight = relative_weights(weights, len(y))
        loss = loss_of(pairs, y, weight)
        alike = replace(pairs, drug_index=np.zeros_like(pairs.drug_index))
        return cls(loss, pairs, float(loss_of(alike, y, weight).start()[0]), loss.start())

    def of_samples(self) -> Array:
        """`(n_samples,)` score of each sample, all drugs alike."""
        base = np.full(len(self.pairs), self.overall)
        return self.overall + shrunken_effects(self.loss, base, self.pairs.sample_index)

    def of_groups(self, groups: NDArray[np.intp], rows: NDArray[np.intp]) -> Array:
        """`(n_groups,)` what each group of some rows has beyond its drugs.

        Parameters
        ----------
        groups
            `(len(rows),)` from 0.
        rows
            Numbers of the rows.
        """
        return shrunken_effects(self.loss.take(rows), self.levels[self.pairs.drug_index[rows]], groups)

    def additive(self, use_drugs: bool, use_samples: bool) -> tuple[Array, Array]:
        """`(n_drugs,)` and `(n_samples,)` effects beyond `overall`; 0 on a side that is not used."""
        drugs, samples = self.pairs.drug_index, self.pairs.sample_index
        of_drugs = self.levels - self.overall if use_drugs else np.zeros(len(self.levels))
        of_samples = np.zeros(len(self.pairs.genotypes.sample_ids))
        loss = self.loss
        for _ in range(_SWEEPS if use_samples else 0):
            of_samples = shrunken_effects(loss, self.overall + of_drugs[drugs], samples)
            if not use_drugs:
                break
            of_drugs = shrunken_effects(loss, self.overall + of_samples[samples], drugs)
            loss = loss.adjusted(self.overall + of_drugs[drugs] + of_samples[samples])
        return of_drugs, of_samples


def shrunken_effects(loss: RowLoss, base: Array, groups: NDArray[np.intp]) -> Array:
    """`(n_groups,)` effects that add to scores, drawn to 0 by a variance that is learned with them.

    Newton's steps on the penalised likelihood, and after each the variance by expectation-maximisation in Laplace's
    approximation: Stiratelli, Laird and Ware 1984, doi:10.2307/2531147.

    Parameters
    ----------
    loss
        Of the rows.
    base
        `(n_rows,)` scores that the effects add to.
    groups
        `(n_rows,)` number of the group of each, from 0.

    Examples
    --------
    >>> from drugresponse.learners.losses.bernoulli import BernoulliLoss
    >>> y = np.repeat([1.0, 0.0, 1.0, 0.0], [90, 10, 20, 80])
    >>> loss = BernoulliLoss(y, np.ones(200), np.zeros(200, dtype=np.intp))
    >>> shrunken_effects(loss, np.zeros(200), np.repeat([0, 1], 100)).round(1).tolist()
    [2.1, -1.4]
    """
    n_groups = int(groups.max(initial=-1)) + 1
    effects, unit = np.zeros(n_groups), loss.unit
    variance = unit**2
    for _ in range(_STEPS):
        slope, curvature = loss.derivatives(base + effects[groups])
        of_group = np.bincount(groups, curvature, n_groups) + 1 / variance
        step = (np.bincount(groups, slope, n_groups) + effects / variance) / of_group
        effects = effects - np.clip(step, -2 * unit, 2 * unit)
        variance = max(float(np.mean(effects**2 + 1 / of_group)), _LEAST_VARIANCE * unit**2)
    return effects
