"""The fitted parts of a whole model as plain state, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from drugresponse.data.splits import find_scheme
from drugresponse.errors import ModelFileError
from drugresponse.models.adaptation import PilotAdaptation
from drugresponse.models.base import State, restore_learner, state_array
from drugresponse.models.baselines import NaiveEffects
from drugresponse.models.intervals import IntervalTable
from drugresponse.models.seen import SeenSamples

if TYPE_CHECKING:
    from drugresponse.models.pipeline import DrugResponseModel

__all__ = ["model_state", "restore_model"]


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
        "adaptation": {} if model.adaptation_ is None else model.adaptation_.get_state(),
        "intervals": {} if model.intervals_ is None else model.intervals_.get_state(),
    }


def restore_model(model: DrugResponseModel, state: State, manifest: dict[str, Any]) -> None:
    """Give a model of the manifest's parameters the parts that `model_state` took."""
    find_scheme(model.scheme)
    model.regressor_ = restore_learner(model.learner, state["regressor"], manifest["parameters"])
    model.naive_ = NaiveEffects.from_state(state["naive"])
    hashes = state_array(state["seen"], "hashes", -1)
    model.seen_ = SeenSamples(str(state["seen"]["salt"]), hashes.astype(np.uint64))
    index = pd.Index(state["drug_ids"], name="drug_id", dtype=object)
    model.drugs_ = pd.DataFrame(state["drugs"], index=index, dtype=object)
    model.covariate_names_ = list(state["covariates"])
    model.text_covariates_ = _covariate_texts(state)
    intervals = state.get("intervals")
    model.intervals_ = IntervalTable.from_state(intervals) if intervals else None
    adaptation = state.get("adaptation")
    model.adaptation_ = PilotAdaptation.from_state(adaptation) if adaptation else None
    model.metrics_ = None
    model.manifest_ = {key: value for key, value in manifest.items() if key != "sha256"}


def _covariate_texts(state: State) -> dict[str, dict[str, str]]:
    """The texts of each text covariate and the level of each; files of format 1 may lack them, which leaves none."""
    texts = json.loads("".join(state.get("covariate_texts", ["{}"])))
    found = {str(name): dict(texts.get(name, {})) for name in state["text_covariates"]}
    if not all(isinstance(each, str) for levels in found.values() for pair in levels.items() for each in pair):
        raise ModelFileError("model: a level of a covariate is no text. The file is damaged; train the model again.")
    return found


def _texts(column: pd.Series) -> list[str]:
    return [str(each) for each in column.astype(object).where(column.notna(), "")]
