"""Pilot measurements as they come, joined to what a model knows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.ids import suggest_ids
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import ONLY_DRUG, ResponsesLike, as_responses
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, show_ids
from drugresponse.model.adaptation import PilotAdaptation
from drugresponse.model.parts import FittedParts

__all__ = ["Pilots", "adaptation_of", "refuse_unknown"]

logger = logging.getLogger(__name__)

_FAR = 4.0
"""Standard deviations from the drug's training mean at which half of the pilots look like another scale."""

_FEWEST, _AGAINST = 20, 3.0
"""Pilots by which a direction is judged, and standard errors by which their correlation with the model is below 0."""


def adaptation_of(parts: FittedParts) -> PilotAdaptation:
    """What a model keeps for pilot measurements.

    Raises
    ------
    InputError
        It keeps nothing; the message says why, and what to do.
    """
    if parts.adaptation is not None:
        return parts.adaptation
    scheme = find_scheme(parts.scheme)
    if parts.outcome.kind != "continuous":
        reason = f"its outcome is {parts.outcome.kind} (expected continuous responses, whose residuals can be updated)"
        advice = "Predict without pilot measurements, or train with measured numbers"
    elif len(parts.drugs) == 1:
        reason = "it was trained with one drug (expected two or more)"
        advice = "Pilot drugs tell of other drugs: train with several"
    elif scheme.sample_effect or not scheme.drug_effect:
        reason = f"it was trained with the scheme {scheme.name} (expected new samples with drugs of the training)"
        advice = "Train with `scheme` new-samples or new-tissues"
    elif parts.manifest["held_out"] is None:
        reason = "it was trained without held-out check (expected `folds` above 0)"
        advice = "Train again with `folds` 3 or more"
    else:
        reason = "hardly any of its training samples has two measured drugs (expected 10 or more such samples)"
        advice = "Train with samples of which several drugs were measured"
    raise InputError(f"model: {reason}, so it cannot adapt to pilot measurements. {advice}.")


