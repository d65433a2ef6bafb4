"""Reproduce: a model trained again with the settings that its file holds, and whether it is the same."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drugresponse.data.scores.reproduction import are_reproduced, distance_of_predictions
from drugresponse.errors import InputError
from drugresponse.model.file import read_model_file
from drugresponse.model.loading import load_model
from drugresponse.model.manifest import package_versions
from drugresponse.model.model import DrugResponseModel
from drugresponse.settings import ReproduceSettings, TrainingTables, parameters_of
from drugresponse.settings.collect import convert
from drugresponse.version import __version__
from drugresponse.words import joined
from drugresponse.workflows.sources import checksum_of_prior, prior_of, read_training_tables

__all__ = ["reading_of", "reproduce"]

_FILES = ("genotypes", "responses", "drugs", "samples", "features", "aliases", "callable")
_ROLES = (*_FILES, "prior")
_READING = {each.name: each for each in parameters_of(TrainingTables) if each.type != "input"}
"""Options that say how files are read, by name."""


def reading_of(settings: TrainingTables) -> dict[str, Any]:
    """How the files of a training are read, as far as it is not the usual way: what a model's `inputs` keep of it.

    Examples
    --------
    >>> reading_of(TrainingTables(genotypes=["g.tsv"], responses="r.tsv", response_column="ic50"))
    {'reading': {'response_column': 'ic50'}}
    """
    reading = {name: getattr(settings, name) for name in _READING}
    unusual = {name: value for name, value in reading.items() if value != _READING[name].default}
    return {"reading": unusual} if unusual else {}


def reproduce(settings: ReproduceSettings) -> list[str]:
    """Train again what a model file holds, and tell whether it is the same."""
    stored = load_model(settings.model, allow=settings.allow_learner)
    manifest = stored.manifest_
    training = _training_tables(settings, manifest["inputs"].get("reading", {}))
    parameters = manifest["parameters"]
    if settings.prior is None and "prior" in manifest["inputs"]:
        raise InputError(f"`prior`: found none, and {settings.model} was trained with one. Give the same file.")
    tables = read_training_tables(training, settings.n_jobs, parameters["learner"], parameters.get("arm"))
    checksums = tables.checksums | checksum_of_prior(settings.prior)
    again = DrugResponseModel(**{**stored.get_params(deep=False), "device": settings.device, "n_jobs": settings.n_jobs})
    again.fit(
        tables.genotypes,
        tables.responses,
        drugs=tables.drugs,
        samples=tables.samples,
        prior=prior_of(settings.prior, training.drug_column),
        inputs=checksums | reading_of(training),
    )
    told = [_inputs_words(manifest["inputs"], checksums), _versions_words(manifest)]
    same = _same_file(again, Path(settings.model))
    if same:
        return [*told, same]
    one, other = (model.predict(tables.genotypes, samples=tables.samples) for model in (stored, again))
    apart = distance_of_predictions(one, other)
    if not are_reproduced(apart, tolerance=settings.tolerance):
        raise InputError(
            f"{settings.model}: is not reproduced: predictions differ by up to {apart:.3g} of their standard deviation "
            f"(expected at most {settings.tolerance:g}). {' '.join(told)} Give the files, and where it matters the "
            "versions, that it was trained with."
        )
    return [
        *told,
        f"Reproduced within tolerance: predictions differ by at most {apart:.3g} of their standard deviation "
        f"(tolerance {settings.tolerance:g}); the bytes differ.",
    ]


def _training_tables(settings: ReproduceSettings, reading: Any) -> TrainingTables:
    """The files that are given, read as the model says; what it says is checked as if it were typed."""
    known = reading if isinstance(reading, dict) else {}
    where = f"{settings.model}, in what it says of reading its inputs"
    options = {
        name: convert(_READING[name], value, f'{where}, "{name}"') for name, value in known.items() if name in _READING
    }
    return TrainingTables(**{name: getattr(settings, name) for name in _FILES}, **options)


def _inputs_words(stored: Mapping[str, Any], given: Mapping[str, list[str]]) -> str:
    """Whether the files are those of the training, by their checksums."""
    named = {role: sums for role, sums in stored.items() if role not in ("sha256", "reading")}
    if not named:
        return "Inputs: the model names none, since it was not trained from files."
    other = [role for role in _ROLES if role in named and role in given and named[role] != given[role]]
    missing = [role for role in _ROLES if role in named and role not in given]
    more = [role for role in _ROLES if role in given and role not in named]
    parts = [
        f"{joined(other)} not the files of the training" if other else "",
        f"{joined(missing)} not given" if missing else "",
        f"{joined(more)} not given at the training" if more else "",
    ]
    differing = "; ".join(filter(None, parts))
    return f"Inputs: {differing}." if differing else f"Inputs: the files of the training ({joined(list(given))})."


def _versions_words(manifest: Mapping[str, Any]) -> str:
    """Which libraries differ from those of the training."""
    here = {**package_versions(), "drugresponse": __version__}
    then = {**manifest["versions"], "drugresponse": manifest.get("package", __version__)}
    differing = [
        f"{name} {then[name]} then, {here[name]} here" for name in here if then.get(name) not in (None, here[name])
    ]
    return f"Versions: {', '.join(differing)}." if differing else "Versions: those of the training."


def _same_file(again: DrugResponseModel, path: Path) -> str:
    """What is the same in the two files; empty where the models differ."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "model.safetensors")
        again.save(made)
        if made.read_bytes() == path.read_bytes():
            return "Reproduced: the same bytes."
        digests = {read_model_file(each)[1]["sha256"] for each in (made, path)}
    return "Reproduced: the same model; its file differs in the list of its inputs alone." if len(digests) == 1 else ""
