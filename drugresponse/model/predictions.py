"""The table of predictions: numbers, bounds, and what to be careful about."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError, show_ids
from drugresponse.features.alignment import align
from drugresponse.features.reference_sites import count_sites
from drugresponse.learners.base import predictions_of
from drugresponse.model.feature_weights import USUAL_LEAST_SHARE, share_of_weight, tell_of_alignment
from drugresponse.model.forecasts.head import Head
from drugresponse.model.forecasts.naive import NaiveForecasts
from drugresponse.model.forecasts.time_head import TimeHead
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.genotypes import completed_genotypes
from drugresponse.model.requests.requests import Request

__all__ = [
    "BLOCK_ABSENT",
    "FEW_FEATURES",
    "MANY_SITES_FILLED",
    "NOT_CLAIMED",
    "PREDICTION_COLUMNS",
    "features_found",
    "flag_counts",
    "predict",
    "predicted_distribution",
    "prediction_table",
    "survival_table",
    "table_of",
    "unlike_training",
    "with_bounds",
]

logger = logging.getLogger(__name__)

_PAIR_COLUMNS = (
    "sample_id",
    "drug_id",
    "prediction",
    "lower",
    "upper",
    "baseline",
    "sample_seen",
    "drug_seen",
    "features_found",
    "flag",
)
PREDICTION_COLUMNS = (*_PAIR_COLUMNS, "sites_filled")
MANY_SITES_FILLED = "many-sites-filled"
"""Flag of rows whose sample lacks more than half of the model's sites, which were taken for the reference."""
BLOCK_ABSENT = "block-absent"
"""Flag of rows whose sample lacks a whole block of the model: predicted from the others, with wider bounds."""
FEW_FEATURES = "few-features"
"""Flag of rows whose sample has fewer of the model's features than was asked for, or than samples of the training."""
_UNLIKE_TRAINING = frozenset({"outside-scheme", "out-of-range", FEW_FEATURES})
"""Flags of rows for which held-out scores do not speak."""
NOT_CLAIMED = "coverage-not-claimed"
"""Flag of rows that have bounds where new rows may be unlike the held-out ones, or that hang on few features."""


def predict(parts: FittedParts, request: Request, minimum_features: float) -> pd.DataFrame:
    """The table of predictions for what is asked, with flags and, where they are known, bounds.

    Parameters
    ----------
    parts, request
        Of the model, and what is asked of it.
    minimum_features
        Least share of the model's weight with which a sample is predicted.
    """
    pairs = request.pairs
    predicted = parts.predicted(pairs)
    tell_of_alignment(request.alignment)
    if parts.head is not None and parts.naive_forecasts is not None:
        return _forecast_table(parts, parts.head, parts.naive_forecasts, request, predicted, minimum_features)
    known, absent = request.known_weight, request.absent_blocks
    if absent is not None and parts.intervals is not None:
        known = absent.known_weight(known)
    usual = _usual_features(parts)
    table = table_of(parts, pairs, predicted, known, minimum_features, request.out_of_range, usual_features=usual)
    table = table.assign(features_found=request.known_weight[pairs.sample_index])
    table = _with_sites_filled(table, request.sites_filled[pairs.sample_index], parts.features)
    if parts.intervals is None:
        return table
    lower, upper = parts.intervals.bounds(pairs, predicted, None if absent is None else absent.factors)
    if absent is not None:
        table = table.assign(flag=_flagged(table["flag"], absent.samples[pairs.sample_index], BLOCK_ABSENT))
    return with_bounds(table, lower, upper, parts.scheme)


def _forecast_table(
    parts: FittedParts,
    head: Head,
    naive: NaiveForecasts,
    request: Request,
    scores: NDArray[np.float64],
    minimum_features: float,
) -> pd.DataFrame:
    """As `predict`, of an outcome that is not continuous: what its forecasts tell beside stands in the last columns."""
    pairs, forecast = request.pairs, head.forecast(request.pairs, scores)
    known, usual = request.known_weight, _usual_features(parts)
    table = table_of(parts, pairs, scores, known, minimum_features, request.out_of_range, usual_features=usual)
    table = _with_sites_filled(table, request.sites_filled[pairs.sample_index], parts.features)
    enough = table["prediction"].notna().to_numpy()
    told = {"prediction": forecast.prediction, **forecast.columns}
    columns = {name: pd.Series(values).where(enough) for name, values in told.items()}
    table = table.assign(baseline=head.point(naive.finest(pairs)), **columns)
    table = table.assign(lower=forecast.lower, upper=forecast.upper)
    bounded = _bounded(table, parts.scheme) & table["lower"].notna().to_numpy() & table["upper"].notna().to_numpy()
    held = {name: table[name].where(bounded) for name in ("lower", "upper", *forecast.bound_columns)}
    flags = _flagged(table["flag"], bounded & (_has_little(table) if head.claimed else True), NOT_CLAIMED)
    return table.assign(**held, flag=flags)


