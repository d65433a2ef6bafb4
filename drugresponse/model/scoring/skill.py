"""The skill of a fitted model on measured responses, against the best naive prediction of its training."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.data.joining import observed_of
from drugresponse.data.metrics import score
from drugresponse.data.scores.levels import score_outcome
from drugresponse.data.scores.pooling import truth_of_folds
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError, count
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.requests import Request, Tables

__all__ = ["skill_on"]

logger = logging.getLogger(__name__)


def skill_on(parts: FittedParts, genotypes: Genotypes, responses: Responses, tables: Tables) -> float:
    """As `DrugResponseModel.score`.

    Parameters
    ----------
    parts
        Of the model.
    genotypes, responses
        Joined by sample; measured samples without genotype are told of and left out.
    tables
        Drugs and samples.

    Raises
    ------
    InputError
        No measured sample has a genotype, or a drug is not known.
    """
    ids = responses.table["sample_id"]
    measured, known = pd.Index(ids.unique()), ids.isin(genotypes.sample_ids).to_numpy()
    if not known.any():
        raise InputError(
            f"responses: none of its {count(len(measured), 'sample')} is among the {len(genotypes.sample_ids)} of the "
            f"genotypes. {suggest_ids(measured, genotypes.sample_ids)}"
        )
    tell_of_lost_ids("responses", "samples", measured, "genotypes", genotypes.sample_ids, "left out")
    rows = responses.table[known].reset_index(drop=True)
    _tell_of_seen(parts, rows["sample_id"].unique())
    asked = Tables(tables.drugs, tables.samples, rows[["sample_id", "drug_id"]])
    pairs = Request.join(parts, genotypes, asked).pairs
    y, predicted = rows["response"].to_numpy(dtype=np.float64), parts.predicted(pairs)
    if parts.head is None or parts.naive_forecasts is None:
        return score(y, predicted, naive=parts.naive.predict(pairs))["skill"]
    observed = observed_of(rows, responses.outcome)
    every = np.arange(len(y))
    horizon = parts.manifest["parameters"].get("horizon")
    truth = truth_of_folds(replace(pairs, observed=observed), y, [(every, every)], horizon)[1]
    said = parts.head.distribution(pairs, predicted)
    scores = score_outcome(truth, said, parts.naive_forecasts.predict(pairs))
    of_all = scores[(scores["level"] == "global") & (scores["metric"] == "skill")]
    return float(of_all["value"].iloc[0])


def _tell_of_seen(parts: FittedParts, sample_ids: Sequence[str]) -> None:
    """Warn where the model is scored on samples that it was trained on, though it is for new ones."""
    seen = int(parts.training_ids.contains(pd.Index(sample_ids)).sum())
    scheme = find_scheme(parts.scheme)
    if seen and not scheme.sample_effect:
        logger.warning(
            "score: %d of %s were in the training, and the scheme is %s: the skill is that of a model which has seen "
            "them. Hold whole samples out, such as with GroupKFold on the sample ids.",
            seen,
            count(len(sample_ids), "sample"),
            scheme.name,
        )
