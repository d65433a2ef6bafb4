"""The fitted parts of a whole model, as plain state and back: all that predicts, and nothing that trains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Measure
from drugresponse.data.variants.genome_build import GenomeBuild
from drugresponse.features.ancestry import AncestryAxes
from drugresponse.learners.base import PairRegressor, predictions_of
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.prior.prior_learner import PriorLearner, bare_learner, prior_offset
from drugresponse.learners.prior.prior_offset import PriorOffset
from drugresponse.learners.registry import restore_learner
from drugresponse.learners.state import State, damaged, state_ids, state_texts
from drugresponse.model._training_ids import TrainingIds
from drugresponse.model.adaptation import PilotAdaptation
from drugresponse.model.feature_weights import weights_of_rows
from drugresponse.model.forecasts.head import Head
from drugresponse.model.forecasts.heads import head_from_state, head_state
from drugresponse.model.forecasts.naive import NaiveForecasts, naive_from_state
from drugresponse.model.intervals.intervals import IntervalTable
from drugresponse.model.response_scales.response_scale import ResponseScale
from drugresponse.model.scales.ancestry_state import axes_from_state, axes_state
from drugresponse.model.scales.scales import TrainedScales
from drugresponse.shown import Shown

__all__ = ["FittedParts"]


@dataclass(frozen=True, eq=False, repr=False)
class FittedParts(Shown):
    """All that a fitted model needs to predict, to adapt, to explain and to be stored.

    Attributes
    ----------
    regressor
        The learner, fitted to all rows; a `PriorLearner` where a prior stands beneath it.
    naive
        The naive predictions beside it.
    training_ids
        Which samples training had.
    drugs
        Drugs of the training: index `drug_id`, column `smiles` and what else was known.
    covariates
        Columns of the samples table that the training used, the arm's among them.
    covariate_levels
        Those of them that were text, each with the level that its texts were taken as; empty where that is not known.
    scales
        What the values of the training were like; None where a file does not tell.
    adaptation, intervals
        Learned from held-out rows; None where none were, or too few.
    manifest
        What the model file tells about the model.
    head, naive_forecasts
        Of an outcome that is not continuous: what turns scores into forecasts, and the naive ones; else None.
    ancestry
        Axes whose scores are covariates too; None where there are none.
    response_scale
        On which the learner predicts, and the way back to the user's.
    """

    regressor: PairRegressor
    naive: NaiveEffects
    training_ids: TrainingIds
    drugs: pd.DataFrame
    covariates: list[str]
    covariate_levels: Mapping[str, Mapping[str, str]]
    scales: TrainedScales | None
    adaptation: PilotAdaptation | None
    intervals: IntervalTable | None
    manifest: dict[str, Any]
    head: Head | None = None
    naive_forecasts: NaiveForecasts | None = None
    ancestry: AncestryAxes | None = None
    response_scale: ResponseScale = field(default_factory=ResponseScale.identity)

    @cached_property
    def features(self) -> pd.DataFrame:
        """The feature table of the training; empty where the learner uses no genotype."""
        return self.regressor.trained_features()

    @cached_property
    def feature_weights(self) -> NDArray[np.float64]:
        """`(n_features,)` what the model hangs on each feature of the training."""
        return weights_of_rows(self.regressor, self.features)

    def predicted(self, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_pairs,)` predictions: mean responses, or scores of an outcome that is not continuous."""
        return self.response_scale.means(pairs.drug_ids, predictions_of(self.regressor, pairs))

    @property
    def given_covariates(self) -> list[str]:
        """Those covariates that a samples table brings."""
        own = set() if self.ancestry is None else set(self.ancestry.names)
        return [name for name in self.covariates if name not in own]

    @property
    def scheme(self) -> str:
        """What is new where the model is used."""
        return str(self.manifest["parameters"]["scheme"])

    @property
    def arm(self) -> dict[str, Any] | None:
        """`column` of the treatment arm, and its `levels` where it is text; None where there is none."""
        return self.manifest.get("arm")

    @property
    def genome(self) -> GenomeBuild:
        """The genome build of the training's positions, as far as it was told."""
        return GenomeBuild.from_dict(self.manifest.get("genome"))

    @property
    def measure(self) -> Measure:
        """What a response means."""
        return Measure(**self.manifest["measure"])

    @property
    def outcome(self) -> Outcome:
        """What a response is; files without it are of measured numbers."""
        kept = self.manifest.get("outcome")
        return CONTINUOUS if kept is None else Outcome.from_dict(kept)

    def get_state(self) -> State:
        """Everything but the manifest."""
        return {
            "regressor": bare_learner(self.regressor).get_state(),
            "naive": self.naive.get_state(),
            "seen": self.training_ids.get_state(),
            "drugs": {str(name): _texts(self.drugs[name]) for name in self.drugs.columns},
            "drug_ids": [str(drug) for drug in self.drugs.index],
            "covariates": self.covariates,
            "text_covariates": list(self.covariate_levels),
            "covariate_texts": [json.dumps(self.covariate_levels)],
            "scales": {} if self.scales is None else self.scales.get_state(),
            "adaptation": {} if self.adaptation is None else self.adaptation.get_state(),
            "intervals": {} if self.intervals is None else self.intervals.get_state(),
            **({"prior": offset.get_state()} if (offset := prior_offset(self.regressor)) is not None else {}),
            **({} if self.ancestry is None else {"ancestry": axes_state(self.ancestry)}),
            **({} if self.response_scale.is_identity else {"response_scale": self.response_scale.get_state()}),
            **self._forecast_state(),
        }

    def _forecast_state(self) -> State:
        """Nothing where the outcome is continuous."""
        if self.head is None or self.naive_forecasts is None:
            return {}
        return {"forecasts": head_state(self.head), "naive_forecasts": self.naive_forecasts.get_state()}

    @classmethod
    def from_state(cls, state: State, manifest: dict[str, Any]) -> FittedParts:
        """The parts of `get_state`'s answer, each proved; files of format 1 may lack scales, adaptation and intervals.

        Raises
        ------
        ModelFileError
            A part is damaged.
        """
        settings = {**manifest["parameters"], **manifest.get("learner_parameters", {})}
        regressor = restore_learner(manifest["parameters"]["learner"], state["regressor"], settings)
        if "prior" in state:
            regressor = PriorLearner.around(regressor, PriorOffset.from_state(state["prior"]))
        head, naive_forecasts = _forecasts(state, manifest)
        scales, adaptation, intervals = (state.get(name) for name in ("scales", "adaptation", "intervals"))
        return cls(
            regressor,
            NaiveEffects.from_state(state["naive"]),
            TrainingIds.from_state(state["seen"]),
            _drugs(state),
            state_ids(state, "covariates"),
            _covariate_levels(state),
            TrainedScales.from_state(scales, len(regressor.trained_features())) if scales else None,
            PilotAdaptation.from_state(adaptation) if adaptation else None,
            IntervalTable.from_state(intervals) if intervals else None,
            {key: value for key, value in manifest.items() if key != "sha256"},
            head,
            naive_forecasts,
            axes_from_state(state["ancestry"]) if "ancestry" in state else None,
            ResponseScale.from_state(state.get("response_scale", {})),
        )