def predicted_distribution(parts: FittedParts, request: Request, minimum_features: float) -> Distribution:
    """What the model says of each pair asked for, of an outcome that is not continuous.

    Parameters
    ----------
    parts, request, minimum_features
        As for `predict`; what is told of a sample with too few features is NaN.
    """
    if parts.head is None:
        raise InputError("outcome: continuous responses have no probabilities. Use `predict`.")
    pairs = request.pairs
    tell_of_alignment(request.alignment)
    said = parts.head.distribution(pairs, predictions_of(parts.regressor, pairs))
    few = (request.known_weight < minimum_features)[pairs.sample_index]
    numbers: dict[str, Any] = {
        name: np.where(few if part.ndim == 1 else few[:, None], np.nan, part)
        for name in ("shares", "spread", "point", "survival")
        if (part := getattr(said, name)) is not None
    }
    return replace(said, scores=np.where(few, np.nan, said.scores), **numbers)


def survival_table(
    parts: FittedParts, request: Request, minimum_features: float, times: Sequence[float] | None
) -> pd.DataFrame:
    """As `DrugResponseModel.predict_survival`."""
    if not isinstance(parts.head, TimeHead):
        raise InputError(
            f"outcome: {parts.outcome.kind} responses have no survival (expected times to an event). "
            f"Use `{'predict_proba' if parts.outcome.has_classes else 'predict'}`."
        )
    said = predicted_distribution(parts, request, minimum_features)
    known, survival = np.append(0.0, np.asarray(said.times)), np.asarray(said.survival)
    at = parts.head.stated if times is None else np.asarray(times, dtype=np.float64)
    if at.ndim != 1 or not ((at > 0) & (at <= known[-1])).all():
        raise InputError(
            f"`times`: found {show_ids([f'{time:g}' for time in np.ravel(at)])} (expected times above 0 and up to "
            f"{known[-1]:.4g}, the longest follow-up of the training). Give such times."
        )
    steps = np.column_stack([np.ones(len(survival)), survival])
    table = np.array([np.interp(at, known, row) for row in steps]).reshape(len(steps), len(at))
    index = pd.MultiIndex.from_arrays(
        [request.pairs.sample_ids, request.pairs.drug_ids], names=["sample_id", "drug_id"]
    )
    return pd.DataFrame(table, index=index, columns=pd.Index(at, name="time"))


def features_found(parts: FittedParts, genotypes: Genotypes) -> NDArray[np.float64]:
    """`(n_samples,)` share of the model's weight that each sample's known features hold; 1 without genotype."""
    completed = completed_genotypes(genotypes, parts.features)
    alignment = align(completed.features, parts.features)
    tell_of_alignment(alignment)
    return share_of_weight(parts.feature_weights, completed, alignment)


def table_of(
    parts: FittedParts,
    pairs: Pairs,
    predicted: NDArray[np.float64],
    known_weight: NDArray[np.float64],
    minimum_features: float,
    out_of_range: NDArray[np.bool_] | None = None,
    *,
    usual_features: float = 0.0,
) -> pd.DataFrame:
    """As `prediction_table`, beside the naive predictions and with the training ids of a model."""
    return prediction_table(
        pairs,
        predicted,
        parts.naive.finest(pairs),
        scheme=parts.scheme,
        known_weight=known_weight,
        minimum_features=minimum_features,
        sample_seen=parts.training_ids.contains(pairs.genotypes.sample_ids),
        drug_seen=pairs.drugs.index.isin(parts.drugs.index),
        out_of_range=out_of_range,
        usual_features=usual_features,
    )


def prediction_table(
    pairs: Pairs,
    predicted: NDArray[np.float64],
    baseline: NDArray[np.float64],
    *,
    scheme: str,
    known_weight: NDArray[np.float64],
    minimum_features: float,
    sample_seen: NDArray[np.bool_],
    drug_seen: NDArray[np.bool_],
    out_of_range: NDArray[np.bool_] | None = None,
    usual_features: float = 0.0,
) -> pd.DataFrame:
    """One row for each pair, with the columns of the predictions table.

    Parameters
    ----------
    pairs
        What is asked for.
    predicted, baseline
        `(n_pairs,)` of the model and of the finest naive prediction.
    scheme
        That the model was trained for.
    known_weight, minimum_features
        `(n_samples,)` share of the model's weight that known features hold, and the least with which a sample is
        predicted.
    sample_seen, drug_seen
        `(n_samples,)` and `(n_drugs,)` whether training had them.
    out_of_range
        `(n_samples,)` whether values lie far outside the training; None where that is not known.
    usual_features
        Share of the weight that samples of the training have; who has less is flagged, predicted or not.
    """
    enough = (known_weight >= minimum_features)[pairs.sample_index]
    if len(enough) and not enough.any():
        logger.warning(
            "genotypes: no sample has features that hold %.0f %% of the model's weight; nothing is predicted.",
            100 * minimum_features,
        )
    seen, known = sample_seen[pairs.sample_index], drug_seen[pairs.drug_index]
    few = (known_weight < max(minimum_features, usual_features))[pairs.sample_index]
    columns = {
        "sample_id": pairs.sample_ids,
        "drug_id": pairs.drug_ids,
        "prediction": np.where(enough, predicted, np.nan),
        "lower": np.nan,
        "upper": np.nan,
        "baseline": baseline,
        "sample_seen": seen,
        "drug_seen": known,
        "features_found": known_weight[pairs.sample_index],
        "flag": _flags(pairs, scheme, seen, known, few, out_of_range),
    }
    return pd.DataFrame(columns)[list(_PAIR_COLUMNS)]


