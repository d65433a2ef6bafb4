"""The learner of a model: a name or an estimator, what a file keeps of it, and whose code a file may ask for."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import (
    COVARIATES,
    LEARNERS,
    find_learner,
    learned_scheme,
    learner_class,
    make_learner,
    registered_name,
)

__all__ = [
    "RUNTIME_ONLY",
    "cheap_judge",
    "fresh_learner",
    "learner_facts",
    "learner_name",
    "refuse_foreign_learner",
    "refuse_unsaveable",
    "restored_learner",
]

logger = logging.getLogger(__name__)

RUNTIME_ONLY = ("device", "n_jobs")
"""Settings that never change a result and stay out of a file."""
_OWN_CHOICE = (COVARIATES, "ridge")
"""Learners cheap enough to choose for themselves; for others of this package the ridge does."""
_OF_THE_MODEL = ("scheme", *RUNTIME_ONLY)
"""What an estimator takes from the model that it is the learner of; the rest is its own."""


def learner_name(learner: str | PairRegressor) -> str:
    """The name of a model's learner: of an estimator that of the registry, or else of its class."""
    if isinstance(learner, str):
        return learner
    return registered_name(type(learner)) or type(learner).__qualname__


def fresh_learner(learner: str | PairRegressor, settings: Mapping[str, Any]) -> PairRegressor:
    """A learner that is not yet fitted.

    Parameters
    ----------
    learner
        A name, or an estimator, which is cloned.
    settings
        Of the model. A learner by name has those that it takes; an estimator has its own, but for scheme, device and
        number of jobs.
    """
    if isinstance(learner, str):
        return make_learner(learner, settings)
    copy: PairRegressor = clone(learner)
    of_the_model = {name: settings[name] for name in _OF_THE_MODEL if name in settings}
    if "scheme" in of_the_model:
        of_the_model["scheme"] = learned_scheme(of_the_model["scheme"])
    return copy.set_params(**copy.own_settings(of_the_model))


def cheap_judge(learner: PairRegressor) -> PairRegressor:
    """What tries choices on inner folds in the place of a learner: itself where it is cheap or foreign, else ridge."""
    name = registered_name(type(learner))
    if name is None or name in _OWN_CHOICE or find_learner(name).plugin is not None:
        return learner
    return make_learner("ridge", learner.get_params(deep=False))


def learner_facts(regressor: PairRegressor, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest tells of a learner beside its name.

    Parameters
    ----------
    regressor
        The learner.
    parameters
        Of the model.

    Returns
    -------
    dict
        `learner_from`: distribution and version of a learner that is not of this package. `learner_parameters`: those
        that differ from what the model's own settings ask for. Neither where there is nothing to tell.
    """
    name = registered_name(type(regressor))
    if name is None:
        return {}
    usual = make_learner(name, parameters).get_params(deep=False)
    own = {key: _plain(value) for key, value in regressor.get_params(deep=False).items() if key not in RUNTIME_ONLY}
    differing = {key: value for key, value in own.items() if not _alike(value, usual[key])}
    facts: dict[str, Any] = {"learner_parameters": differing} if differing else {}
    plugin = find_learner(name).plugin
    if plugin is not None:
        facts["learner_from"] = {"distribution": plugin.distribution, "version": plugin.version}
    return facts


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else list(value) if isinstance(value, tuple) else value


def _alike(value: Any, usual: Any) -> bool:
    return value is usual or (_is_plain(value) and bool(value == usual))


def _is_plain(value: Any) -> bool:
    """Whether a file can hold it."""
    return all(isinstance(item, str | int | float | None) for item in (value if isinstance(value, list) else [value]))


def refuse_unsaveable(regressor: PairRegressor, manifest: Mapping[str, Any]) -> None:
    """Refuse to save a learner that could not be found again, or whose parameters a file cannot hold.

    Raises
    ------
    InputError
        Its class is registered nowhere, or a parameter is no number, text, truth value, None or a list of them.
    """
    kind = type(regressor)
    if registered_name(kind) is None:
        raise InputError(
            f"`learner`: {kind.__qualname__} is registered nowhere (expected a learner that can be found again by its "
            "name when the file is loaded). Put its class into a module of a distribution, and give that the entry "
            f'point NAME = "{kind.__module__}:{kind.__qualname__}" in the group drugresponse.learners.'
        )
    for name, value in manifest.get("learner_parameters", {}).items():
        if not _is_plain(value):
            raise InputError(
                f"`learner__{name}`: found {type(value).__name__} (expected a number, text, True, False, None or a "
                "list of them, which a file can hold). Give the learner another value, and train again."
            )


def refuse_foreign_learner(manifest: Mapping[str, Any], allow: Collection[str], where: str) -> None:
    """Refuse to run code that a file asks for and nobody has allowed, or other code than the file was written by.

    Parameters
    ----------
    manifest
        Of the file.
    allow
        Names of learners of other distributions that may be loaded.
    where
        The file's name, for the message.

    Raises
    ------
    ModelFileError
        The learner is of another distribution, and not allowed, not installed, or not to be imported.
    """
    name = manifest["parameters"]["learner"]
    if name in LEARNERS:
        return
    stored = manifest["learner_from"]
    origin = f'{where}: its learner "{name}" is of {stored["distribution"]} {stored["version"]}'
    if name not in allow:
        raise ModelFileError(
            f"{origin}, and loading it runs the code of that distribution (expected a learner of this package, or one "
            f"that is allowed). If you trust what is installed under that name, name {name} in `allow`."
        )
    try:
        plugin = find_learner(name).plugin
    except InputError:
        plugin = None
    if plugin is None or plugin.distribution != stored["distribution"]:
        absent = "which is not installed, or has no learner of that name"
        present = absent if plugin is None else f"and {plugin.distribution} gives one of that name"
        raise ModelFileError(f"{origin}, {present} (expected {stored['distribution']}). Install it, and load again.")
    try:
        learner_class(name)
    except InputError as error:
        raise ModelFileError(f"{where}: {error}") from error
    if plugin.version != stored["version"]:
        logger.warning("%s, and %s is installed: its predictions may be others.", origin, plugin.version)


def restored_learner(manifest: Mapping[str, Any]) -> str | PairRegressor:
    """What a loaded model has for its learner: the name, or an estimator where the parameters are its own."""
    name, parameters = manifest["parameters"]["learner"], manifest["parameters"]
    if "learner_parameters" not in manifest:
        return str(name)
    kind = learner_class(name)
    return kind(**kind.own_settings({**parameters, **manifest["learner_parameters"]}))
