"""The same learner fitted again without some of the subjects: how far effects move, and which features stay on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import groups_of_samples
from drugresponse.errors import InputError
from drugresponse.explanation._attributions import PartEffects, attribute
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.chosen import fresh_learner, learner_name
from drugresponse.learners.prior.prior_learner import PriorLearner, bare_learner, prior_offset
from drugresponse.learners.prior.prior_offset import PriorOffset
from drugresponse.learners.registry import AUTO, find_learner
from drugresponse.learners.stack.stack import AutoLearner
from drugresponse.model.model import DrugResponseModel
from drugresponse.shown import Shown
from drugresponse.threads import one_thread
from drugresponse.units import units_in_order

__all__ = ["TOP", "Recipe", "Spread", "aligned", "effects_of", "refit_without_groups", "spread_over_refits"]

TOP = 20
"""A feature is on top of its drug when it is among so many genotype features."""
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Recipe:
    """How a model's learner is fitted once more.

    Attributes
    ----------
    learner
        Its name.
    settings
        As of the model; those that the learner takes are handed to it.
    weights
        Of the members of `auto`, which are not weighed anew; empty for every other learner.
    estimator
        The learner itself, where the model was given one; None where it was given a name.
    prior
        What a prior adds to its predictions, which is not learned anew; None where nothing is.
    """

    learner: str
    settings: Mapping[str, Any]
    weights: Mapping[str, float]
    estimator: PairRegressor | None = None
    prior: PriorOffset | None = None

    @classmethod
    def of(cls, model: DrugResponseModel, learner: str | None = None, n_jobs: int | None = None) -> Recipe:
        """The recipe of a fitted model.

        Parameters
        ----------
        model
            Fitted or loaded.
        learner
            A cheaper learner to take in its place; None takes the model's own.
        n_jobs
            Units run at once in each fit, None and -1 for all cores.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
        >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
        >>> Recipe.of(model).learner, Recipe.of(model).n_fits(), Recipe.of(model, "covariates").learner
        ('ridge', 1, 'covariates')
        """
        settings = {**model.get_params(deep=False), "n_jobs": n_jobs}
        estimator = model.learner if learner is None and isinstance(model.learner, PairRegressor) else None
        name = learner_name(model.learner) if estimator is not None else find_learner(learner or model.learner).name
        fitted = bare_learner(model.regressor_)
        weights = fitted.weights_ if name == AUTO and isinstance(fitted, AutoLearner) else {}
        return cls(name, settings, dict(weights), estimator, prior_offset(model.regressor_))

    def n_fits(self) -> int:
        """Fits of single learners that one refit costs."""
        return 1 + len(self.weights) if self.learner == AUTO else 1

    def fit(self, pairs: Pairs, y: NDArray[np.float64], weights: NDArray[np.float64], seed: int) -> PairRegressor:
        """Fit to these rows with another seed."""
        fitted = fresh_learner(self.learner if self.estimator is None else self.estimator, self.settings)
        fitted.set_params(**fitted.own_settings({"random_state": seed}))
        if self.prior is not None:
            y = y - self.prior.values(pairs, pairs.genotypes.features)
        if isinstance(fitted, AutoLearner):
            fitted = fitted.fit_weighed(pairs, y, weights, self.weights)
        else:
            fitted = fitted.fit(pairs, y, weights)
        return fitted if self.prior is None else PriorLearner.around(fitted, self.prior)


@dataclass(frozen=True, eq=False, repr=False)
class Spread(Shown):
    """How effects vary over refits.

    Attributes
    ----------
    lower, upper
        `(n_drugs, n_parts)` float64, 95 % interval of the effect by the delete-a-group jackknife, in the unit of the
        effect. It tells how far the model's effect would move with other subjects and another seed, not how far a
        shrunken effect lies from the true one.
    stability
        `(n_drugs, n_parts)` float64, share of the refits in which a genotype feature is among the 20 most important of
        its drug; NaN for covariates.
    n_refits
        Refits compared.

    Examples
    --------
    >>> spread = Spread(np.array([[0.2, -0.1]]), np.array([[0.6, 0.3]]), np.array([[1.0, 0.4]]), n_refits=5)
    >>> ((spread.lower > 0) | (spread.upper < 0)).tolist()  # whether the sign of an effect is sure
    [[True, False]]
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    stability: NDArray[np.float64]
    n_refits: int


