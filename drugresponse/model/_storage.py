"""The fitted parts of a whole model as plain state, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.encoders import trained_features
from drugresponse.learners.registry import restore_learner
from drugresponse.learners.state import State, damaged, state_ids, state_texts, state_wholes
from drugresponse.model._manifest_schema import check_manifest
from drugresponse.model._scales import TrainedScales
from drugresponse.model._training_ids import SeenSamples
from drugresponse.model.adaptation.adaptation import PilotAdaptation
from drugresponse.model.file import read_model_file
from drugresponse.model.intervals.intervals import IntervalTable

if TYPE_CHECKING:
    from drugresponse.model.model import DrugResponseModel

__all__ = ["model_state", "read_model"]


def model_state(model: DrugResponseModel) -> State:
    """All that a fitted model needs to predict."""
    drugs = model.drugs_
    return {
        "regressor": model.regressor_.get_state(),
        "naive": model.naive_.get_state(),
        "seen": {"salt": model.seen_.salt, "hashes": model.seen_.hashes},
        "drugs": {str(name): _texts(drugs[name]) for name in drugs.columns},
        "drug_ids": [str(each) for each in drugs.index],
        "covariates": model.covariate_names_,
        "text_covariates": list(model.text_covariates_),
        "covariate_texts": [json.dumps(model.text_covariates_)],
        "scales": {} if model.scales_ is None else model.scales_.get_state(),
        "adaptation": {} if model.adaptation_ is None else model.adaptation_.get_state(),
        "intervals": {} if model.intervals_ is None else model.intervals_.get_state(),
    }


def read_model(kind: type[DrugResponseModel], path: str | Path) -> DrugResponseModel:
    """The model in a file, all of its parts proved.

    Raises
    ------
    ModelFileError
        The file is foreign, truncated, damaged or of a newer format.
    """
    state, manifest = read_model_file(path)
    check_manifest(manifest, str(path))
    try:
        model = kind(**manifest["parameters"])
        _restore(model, state, manifest)
    except ModelFileError:
        raise
    except (InputError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: its parts do not make a model ({error!r}). The file is damaged; train again."
        ) from error
    return model


def _restore(model: DrugResponseModel, state: State, manifest: dict[str, Any]) -> None:
    """Give a model of the manifest's parameters the parts that `model_state` took."""
    model.regressor_ = restore_learner(model.learner, state["regressor"], manifest["parameters"])
    model.naive_ = NaiveEffects.from_state(state["naive"])
    hashes = state_wholes(state["seen"], "hashes", -1, below=2**64)
    model.seen_ = SeenSamples(str(state["seen"]["salt"]), hashes.astype(np.uint64))
    index = pd.Index(state_ids(state, "drug_ids"), name="drug_id", dtype=object)
    columns = {name: state_texts(state["drugs"], name, len(index)) for name in {"smiles": [], **state["drugs"]}}
    model.drugs_ = pd.DataFrame(columns, index=index, dtype=object)
    model.covariate_names_ = state_ids(state, "covariates")
    model.text_covariates_ = _covariate_texts(state)
    # files of format 1 may lack them, and then nothing is claimed of scales
    scales = state.get("scales")
    n_features = len(trained_features(model.regressor_))
    model.scales_ = TrainedScales.from_state(scales, n_features) if scales else None
    intervals = state.get("intervals")
    model.intervals_ = IntervalTable.from_state(intervals) if intervals else None
    if model.intervals_ is not None and not model.intervals_.drugs.spread.is_flat:
        raise damaged("its intervals ask for a spread")
    adaptation = state.get("adaptation")
    model.adaptation_ = PilotAdaptation.from_state(adaptation) if adaptation else None
    model.metrics_ = None
    model.manifest_ = {key: value for key, value in manifest.items() if key != "sha256"}


def _covariate_texts(state: State) -> dict[str, dict[str, str]]:
    """The texts of each text covariate and the level of each; files of format 1 may lack them, which leaves none."""
    texts = json.loads("".join(state_texts({"covariate_texts": ["{}"], **state}, "covariate_texts")))
    found = {str(name): dict(texts.get(name, {})) for name in state_ids(state, "text_covariates")}
    if not all(isinstance(each, str) for levels in found.values() for pair in levels.items() for each in pair):
        raise damaged("a level of a covariate is no text")
    return found


def _texts(column: pd.Series) -> list[str]:
    return [str(each) for each in column.astype(object).where(column.notna(), "")]