def flag_counts(predictions: pd.DataFrame) -> pd.Series:
    """Rows that bear each flag, by the flag in alphabetical order; a row may bear several.

    Examples
    --------
    >>> flag_counts(pd.DataFrame({"flag": ["", "seen-sample", "few-features;seen-sample"]})).to_dict()
    {'few-features': 1, 'seen-sample': 2}
    """
    flags = predictions["flag"].fillna("").astype(str)
    return flags[flags != ""].str.split(";").explode().value_counts().sort_index()


def _usual_features(parts: FittedParts) -> float:
    """Share of the model's weight below which no sample is predicted unless that is asked for."""
    return float(parts.manifest["parameters"]["minimum_features"])


def _with_sites_filled(table: pd.DataFrame, filled: NDArray[np.intp], trained: pd.DataFrame) -> pd.DataFrame:
    """The table with the number of filled sites of each row, and a flag where they are more than half."""
    many = 2 * filled > count_sites(trained) if filled.any() else np.zeros(len(filled), dtype=bool)
    return table.assign(flag=_flagged(table["flag"], many, MANY_SITES_FILLED), sites_filled=filled)


def with_bounds(
    table: pd.DataFrame,
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    scheme: str,
    *,
    by_genotype: bool = True,
) -> pd.DataFrame:
    """The table of predictions with bounds where the rows are such as were held out at training.

    Parameters
    ----------
    table
        As `prediction_table` gives it.
    lower, upper
        `(n_rows,)`, NaN without bounds. They are left out of rows outside the scheme, out of range or with few
        features, and of samples that training had where the scheme is about new ones.
    scheme
        That the model was trained for.
    by_genotype
        Whether the rows hang on the features that are known of a sample; those of a naive prediction do not.
    """
    bounded = np.isfinite(lower) & np.isfinite(upper) & _bounded(table, scheme)
    unsure = by_genotype & _has_little(table) if scheme in CLAIMED_SCHEMES else True
    flags = _flagged(table["flag"], bounded & unsure, NOT_CLAIMED)
    return table.assign(lower=np.where(bounded, lower, np.nan), upper=np.where(bounded, upper, np.nan), flag=flags)


def _has_little(table: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_rows,)` which rows hang on less than half of the model's weight, so that held-out errors are below theirs.

    Where a block is absent the bounds are wider for that.
    """
    absent = table["flag"].str.contains(BLOCK_ABSENT, regex=False).to_numpy(dtype=bool)
    return np.asarray((table["features_found"] < USUAL_LEAST_SHARE).to_numpy(dtype=bool) & ~absent)


def unlike_training(predictions: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_rows,)` which rows are flagged as other than what training could check.

    Examples
    --------
    >>> unlike_training(pd.DataFrame({"flag": ["", "seen-sample", "out-of-range;new-drug"]})).tolist()
    [False, False, True]
    """
    codes, words = pd.factorize(predictions["flag"])
    return np.array([not _UNLIKE_TRAINING.isdisjoint(flags.split(";")) for flags in words], dtype=bool)[codes]


def _bounded(table: pd.DataFrame, scheme: str) -> NDArray[np.bool_]:
    """`(n_rows,)` which rows are predicted and such as were held out at training."""
    outside = unlike_training(table)
    known = table["sample_seen"].to_numpy(dtype=bool) & (not find_scheme(scheme).sample_effect)
    return np.asarray(table["prediction"].notna().to_numpy() & ~outside & ~known)


def _flagged(flags: pd.Series, rows: NDArray[np.bool_], word: str) -> NDArray[np.object_]:
    """The flags with one more in some rows."""
    values = flags.to_numpy(dtype=object, copy=True)
    values[rows] = [f"{flag};{word}" if flag else word for flag in values[rows]]
    return values


def _flags(
    pairs: Pairs,
    name: str,
    seen: NDArray[np.bool_],
    known: NDArray[np.bool_],
    few: NDArray[np.bool_],
    out_of_range: NDArray[np.bool_] | None,
) -> NDArray[np.object_]:
    scheme = find_scheme(name)
    structure = (pairs.drugs["smiles"] != "").to_numpy()[pairs.drug_index]
    conditions = {
        "new-drug": ~known,
        "seen-sample": seen,
        FEW_FEATURES: few,
        "no-structure": ~structure & (~known | (not scheme.drug_effect)),
        "out-of-range": np.zeros(len(pairs), dtype=bool) if out_of_range is None else out_of_range[pairs.sample_index],
        "outside-scheme": (scheme.drug_effect & ~known) | (scheme.sample_effect & ~seen),
    }
    flags = np.full(len(pairs), "", dtype=object)
    for word, rows in conditions.items():
        flags[rows] = [f"{flag};{word}" if flag else word for flag in flags[rows]]
    return flags