@dataclass(frozen=True, eq=False)
class Pilots:
    """Measurements of drugs that the model knows, one row for each distinct (sample, drug).

    Attributes
    ----------
    table
        Columns `sample_id, drug_id` (text), `response, weight` (float64).
    """

    table: pd.DataFrame

    @classmethod
    def none(cls) -> Pilots:
        """No measurement."""
        return cls(pd.DataFrame({"sample_id": [], "drug_id": [], "response": [], "weight": []}))

    @classmethod
    def read(cls, responses: ResponsesLike, adaptation: PilotAdaptation) -> Pilots:
        """Pilot measurements that can be used; a warning tells of others, and of a scale that looks wrong.

        Raises
        ------
        InputError
            None is of a drug that the model knows.
        """
        table = right_way_round(as_responses(responses), drugs=adaptation.drug_ids).table
        ids, known = pd.Index(table["drug_id"].unique()), adaptation.drug_ids
        if list(ids) == [ONLY_DRUG] and ONLY_DRUG not in known:
            raise InputError(
                f'responses: found no column "drug_id" (expected one, as the model knows {len(known)} drugs). '
                "Add the column, or name it with `drug_column`."
            )
        refuse_unknown(
            ids,
            known,
            none=f"responses: none of its {len(ids)} drugs is known to the model.",
            some="responses: the model does not know %s; what was measured of them is left out.",
        )
        censored = int((table["censor"] != "none").sum())
        if censored:
            logger.warning("responses: %d censored pilots are taken at their limit.", censored)
        pilots = cls(table.loc[table["drug_id"].isin(known), ["sample_id", "drug_id", "response", "weight"]])
        pilots._warn_of_other_scale(adaptation)
        return pilots

    @property
    def rows(self) -> pd.DataFrame:
        """Columns `sample_id, drug_id`."""
        return self.table[["sample_id", "drug_id"]].astype(object)

    @property
    def sample_ids(self) -> pd.Index:
        """Distinct samples, in the order of the table."""
        return pd.Index(self.table["sample_id"].unique(), dtype=object)

    def of_samples(self, sample_ids: pd.Index) -> Pilots:
        """The measurements of these samples; a warning tells of others.

        Raises
        ------
        InputError
            No sample is among them.
        """
        refuse_unknown(
            self.sample_ids,
            sample_ids,
            none=f"responses: none of its {len(self.sample_ids)} samples has a genotype.",
            some="responses: %s have no genotype; their measurements are left out.",
        )
        return replace(self, table=self.table[self.table["sample_id"].isin(sample_ids)])

    def look_up(self, predictions: pd.DataFrame) -> NDArray[np.float64]:
        """`(n_pilots,)` prediction of each measured pair in a table of predictions."""
        keys = ["sample_id", "drug_id"]
        joined = self.rows.merge(predictions[[*keys, "prediction"]], how="left", on=keys, validate="one_to_one")
        return joined["prediction"].to_numpy(dtype=np.float64)

    def warn_of_other_direction(self, predicted: NDArray[np.float64]) -> None:
        """Say that measurements fall where `(n_pilots,)` predictions of them rise, within drugs."""
        rows = self.table.assign(predicted=predicted)[np.isfinite(predicted)]
        of_drug = rows.groupby("drug_id")[["response", "predicted"]]
        measured, told = (rows[["response", "predicted"]] - of_drug.transform("mean")).to_numpy(dtype=np.float64).T
        n = len(rows) - of_drug.ngroups
        if n < _FEWEST or np.ptp(measured) < 1e-12 or np.ptp(told) < 1e-12:
            return
        correlation = float(np.corrcoef(measured, told)[0, 1])
        if correlation * np.sqrt(n) < -_AGAINST:
            logger.warning(
                "responses: within drugs the pilot measurements run against what the model predicts (correlation %.2f "
                "over %d). Check that higher means the same in both: if not, the corrections go the wrong way.",
                correlation,
                len(rows),
            )

    def residuals(
        self, predicted: NDArray[np.float64], drug_ids: pd.Index
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(n_samples, n_drugs)` measured minus predicted, and weights; 0 where not measured or not predicted."""
        known = np.isfinite(predicted)
        residuals, weights = (self.table["response"] - predicted).where(known), self.table["weight"].where(known)
        return self._grid(residuals, self.sample_ids, drug_ids), self._grid(weights, self.sample_ids, drug_ids)

    def weights(self, sample_ids: pd.Index, drug_ids: pd.Index) -> NDArray[np.float64]:
        """`(n_samples, n_drugs)` of these samples; 0 where not measured."""
        return self._grid(self.table["weight"], sample_ids, drug_ids)

    def _grid(self, values: pd.Series, sample_ids: pd.Index, drug_ids: pd.Index) -> NDArray[np.float64]:
        table = self.table.assign(value=values).pivot(index="sample_id", columns="drug_id", values="value")
        return table.reindex(index=sample_ids, columns=drug_ids).to_numpy(dtype=np.float64, na_value=0.0)

    def _warn_of_other_scale(self, adaptation: PilotAdaptation) -> None:
        drug = adaptation.drug_ids.get_indexer(pd.Index(self.table["drug_id"], dtype=object))
        response = self.table["response"].to_numpy(dtype=np.float64)
        away = np.abs(response - adaptation.centre[drug]) / np.maximum(adaptation.spread[drug], 1e-12)
        if np.median(away) > _FAR:
            logger.warning(
                "responses: half of the %d pilot measurements lie more than %.0f standard deviations from the training "
                "mean of their drug (mean of the pilots %.4g, of the training %.4g). Check that both are the same "
                "measure in the same unit.",
                len(away),
                float(np.floor(np.median(away))),
                float(response.mean()),
                float(adaptation.centre[drug].mean()),
            )


def refuse_unknown(ids: pd.Index, known: pd.Index, *, none: str, some: str) -> None:
    """Warn of ids that are not known, and refuse them in these words where none is.

    Raises
    ------
    InputError
        No id is known.
    """
    absent = ids[~ids.isin(known)]
    if len(absent) == len(ids):
        raise InputError(f"{none} {suggest_ids(absent, known)}")
    if len(absent):
        logger.warning(f"{some} %s", show_ids(absent), suggest_ids(absent, known))