def refit_without_groups(
    recipe: Recipe, rows: TrainingRows, explained: Pairs, *, n_groups: int = 5, random_state: int = 0
) -> list[PartEffects]:
    """Fit without each of some groups of subjects in turn, and attribute the same predictions anew.

    In `new-lineages` whole lineages are left out instead of subjects.

    Parameters
    ----------
    recipe
        Of the learner.
    rows
        What the model was trained on.
    explained
        The pairs that are explained.
    n_groups
        Groups that the subjects are dealt to, and so refits; fewer where there are fewer subjects.
    random_state
        Seed of the deal; each refit has a seed of its own that follows from it.

    Raises
    ------
    InputError
        Fewer than two groups, or two subjects.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, None, cohort.samples)
    >>> recipe = Recipe("ridge", {"scheme": "new-samples"}, {})
    >>> len(refit_without_groups(recipe, rows, rows.pairs, n_groups=3))
    3
    """
    pairs = rows.pairs
    subject = pd.factorize(groups_of_samples(pairs, str(recipe.settings.get("scheme"))))[0]
    n_subjects = int(subject.max()) + 1
    n_groups = min(n_groups, n_subjects)
    if n_groups < 2:
        raise InputError(
            f"refits: found {n_groups} groups of {n_subjects} subjects to leave out (expected 2 or more). "
            "Ask for more groups, or for no refits."
        )
    group = np.random.default_rng(random_state).permutation(n_subjects) % n_groups
    shared = {"recipe": recipe, "rows": rows, "explained": explained, "group": group[subject], "seed": random_state + 1}
    # one after the other on this machine: each has all its threads, and memory for one is enough
    return units_in_order(_refit_without_group, range(n_groups), shared, 1, "refits without a part of the subjects")


@one_thread()
def _refit_without_group(
    number: int, recipe: Recipe, rows: TrainingRows, explained: Pairs, group: NDArray[np.intp], seed: int
) -> PartEffects:
    kept = np.flatnonzero(group[rows.pairs.sample_index] != number)
    fitted = recipe.fit(rows.pairs[kept], rows.y[kept], rows.weights[kept], seed + number)
    return effects_of(fitted, explained)


def effects_of(fitted: PairRegressor, explained: Pairs) -> PartEffects:
    """The effects of a fitted learner's parts on the predictions of these pairs."""
    return attribute(fitted.contribution_parts(), fitted.contributions(explained), explained)[0]


def spread_over_refits(effects: PartEffects, refits: Sequence[PartEffects]) -> Spread:
    """Intervals and stability of the effects.

    The variance is that of the delete-a-group jackknife, `(k - 1) / k` times the sum of squares about the mean of the k
    refits, and the interval has the t distribution of k - 1 degrees of freedom. Each refit also has a seed of its own,
    so that what a learner owes to chance counts. Source: Kott 2001, "The delete-a-group jackknife", Journal of Official
    Statistics 17, 521.

    Parameters
    ----------
    effects
        Of the model.
    refits
        Two or more, as of `refit_without_groups`. A part that a refit lacks, since its feature did not vary, counts as
        0.
    """
    n = len(refits)
    values = np.stack([aligned(effects, refit, refit.effect) for refit in refits])
    # where the value does not vary among the explained samples, it does so in no refit
    variance = (n - 1) / n * ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    half = stats.t.ppf(0.5 + _CONFIDENCE / 2, n - 1) * np.sqrt(variance)
    on_top = [aligned(effects, refit, _on_top(refit).astype(np.float64)) for refit in refits]
    genotype = (effects.parts["kind"] == "genotype").to_numpy()
    stability = np.where(genotype, np.mean(on_top, axis=0), np.nan)
    return Spread(effects.effect - half, effects.effect + half, stability, n)


def aligned(effects: PartEffects, other: PartEffects, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_drugs, n_parts)` values of another fit in the order of `effects`; 0 where it lacks the drug or the part."""
    part = other.keys().get_indexer(effects.keys())
    drug = other.drug_ids.get_indexer(effects.drug_ids)
    known = (drug >= 0)[:, None] & (part >= 0)[None, :]
    if not values.size:
        return np.zeros(effects.effect.shape)
    return np.where(known, values[np.ix_(np.maximum(drug, 0), np.maximum(part, 0))], 0.0)


def _on_top(effects: PartEffects) -> NDArray[np.bool_]:
    return (effects.ranks() <= TOP) & (effects.importance > 0)
