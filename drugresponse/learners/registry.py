"""What each learner is, in one record: choices of options, `auto`, reports, forms and pages are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from drugresponse.errors import InputError, nearest
from drugresponse.plugins import LEARNER_GROUP, Plugin, find_plugin, load_place, names_of, plugin_names

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
    "learned_scheme",
    "learner_class",
    "learner_names",
    "make_learner",
    "registered_name",
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
    for_many_features
        Whether `auto` tries it only where there are more features than samples.
    reads_limits
        Whether it takes a censored response for the limit that it is; others take it at the limit, as if measured.
    reads_blocks
        Whether it takes genotypes that are too many for the memory, and reads them in blocks; `auto` leaves the others
        out where they are.
    reads_blocks_of_numbers_alone
        Whether it does so for continuous outcomes only.
    plugin
        Where a learner of another distribution comes from; None for those of this package.

    Examples
    --------
    >>> LEARNERS["ridge"].uses_genotype, LEARNERS["additive-mean"].uses_genotype
    (True, False)
    """

    name: str
    place: str
    label: str
    description: str
    uses_genotype: bool = True
    cost: int | None = None
    for_sparse_screens: bool = False
    for_many_features: bool = False
    reads_limits: bool = False
    reads_blocks: bool = False
    reads_blocks_of_numbers_alone: bool = False
    plugin: Plugin | None = None


_ALL = (
    Learner(
        AUTO,
        "drugresponse.learners.stack.stack:AutoLearner",
        label="Auto: all of them, weighed by held-out rows",
        description="adds the others up, weighed by held-out rows; the naive model if the sum does not beat it",
        reads_blocks=True,
    ),
    Learner(
        NAIVE,
        "drugresponse.learners.baselines:AdditiveMean",
        label="Additive means (naive: no genotype)",
        description="the mean effects that the scheme has: the naive model, the bar to clear",
        uses_genotype=False,
        reads_blocks=True,
    ),
    Learner(
        COVARIATES,
        "drugresponse.learners.ridge.linear:CovariateRidge",
        label="Covariates only (no genotype)",
        description="ridge on tissue and the like, without genotype: the other bar to clear",
        uses_genotype=False,
        cost=1,
        reads_blocks=True,
    ),
    Learner(
        "ridge",
        "drugresponse.learners.ridge.linear:FactorRidge",
        label="Ridge regression",
        description="covariate and genotype tokens, shared over drugs through the directions in which "
        "drugs differ, solved in closed form",
        cost=2,
        reads_blocks=True,
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
        "sparse",
        "drugresponse.learners.sparse.sparse:SparseRidge",
        label="Sparse: a few strong effects beside the ridge, for many features",
        description="the ridge, and a few strong effects among many features, most of which have none",
        cost=4,
        for_many_features=True,
        reads_blocks=True,
    ),
    Learner(
        "gaussian",
        "drugresponse.learners.kernel.gaussian:GaussianRidge",
        label="Gaussian: ridge on smooth functions of many features",
        description="the ridge on smooth functions of many tokens, each with a weight learned from the responses",
        cost=6,
    ),
    Learner(
        "boosted-trees",
        "drugresponse.learners.trees.trees:BoostedTrees",
        label="Boosted trees",
        description="gradient-boosted trees on tokens and the ridge's left-out embeddings",
        cost=5,
        reads_blocks=True,
        reads_blocks_of_numbers_alone=True,
    ),
    Learner(
        "random-forest",
        "drugresponse.learners.trees.trees:RandomForest",
        label="Random forest",
        description="a random forest on tokens and the ridge's left-out embeddings",
        cost=7,
        reads_blocks=True,
        reads_blocks_of_numbers_alone=True,
    ),
    Learner(
        "neural",
        "drugresponse.learners.neural.neural:NeuralResponse",
        label="Neural: genotype embeddings with a response network",
        description="genotype embeddings by an ensemble of networks, beside the ridge's as far as held-out "
        "rows say, and drug embeddings",
        cost=8,
        reads_limits=True,
        reads_blocks=True,
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
    """The record of a learner: one of this package, or one that another installed distribution gives under this name.

    Raises
    ------
    InputError
        No such learner; the nearest name is suggested.

    Examples
    --------
    >>> find_learner("covariates").uses_genotype
    False
    """
    if name in LEARNERS:
        return LEARNERS[name]
    plugin = find_plugin(LEARNER_GROUP, name)
    if plugin is None:
        raise InputError(f'`learner`: "{name}" is unknown. {nearest(name, learner_names())}')
    return Learner(name, plugin.place, name, f"of {plugin.distribution} {plugin.version}", plugin=plugin)


def learner_names() -> tuple[str, ...]:
    """Every learner that can be named, those of other installed distributions last.

    Examples
    --------
    >>> learner_names()[:3]
    ('auto', 'additive-mean', 'covariates')
    """
    return (*LEARNERS, *(name for name in plugin_names(LEARNER_GROUP) if name not in LEARNERS))


def learner_class(name: str) -> type[PairRegressor]:
    """The class of a learner.

    Raises
    ------
    InputError
        The learner is of another distribution, and cannot be imported or is none.
    """
    learner = find_learner(name)
    if learner.plugin is None:
        kind: type[PairRegressor] = load_place(learner.place)
        return kind
    from drugresponse.learners.base import PairRegressor

    foreign = learner.plugin.load()
    if not (isinstance(foreign, type) and issubclass(foreign, PairRegressor)):
        raise InputError(
            f'`learner`: "{name}" of {learner.plugin.distribution} is {learner.place} (expected a class that inherits '
            "from drugresponse.PairRegressor). Tell the authors of that distribution."
        )
    try:
        foreign().get_params()
    except Exception as error:
        raise InputError(
            f'`learner`: "{name}" of {learner.plugin.distribution} cannot be made without parameters ({error}; '
            "expected a class with all methods, whose parameters have defaults). Tell the authors of that distribution."
        ) from error
    return foreign


def registered_name(kind: type) -> str | None:
    """The name under which a class of learners can be found again; None where it is registered nowhere.

    Examples
    --------
    >>> registered_name(learner_class("ridge")), registered_name(dict)
    ('ridge', None)
    """
    place = f"{kind.__module__}:{kind.__qualname__}"
    own = next((learner.name for learner in LEARNERS.values() if learner.place == place), None)
    if own is not None:
        return own
    # a name of this package is never that of another one's learner
    return next((name for name in names_of(LEARNER_GROUP, kind) if name not in LEARNERS), None)


def learned_scheme(scheme: str) -> str:
    """The scheme of a learner: where studies are new it sees all responses on one scale, and samples are new to it.

    Examples
    --------
    >>> learned_scheme("new-studies"), learned_scheme("new-drugs")
    ('new-samples', 'new-drugs')
    """
    return "new-samples" if scheme == "new-studies" else scheme


def make_learner(name: str, settings: Mapping[str, Any]) -> PairRegressor:
    """A learner by name, with those of the settings that it takes."""
    kind = learner_class(name)
    return kind(**kind.own_settings(_of_learner(settings)))


def restore_learner(name: str, state: State, settings: Mapping[str, Any]) -> PairRegressor:
    """A fitted learner by name, from its state and those of the settings that it takes."""
    kind = learner_class(name)
    restored: PairRegressor = kind.from_state(state, **kind.own_settings(_of_learner(settings)))
    return restored


def _of_learner(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings with the scheme that a learner sees."""
    return {**settings, "scheme": learned_scheme(settings["scheme"])} if "scheme" in settings else settings
