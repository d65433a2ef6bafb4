"""Predictions for samples of which some drugs were measured, and which drug to measure next."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.curves import refuse_misread_responses
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import suggest_ids
from drugresponse.data.tables import Measure, Responses, as_responses, index_by_id
from drugresponse.errors import InputError, show_ids
from drugresponse.learners.baselines import tissue_of_samples
from drugresponse.learners.factors.drug_covariance import Posterior
from drugresponse.model.adaptation._pilots import Pilots, adaptation_of
from drugresponse.model.adaptation.adaptation import PilotAdaptation
from drugresponse.model.predictions import NOT_CLAIMED, PREDICTION_COLUMNS, prediction_table, with_bounds
from drugresponse.model.requests import drugs_by_id, prediction_pairs
from drugresponse.readers import as_genotypes
from drugresponse.threads import one_thread

if TYPE_CHECKING:
    from drugresponse.model.model import DrugResponseModel

__all__ = ["ADAPTED_COLUMNS", "NEXT_COLUMNS", "AdaptsToPilots"]

logger = logging.getLogger(__name__)

ADAPTED_COLUMNS = (*PREDICTION_COLUMNS, "pilots")
NEXT_COLUMNS = ("sample_id", "rank", "drug_id", "variance_removed")
ANY_SAMPLE = "any-new-sample"
"""The id in a ranking that was asked for no sample in particular."""


class AdaptsToPilots:
    """What a whole model does with pilot measurements."""

    def adapt(
        self,
        genotypes: Any,
        pilot_responses: Responses | pd.DataFrame,
        *,
        drugs: pd.DataFrame | None = None,
        samples: pd.DataFrame | None = None,
        pairs: pd.DataFrame | None = None,
        minimum_features: float | None = None,
    ) -> pd.DataFrame:
        """Predict for new samples, corrected by what a few of their drugs measured.

        The residuals of the pilot drugs move the predictions of the other drugs, by the covariance of the residuals
        that held-out samples had at training: a Gaussian update in closed form.

        Parameters
        ----------
        genotypes
            As in `predict`; None starts at the mean of the tissue and drug, or of the drug, instead of the model's
            prediction. Samples without a pilot measurement get their plain prediction.
        pilot_responses
            Measurements of new samples, as in `fit`, on the scale of the training. Repeats are averaged, and count for
            more than one measurement, though for less than two; so does a weight above 1.
        drugs, samples, minimum_features
            As in `predict`. A drug that training did not have moves by the mean of the others, without bounds.
        pairs
            Columns `sample_id`, `drug_id`; None takes every sample with every drug, less the measured pairs.

        Returns
        -------
        pandas.DataFrame
            The columns of `predict`, and `pilots`: how many pilot drugs corrected the row. Bounds hold a new
            measurement of the pair, not its mean.

        Raises
        ------
        InputError
            The model learned no covariance, or no pilot measurement can be used; the message says why.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
        >>> model = dr.DrugResponseModel(learner="ridge").fit(cohort.genotypes, cohort.responses)
        >>> first = cohort.responses.table.head(1).assign(sample_id="new")
        >>> model.adapt(None, first)[["sample_id", "drug_id", "pilots"]].values.tolist()[0]
        ['new', 'D002', 1]
        """
        model = cast("DrugResponseModel", self)
        adaptation = adaptation_of(model)
        pilot_responses = as_responses(pilot_responses)
        refuse_misread_responses(pilot_responses, Measure(**model.manifest_["measure"]))
        pilots = Pilots.read(pilot_responses, adaptation)
        table = _no_genotypes(pilots, pairs) if genotypes is None else as_genotypes(genotypes)
        pilots = pilots.of_samples(table.sample_ids, of_genotypes=genotypes is not None)
        drug_table = drugs_by_id(drugs, None if pairs is None else pairs.get("drug_id"))
        asked = _asked_rows(model, table.sample_ids, drug_table, pairs, pilots)
        rows = pd.concat([asked, pilots.rows], ignore_index=True).drop_duplicates(ignore_index=True)
        if genotypes is None:
            base, told = _naive_predictions(model, table, drug_table, samples, rows)
        else:
            base = "model"
            told = model.predict(table, drugs=drugs, samples=samples, pairs=rows, minimum_features=minimum_features)
        with one_thread():
            corrected = _correct(told, pilots, adaptation, base, model.scheme)
        # what was asked for comes first among the rows
        return corrected.head(len(asked))[list(ADAPTED_COLUMNS)]

    def next_drugs(
        self,
        pilot_responses: Responses | pd.DataFrame | None = None,
        *,
        sample_ids: Sequence[str] | None = None,
        candidates: Sequence[str] | None = None,
        n_drugs: int = 5,
        with_genotypes: bool = True,
    ) -> pd.DataFrame:
        """Rank the drugs to measure next by the variance that they would remove from the drugs not yet measured.

        Each rank supposes that those before it have been measured. Here it only matters which drugs the pilots
        are of, not what was measured.

        Parameters
        ----------
        pilot_responses
            What was measured already; None is nothing.
        sample_ids
            Samples to rank for; None takes those of the pilots, or one ranking for any new sample.
        candidates
            Ids of the drugs that can be measured; None takes all of the training.
        n_drugs
            Most drugs for each sample.
        with_genotypes
            Whether predictions will start at the model's or, without genotype, at naive ones.

        Returns
        -------
        pandas.DataFrame
            Columns `sample_id, rank, drug_id, variance_removed`: the share of the variance of all drugs not yet
            measured that measuring this one removes from the others.
        """
        adaptation = adaptation_of(cast("DrugResponseModel", self))
        if n_drugs < 1:
            raise InputError(f"number of next drugs: found {n_drugs} (expected 1 or more). Ask for at least one.")
        pilots = Pilots.none() if pilot_responses is None else Pilots.read(pilot_responses, adaptation)
        wanted = pd.Index(pilots.sample_ids if sample_ids is None else [str(each) for each in sample_ids]).unique()
        if not len(wanted):
            wanted = pd.Index([ANY_SAMPLE])
        usable = _candidates(candidates, adaptation)
        base = "model" if with_genotypes else "drug mean"
        with one_thread():
            return _rank(wanted, usable, n_drugs, pilots, adaptation, base)


def _no_genotypes(pilots: Pilots, pairs: pd.DataFrame | None) -> Genotypes:
    asked = [] if pairs is None or "sample_id" not in pairs.columns else list(pairs["sample_id"].astype(str))
    ids = pd.Index([*pilots.sample_ids, *asked]).unique()
    return Genotypes.build(np.zeros((len(ids), 0)), list(ids), pd.DataFrame(index=pd.Index([], dtype=object)))


def _asked_rows(
    model: DrugResponseModel,
    sample_ids: pd.Index,
    drugs: pd.DataFrame | None,
    pairs: pd.DataFrame | None,
    pilots: Pilots,
) -> pd.DataFrame:
    """The pairs to answer; unless they were named, what was measured is not predicted."""
    if pairs is not None:
        missing = [name for name in ("sample_id", "drug_id") if name not in pairs.columns]
        if missing:
            raise InputError(
                f'pairs: found no column "{missing[0]}" (expected sample_id and drug_id). Rename the columns.'
            )
        return pairs[["sample_id", "drug_id"]].astype(str).drop_duplicates(ignore_index=True)
    ids = (model.drugs_ if drugs is None else drugs).index
    grid = pd.MultiIndex.from_product([sample_ids, ids], names=["sample_id", "drug_id"])
    left = grid[~grid.isin(pd.MultiIndex.from_frame(pilots.rows))]
    return left.to_frame(index=False)


def _naive_predictions(
    model: DrugResponseModel,
    table: Genotypes,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    rows: pd.DataFrame,
) -> tuple[str, pd.DataFrame]:
    """Which naive prediction serves where there is no genotype, and the table of it."""
    side = None if samples is None else index_by_id(samples, "sample_id", where="samples")
    names, texts, arm = model.covariate_names_, model.text_covariates_, model.manifest_.get("arm")
    asked = prediction_pairs(table, model.drugs_, drugs, side, rows, names, texts, arm)
    found = model.naive_.predict(asked)
    tissues = tissue_of_samples(asked)
    base = "tissue-drug mean" if tissues is not None and (tissues != "").any() else "drug mean"
    base = base if base in found and base in adaptation_of(model).corrections else "drug mean"
    told = prediction_table(
        asked,
        found[base],
        model.naive_.finest(asked),
        scheme=model.scheme,
        found=np.zeros(table.shape[0]),
        least=0.0,
        sample_seen=model.seen_.contains(table.sample_ids),
        drug_seen=asked.drugs.index.isin(model.drugs_.index),
    )
    return base, told


def _correct(told: pd.DataFrame, pilots: Pilots, adaptation: PilotAdaptation, base: str, scheme: str) -> pd.DataFrame:
    """Predictions, bounds and the number of pilots, after the update of each sample."""
    correction = adaptation.corrections[base]
    predicted = pilots.look_up(told)
    residuals, weights = pilots.residuals(predicted, adaptation.drug_ids)
    posterior = correction.covariance.update(residuals, weights)
    sample = pilots.sample_ids.get_indexer(pd.Index(told["sample_id"]))
    drug = adaptation.drug_ids.get_indexer(pd.Index(told["drug_id"]))
    counts = (weights > 0).sum(axis=1)
    used = np.where(sample >= 0, np.append(counts, 0)[sample], 0)
    moved = used > 0
    shift, spread = _at(posterior, sample, drug, moved)
    prediction = told["prediction"].to_numpy() + shift
    half = correction.reach_after(used) * spread
    lower = np.where(moved, prediction - half, told["lower"].to_numpy(dtype=np.float64))
    upper = np.where(moved, prediction + half, told["upper"].to_numpy(dtype=np.float64))
    flag = told["flag"].str.split(";").map(lambda words: ";".join(each for each in words if each != NOT_CLAIMED))
    told = told.assign(prediction=prediction, flag=flag)
    return with_bounds(told, lower, upper, scheme).assign(pilots=used)


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


def _candidates(given: Sequence[str] | None, adaptation: PilotAdaptation) -> NDArray[np.intp]:
    if given is None:
        return np.arange(len(adaptation.drug_ids))
    ids = pd.Index([str(each) for each in given], dtype=object).unique()
    at = adaptation.drug_ids.get_indexer(ids)
    if (at < 0).all():
        raise InputError(
            f"drugs: none of the {len(ids)} drugs that can be measured is known to the model. "
            f"{suggest_ids(ids, adaptation.drug_ids)}"
        )
    if (at < 0).any():
        logger.warning("drugs: the model does not know %s; nothing is told of measuring them.", show_ids(ids[at < 0]))
    return np.sort(at[at >= 0])


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
        for number, (each, share) in enumerate(zip(chosen, removed, strict=True), start=1):
            rows.append((str(sample), number, str(adaptation.drug_ids[each]), share))
    return pd.DataFrame(rows, columns=list(NEXT_COLUMNS))