def _forecasts(state: State, manifest: dict[str, Any]) -> tuple[Head | None, NaiveForecasts | None]:
    """Head and naive forecasts of an outcome that is not continuous, as the manifest tells it."""
    told = manifest.get("outcome")
    if told is None:
        return None, None
    head = head_from_state(state["forecasts"])
    if head.outcome != Outcome.from_dict(told) or head.scheme != manifest["parameters"]["scheme"]:
        raise damaged("its forecasts are of another outcome or scheme than its manifest tells")
    return head, naive_from_state(state["naive_forecasts"], head.outcome)


def _drugs(state: State) -> pd.DataFrame:
    index = pd.Index(state_ids(state, "drug_ids"), name="drug_id", dtype=object)
    columns = {name: state_texts(state["drugs"], name, len(index)) for name in {"smiles": [], **state["drugs"]}}
    return pd.DataFrame(columns, index=index, dtype=object)


def _covariate_levels(state: State) -> dict[str, dict[str, str]]:
    """The texts of each text covariate and the level of each; files of format 1 may lack them, which leaves none."""
    stored = json.loads("".join(state_texts({"covariate_texts": ["{}"], **state}, "covariate_texts")))
    levels = {str(name): dict(stored.get(name, {})) for name in state_ids(state, "text_covariates")}
    if not all(isinstance(text, str) for by_text in levels.values() for pair in by_text.items() for text in pair):
        raise damaged("a level of a covariate is no text")
    return levels


def _texts(column: pd.Series) -> list[str]:
    return [str(cell) for cell in column.astype(object).where(column.notna(), "")]
