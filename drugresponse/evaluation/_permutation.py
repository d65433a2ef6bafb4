"""Is the gain of genotype more than what shuffled genotypes gain?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores.labels import skill
from drugresponse.data.splits import groups_of_samples
from drugresponse.errors import InputError, count
from drugresponse.evaluation.bootstrap import noise_of_rows
from drugresponse.evaluation.summary import PermutationCheck
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.registry import COVARIATES, make_learner
from drugresponse.learners.studies.study_learner import on_one_scale
from drugresponse.threads import one_thread
from drugresponse.units import units_in_order

__all__ = ["MINIMUM_SHUFFLES", "link_loss", "permutation_check", "shuffle_genotypes"]

MINIMUM_SHUFFLES = 20
"""Fewer cannot reach a p value under 0.05."""
_SMALL_COHORT = 300
"""Samples up to which every fold is refitted for every shuffle."""
_FOLDS_BEYOND = 2

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def permutation_check(
    rows: TrainingRows,
    folds: Sequence[Fold],
    scheme: str,
    *,
    n_shuffles: int = 20,
    n_folds: int | None = None,
    n_jobs: int | None = 1,
    random_state: int = 0,
    learner: str = "ridge",
    settings: Mapping[str, Any] | None = None,
) -> PermutationCheck:
    """Refit a genotype learner on shuffled genotypes, and see whether it predicts held-out rows as well.

    Genotypes are shuffled between samples of one tissue, in `new-lineages` between whole lineages, once for a whole
    cohort; responses, covariates and folds stay.
    Everything that the learner chooses from data (rank, penalties, scales) is chosen anew. The p value is one-sided and
    counts the true arrangement among the shuffled ones: Phipson and Smyth 2010, doi:10.2202/1544-6115.1585. An outcome
    that is not continuous is judged by the likelihood of the scores themselves, before they are calibrated.

    Parameters
    ----------
    rows
        All training rows.
    folds
        `(train, test)` row numbers, as of `make_folds`.
    scheme
        That the folds ask.
    n_shuffles
        20 or more.
    n_folds
        How many of the folds are used, the first ones, for the true and for the shuffled genotypes alike; None is all
        of them up to 300 samples, else 2: fewer test rows make the check weaker, never wrong.
    n_jobs
        Fits run at once; the result does not depend on it.
    random_state
        Seed of the shuffles and of the learner.
    learner
        Name of the genotype learner; it is measured against `covariates`.
    settings
        Of the learners.

    Raises
    ------
    InputError
        Fewer than 20 shuffles, or no fold.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> from drugresponse.data.splits import make_folds
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=4, n_features=20)
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, None, cohort.samples)
    >>> check = permutation_check(rows, make_folds(rows.pairs, "new-samples", 2, 0), "new-samples")
    >>> len(check.shuffled), check.observed > max(check.shuffled), round(check.p, 3)
    (20, True, 0.048)
    """
    if n_shuffles < MINIMUM_SHUFFLES:
        raise InputError(
            f"permutation check: found {count(n_shuffles, 'shuffle')} (expected {MINIMUM_SHUFFLES} or more: "
            "fewer are no check). Give more."
        )
    used = _folds_used(rows, folds, n_folds)
    learner_settings = {"random_state": random_state, **(settings or {}), "scheme": scheme}
    kind = rows.pairs.outcome.kind
    shared = {"rows": rows, "folds": used, "noise": noise_of_rows(rows)}
    shared |= {"settings": learner_settings, "seed": random_state}
    arrangements: list[tuple[str, int | None]] = [(COVARIATES, None), (learner, None)]
    arrangements += [(learner, shuffle) for shuffle in range(n_shuffles)]
    with one_thread():
        units = [(name, shuffle, at) for name, shuffle in arrangements for at in range(len(used))]
        losses = units_in_order(_summed_loss, units, shared, n_jobs, "fits of the permutation check")
    sums = np.array(losses).reshape(len(arrangements), len(used)).sum(axis=1)
    if kind == "continuous":
        gains = 1 - sums[1:] / sums[0] if sums[0] > 0 else np.full(len(sums) - 1, np.nan)
    else:
        means = sums / sum(len(test) for _, test in used)
        # the likelihoods of numbers and times have no natural 0
        gains = skill(kind if rows.pairs.outcome.has_classes else "interval", means[1:], means[0])
    # a gain that is not defined is never better than a shuffled one
    at_least_as_good = int((~(gains[1:] < gains[0])).sum())
    return PermutationCheck(
        learner, float(gains[0]), tuple(float(gain) for gain in gains[1:]), (1 + at_least_as_good) / (1 + n_shuffles)
    )


def _summed_loss(
    unit: tuple[str, int | None, int],
    rows: TrainingRows,
    folds: Sequence[Fold],
    noise: NDArray[np.float64],
    settings: Mapping[str, Any],
    seed: int,
) -> float:
    """Of a learner on the test rows of a fold, after a shuffle of the genotypes by its number, if any."""
    name, shuffle, at = unit
    train, test = folds[at]
    pairs, scheme = rows.pairs, settings["scheme"]
    if shuffle is not None:
        rng = np.random.default_rng([seed, shuffle])
        lineages = groups_of_samples(pairs, scheme) if scheme == "new-lineages" else None
        pairs = shuffle_genotypes(pairs, rng, lineages)
    part = on_one_scale(pairs[train], rows.y[train], rows.weights[train], settings.get("reference_study"))
    fitted = make_learner(name, settings).fit(*part)
    predicted = fitted.predict(pairs[test])
    if rows.pairs.outcome.kind != "continuous":
        return link_loss(rows.pairs[test], rows.y[test], predicted)
    squared = (rows.y[test] - predicted) ** 2
    return float(squared[squared > noise[test] ** 2].sum())


def link_loss(pairs: Pairs, y: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Minus the log likelihood of held-out rows by scores on the scale of the link.

    What it holds beside the score, such as the cuts between classes, is set to what suits these scores best, for true
    and for shuffled genotypes alike.

    Parameters
    ----------
    pairs, y, scores
        `(n_pairs,)` held-out pairs of an outcome that is not continuous.
    """
    return loss_of(pairs.compact(), y, np.ones(len(y))).adjusted(scores).total(scores)


