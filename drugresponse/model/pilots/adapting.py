"""Predictions for samples of which some drugs were measured, and which drug to measure next."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.measures.plausible import refuse_misread_responses
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import ResponsesLike, as_responses
from drugresponse.errors import InputError
from drugresponse.learners.baselines import tissue_of_samples
from drugresponse.learners.factors.drug_covariance import Posterior
from drugresponse.model.adaptation import PilotAdaptation
from drugresponse.model.parts import FittedParts
from drugresponse.model.pilots._measurements import Pilots, adaptation_of, refuse_unknown
from drugresponse.model.predictions import NOT_CLAIMED, PREDICTION_COLUMNS, predict, table_of, with_bounds
from drugresponse.model.requests.requests import Request, Tables, refuse_absent_columns
from drugresponse.threads import one_thread

__all__ = ["ADAPTED_COLUMNS", "NEXT_COLUMNS", "adapt", "next_drugs"]

logger = logging.getLogger(__name__)

ADAPTED_COLUMNS = (*PREDICTION_COLUMNS[:-1], "pilots", PREDICTION_COLUMNS[-1])
NEXT_COLUMNS = ("sample_id", "rank", "drug_id", "variance_removed")
ANY_SAMPLE = "any-new-sample"
"""The id in a ranking that was asked for no sample in particular."""


@one_thread()
def adapt(
    parts: FittedParts, genotypes: Genotypes | None, responses: ResponsesLike, tables: Tables, minimum_features: float
) -> pd.DataFrame:
    """As `DrugResponseModel.adapt`."""
    adaptation = adaptation_of(parts)
    responses = as_responses(responses, parts.outcome)
    refuse_misread_responses(responses, parts.measure)
    pilots = Pilots.read(responses, adaptation)
    pilots = pilots if genotypes is None else pilots.of_samples(genotypes.sample_ids)
    table = _no_genotypes(pilots, tables.rows) if genotypes is None else genotypes
    wanted = _wanted_rows(parts, table.sample_ids, tables, pilots)
    rows = pd.concat([wanted, pilots.rows], ignore_index=True).drop_duplicates(ignore_index=True)
    tables = replace(tables, rows=rows)
    if genotypes is None:
        base, predictions = _naive_predictions(parts, adaptation, tables.join(parts, table))
    else:
        base, predictions = "model", predict(parts, Request.join(parts, table, tables), minimum_features)
    corrected = _correct(predictions, pilots, adaptation, base, parts.scheme)
    if not parts.response_scale.is_identity:
        # the update is linear, and knows nothing of where such responses end
        ends = {name: corrected[name].clip(lower=0.0) for name in ("prediction", "lower", "upper")}
        corrected = corrected.assign(**ends)
    # what was asked for comes first among the rows
    return corrected.head(len(wanted))[list(ADAPTED_COLUMNS)]


@one_thread()
def next_drugs(
    parts: FittedParts,
    responses: ResponsesLike | None,
    sample_ids: Sequence[str] | None,
    candidates: Sequence[str] | None,
    n_drugs: int,
    with_genotypes: bool,
) -> pd.DataFrame:
    """As `DrugResponseModel.next_drugs`."""
    adaptation = adaptation_of(parts)
    if n_drugs < 1:
        raise InputError(f"number of next drugs: found {n_drugs} (expected 1 or more). Ask for at least one.")
    pilots = Pilots.none() if responses is None else Pilots.read(responses, adaptation)
    wanted = pd.Index(pilots.sample_ids if sample_ids is None else [str(name) for name in sample_ids]).unique()
    if not len(wanted):
        wanted = pd.Index([ANY_SAMPLE])
    usable = _candidates(candidates, adaptation)
    return _rank(wanted, usable, n_drugs, pilots, adaptation, "model" if with_genotypes else "drug mean")


def _no_genotypes(pilots: Pilots, rows: pd.DataFrame | None) -> Genotypes:
    named = [] if rows is None or "sample_id" not in rows.columns else list(rows["sample_id"].astype(str))
    ids = pd.Index([*pilots.sample_ids, *named]).unique()
    return Genotypes.build(np.zeros((len(ids), 0)), list(ids), pd.DataFrame(index=pd.Index([], dtype=object)))


def _wanted_rows(parts: FittedParts, sample_ids: pd.Index, tables: Tables, pilots: Pilots) -> pd.DataFrame:
    """The pairs to answer; unless they were named, what was measured is not predicted."""
    if tables.rows is not None:
        refuse_absent_columns(tables.rows, "sample_id", "drug_id")
        return tables.rows[["sample_id", "drug_id"]].astype(str).drop_duplicates(ignore_index=True)
    drug_ids = (parts.drugs if tables.drugs is None else tables.drugs).index
    grid = pd.MultiIndex.from_product([sample_ids, drug_ids], names=["sample_id", "drug_id"])
    return grid[~grid.isin(pd.MultiIndex.from_frame(pilots.rows))].to_frame(index=False)


def _naive_predictions(parts: FittedParts, adaptation: PilotAdaptation, pairs: Pairs) -> tuple[str, pd.DataFrame]:
    """Which naive prediction serves where there is no genotype, and the table of it."""
    naive = parts.naive.predict(pairs)
    tissues = tissue_of_samples(pairs)
    base = "tissue-drug mean" if tissues is not None and (tissues != "").any() else "drug mean"
    base = base if base in naive and base in adaptation.corrections else "drug mean"
    table = table_of(parts, pairs, naive[base], np.zeros(pairs.genotypes.shape[0]), 0.0)
    return base, table.assign(sites_filled=0)


def _correct(
    predictions: pd.DataFrame, pilots: Pilots, adaptation: PilotAdaptation, base: str, scheme: str
) -> pd.DataFrame:
    """Predictions, bounds and the number of pilots, after the update of each sample."""
    correction = adaptation.corrections[base]
    predicted = pilots.look_up(predictions)
    pilots.warn_of_other_direction(predicted)
    residuals, weights = pilots.residuals(predicted, adaptation.drug_ids)
    posterior = correction.covariance.update(residuals, weights)
    sample = pilots.sample_ids.get_indexer(pd.Index(predictions["sample_id"]))
    drug = adaptation.drug_ids.get_indexer(pd.Index(predictions["drug_id"]))
    counts = (weights > 0).sum(axis=1)
    used = np.where(sample >= 0, np.append(counts, 0)[sample], 0)
    moved = used > 0
    shift, spread = _at(posterior, sample, drug, moved)
    prediction = predictions["prediction"].to_numpy() + shift
    half = correction.reach_after(used) * spread
    lower = np.where(moved, prediction - half, predictions["lower"].to_numpy(dtype=np.float64))
    upper = np.where(moved, prediction + half, predictions["upper"].to_numpy(dtype=np.float64))
    flag = predictions["flag"].str.split(";").map(lambda words: ";".join(word for word in words if word != NOT_CLAIMED))
    corrected = predictions.assign(prediction=prediction, flag=flag)
    return with_bounds(corrected, lower, upper, scheme, by_genotype=base == "model").assign(pilots=used)


def _at(
    posterior: Posterior, sample: NDArray[np.intp], drug: NDArray[np.intp], moved: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(n_rows,)` shift and standard deviation of each row; 0 and NaN where nothing moves it.

    A drug that training did not have moves as the drugs of training do on average: what it shares with them is not
    known, but samples differ in general sensitivity.
    """
    shift, spread = np.zeros(len(moved)), np.full(len(moved), np.nan)
    known, new = moved & (drug >= 0), moved & (drug < 0)
    where = (sample[known], drug[known])
    shift[known], spread[known] = posterior.shift[where], np.sqrt(posterior.variance[where])
    shift[new] = posterior.shift[sample[new]].mean(axis=1)
    return shift, spread


