"""What each learner is, in one record: choices of options, `auto`, reports, forms and pages are made of it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from drugresponse.errors import InputError, nearest

if TYPE_CHECKING:
    from drugresponse.learners.base import PairRegressor
    from drugresponse.learners.state import State

__all__ = [
    "AUTO",
    "CANDIDATES",
    "COVARIATES",
    "EVALUATED_LEARNERS",
    "LEARNERS",
    "NAIVE",
    "WITHOUT_GENOTYPE",
    "Learner",
    "find_learner",
    "learner_class",
    "make_learner",
    "restore_learner",
]

AUTO, NAIVE, COVARIATES = "auto", "additive-mean", "covariates"


@dataclass(frozen=True)
class Learner:
    """A learner as the registry knows it.

    Attributes
    ----------
    name
        As on the command line.
    place
        Module and class, imported only when the learner is used.
    label
        What forms show for it.
    description
        How it predicts, in one line.
    uses_genotype
        Whether its predictions depend on genotype.
    cost
        Its rank by cost among the learners that `auto` weighs, the cheapest first; None where it takes no part.
    for_sparse_screens
        Whether `auto` tries it only where few of all pairs were measured.
    reads_limits
        Whether it takes a censored response for the limit that it is; others take it at the limit, as if measured.
    """

    name: str
    place: str
    label: str
    description: str
    uses_genotype: bool = True
    cost: int | None = None
    for_sparse_screens: bool = False
    reads_limits: bool = False


_ALL = (
    Learner(
        AUTO,
        "drugresponse.learners.stack.stack:AutoLearner",
        label="Auto: all of them, weighed by held-out rows",
        description="adds the others up, weighed by held-out rows; the naive model if the sum does not beat it",
    ),
    Learner(
        NAIVE,
        "drugresponse.learners.baselines:AdditiveMean",
        label="Additive means (naive: no genotype)",
        description="the mean effects that the scheme has: the naive model, the bar to clear",
        uses_genotype=False,
    ),
    Learner(
        COVARIATES,
        "drugresponse.learners.ridge.linear:CovariateRidge",
        label="Covariates only (no genotype)",
        description="ridge on tissue and the like, without genotype: the other bar to clear",
        uses_genotype=False,
        cost=1,
    ),
    Learner(
        "ridge",
        "drugresponse.learners.ridge.linear:FactorRidge",
        label="Ridge regression",
        description="covariate and genotype tokens, shared over drugs through the directions in which "
        "drugs differ, solved in closed form",
        cost=2,
    ),
    Learner(
        "pair-ridge",
        "drugresponse.learners.ridge.pair_ridge:PairRidge",
        label="Ridge on pairs, for screens in which few pairs were measured",
        description="for screens in which few pairs were measured: samples, drugs, tokens and structures in one kernel",
        cost=3,
        for_sparse_screens=True,
    ),
    Learner(
        "gaussian",
        "drugresponse.learners.kernel.gaussian:GaussianRidge",
        label="Gaussian: ridge on smooth functions of many features",
        description="the ridge on smooth functions of many tokens, each with a weight learned from the responses",
        cost=5,
    ),
    Learner(
        "boosted-trees",
        "drugresponse.learners.trees.trees:BoostedTrees",
        label="Boosted trees",
        description="gradient-boosted trees on tokens and the ridge's left-out embeddings",
        cost=4,
    ),
    Learner(
        "random-forest",
        "drugresponse.learners.trees.trees:RandomForest",
        label="Random forest",
        description="a random forest on tokens and the ridge's left-out embeddings",
        cost=6,
    ),
    Learner(
        "neural",
        "drugresponse.learners.neural.neural:NeuralResponse",
        label="Neural: genotype embeddings with a response network",
        description="genotype and drug embeddings that start at the ridge, and a non-linear head; stopped "
        "on held-out rows",
        cost=7,
        reads_limits=True,
    ),
)
LEARNERS: Mapping[str, Learner] = MappingProxyType({learner.name: learner for learner in _ALL})
"""Every learner of this package by name, in the order of forms."""

CANDIDATES: tuple[str, ...] = tuple(
    learner.name for learner in sorted(_ALL, key=lambda learner: learner.cost or 0) if learner.cost is not None
)
"""Those that `auto` weighs, in the order of their cost."""
WITHOUT_GENOTYPE: frozenset[str] = frozenset(learner.name for learner in _ALL if not learner.uses_genotype)
EVALUATED_LEARNERS = (COVARIATES, "ridge", "boosted-trees", "neural")
"""Those that `evaluate` compares unless others are named."""


def find_learner(name: str) -> Learner:
    """The record of a learner.

    Raises
    ------
    InputError
        No such learner; the nearest name is suggested.

    Examples
    --------
    >>> find_learner("covariates").uses_genotype
    False
    """
    if name not in LEARNERS:
        raise InputError(f'`learner`: "{name}" is unknown. {nearest(name, LEARNERS)}')
    return LEARNERS[name]


def learner_class(name: str) -> type[PairRegressor]:
    """The class of a learner; only what the registry names is ever imported."""
    module, _, attribute = find_learner(name).place.partition(":")
    kind: type[PairRegressor] = getattr(importlib.import_module(module), attribute)
    return kind


def make_learner(name: str, settings: Mapping[str, Any]) -> PairRegressor:
    """A learner by name, with those of the settings that it takes."""
    kind = learner_class(name)
    return kind(**kind.own_settings(settings))


def restore_learner(name: str, state: State, settings: Mapping[str, Any]) -> PairRegressor:
    """A fitted learner by name, from its state and those of the settings that it takes."""
    kind = learner_class(name)
    restored: PairRegressor = kind.from_state(state, **kind.own_settings(settings))
    return restored