def shuffle_genotypes(pairs: Pairs, rng: np.random.Generator, lineages: NDArray | None = None) -> Pairs:
    """The same pairs, covariates and subjects, each sample with the genotype of some sample of its tissue.

    Samples of unknown tissue exchange genotypes among themselves; without a covariate `tissue` all samples do. Where
    lineages are given, each lineage bears the genotypes of another one, whatever its tissue, repeated or cut to its
    size: samples of one clone are alike among shuffled genotypes too, else chance would look smaller than it is.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[1.0], [2.0], [3.0]], ["a", "b", "c"], ["f"])
    >>> tissues = pd.DataFrame({"tissue": ["lung", "skin", "lung"]}, index=genotypes.sample_ids)
    >>> pairs = Pairs.grid(genotypes, tissues, pd.DataFrame(index=pd.Index(["d"])))
    >>> shuffle_genotypes(pairs, np.random.default_rng(0)).genotypes.dense()[:, 0].tolist()
    [3.0, 2.0, 1.0]
    """
    genotypes, n = pairs.genotypes, pairs.genotypes.shape[0]
    if lineages is not None:
        source = _from_other_lineages(pd.factorize(lineages)[0], rng)
        return replace(pairs, genotypes=_with_rows(genotypes, source))
    tissue = pd.factorize(pairs.covariates["tissue"], use_na_sentinel=False)[0] if "tissue" in pairs.covariates else 0
    strata = np.broadcast_to(tissue, n)
    source = np.empty(n, dtype=np.intp)
    source[np.argsort(strata, kind="stable")] = np.lexsort((rng.random(n), strata))
    return replace(pairs, genotypes=_with_rows(genotypes, source))


def _with_rows(genotypes: Genotypes, rows: NDArray[np.intp]) -> Genotypes:
    """The same samples with the values of others; of stored ones nothing is read."""
    values = genotypes.values.take_rows(rows) if genotypes.is_stored else sparse.csr_array(genotypes.values[rows])
    return replace(genotypes, values=values)


def _from_other_lineages(lineages: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """`(n_samples,)` number of the sample whose genotype each one bears: lineages are permuted as a whole."""
    members = [np.flatnonzero(lineages == number) for number in range(int(lineages.max()) + 1)]
    source = np.empty(len(lineages), dtype=np.intp)
    for here, other in zip(members, rng.permutation(len(members)), strict=True):
        source[here] = np.resize(rng.permutation(members[other]), len(here))
    return source


def _folds_used(rows: TrainingRows, folds: Sequence[Fold], n_folds: int | None) -> list[Fold]:
    if n_folds is None:
        n_folds = len(folds) if rows.pairs.genotypes.shape[0] <= _SMALL_COHORT else _FOLDS_BEYOND
    used = [fold for fold in folds if len(fold[0]) and len(fold[1])][:n_folds]
    if not used:
        raise InputError("permutation check: found no fold with rows on both sides (expected one or more). Give folds.")
    return used