def _candidates(names: Sequence[str] | None, adaptation: PilotAdaptation) -> NDArray[np.intp]:
    if names is None:
        return np.arange(len(adaptation.drug_ids))
    ids = pd.Index([str(name) for name in names], dtype=object).unique()
    refuse_unknown(
        ids,
        adaptation.drug_ids,
        none=f"drugs: none of the {len(ids)} drugs that can be measured is known to the model.",
        some="drugs: the model does not know %s; nothing is told of measuring them.",
    )
    return np.sort(adaptation.drug_ids.get_indexer(ids.intersection(adaptation.drug_ids)))


def _rank(
    sample_ids: pd.Index,
    candidates: NDArray[np.intp],
    n_drugs: int,
    pilots: Pilots,
    adaptation: PilotAdaptation,
    base: str,
) -> pd.DataFrame:
    covariance = adaptation.corrections[base].covariance
    weights = pilots.weights(sample_ids, adaptation.drug_ids)
    factors = covariance.update(np.zeros(weights.shape), weights).factors
    rows: list[tuple[str, int, str, float]] = []
    for sample, measured, open_factors in zip(sample_ids, weights > 0, factors, strict=True):
        left = np.flatnonzero(~measured)
        chosen, removed = covariance.choose_drugs(open_factors, np.intersect1d(candidates, left), left, n_drugs)
        for rank, (drug, share) in enumerate(zip(chosen, removed, strict=True), start=1):
            rows.append((str(sample), rank, str(adaptation.drug_ids[drug]), share))
    return pd.DataFrame(rows, columns=list(NEXT_COLUMNS))
