"""Checks of responses that are no plain numbers: losses against their definitions, models against new samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from drugresponse.data.metrics import q_values, score
from drugresponse.data.scores.follow_up import kaplan_meier
from drugresponse.data.scores.ranking import area_under_curve, average_precision
from drugresponse.model.model import DrugResponseModel
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, at_least, close, equal, within

__all__ = ["CHECKS", "N_NEW"]

N_NEW = 8
"""New samples for whom predictions of an earlier version are stored."""


def _model(bench: Bench, kind: str) -> tuple[DrugResponseModel, pd.DataFrame]:
    """A ridge of one outcome, and what it predicts of the new samples beside what was seen of them."""
    responses = bench.table(f"screen/{kind}.tsv", dtype={"response": str})
    model = DrugResponseModel("ridge", folds=3, n_jobs=1)
    model.fit(bench.genotypes, responses, samples=bench.samples, drugs=bench.drugs.loc[["D1", "D2"]])
    predicted = model.predict(bench.new_genotypes, samples=bench.samples)
    seen = bench.table(f"screen/new_{kind}.tsv", dtype={"response": str})
    return model, seen.merge(predicted, on=["sample_id", "drug_id"], how="right")


def _as_before(bench: Bench, kind: str, predicted: pd.DataFrame) -> Iterator[Check]:
    """Predictions and bounds of the first new samples are those of an earlier run."""
    some = predicted[predicted["sample_id"].isin(bench.new_genotypes.index[:N_NEW])]
    for name, known in bench.json("earlier.json")[kind].items():
        stored = np.array([np.nan if value is None else value for value in known])
        yield close(f"The {name} of {kind} responses, by an earlier run", some[name].to_numpy(), stored, 1e-4)


def _binary(bench: Bench) -> Iterator[Check]:
    """Yes or no"""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    model, told = _model(bench, "binary")
    yield from _as_before(bench, "binary", told)
    rows = told.dropna(subset=["response"])
    yield equal("Outcome told of R and S", model.manifest_["outcome"]["kind"], "binary")
    event = (rows["response"] == "R").to_numpy()
    yield at_least("Area under the curve of new samples", float(roc_auc_score(event, rows["prediction"])), 0.62)
    saved = 1 - brier_score_loss(event, rows["prediction"]) / brier_score_loss(event, rows["baseline"])
    yield at_least("Share of the Brier score of prevalences that is saved", float(saved), 0.03)
    yield within(
        "Mean probability less the share of events", float(rows["prediction"].mean() - event.mean()), -0.12, 0.12
    )
    covered = [true in sets.split(";") for true, sets in zip(rows["response"], rows["class_set"], strict=True)]
    yield at_least("Share of new samples whose class is in its set", float(np.mean(covered)), 0.82)
    probabilities = model.predict_proba(bench.new_genotypes, samples=bench.samples)
    yield close("Probabilities add up to 1", probabilities.sum(axis=1), np.ones(len(probabilities)), 1e-9)


def _ordinal(bench: Bench) -> Iterator[Check]:
    """Ordered classes"""
    model, told = _model(bench, "ordinal")
    yield from _as_before(bench, "ordinal", told)
    rows = told.dropna(subset=["response"])
    yield equal("Classes in their order", list(model.classes_), ["S", "I", "R"])
    place = rows["response"].map({"S": 0, "I": 1, "R": 2})
    expected = rows["probability_I"] + 2 * rows["probability_R"]
    yield at_least(
        "Rank correlation of classes with what is expected", float(place.corr(expected, method="spearman")), 0.35
    )
    columns = ["probability_S", "probability_I", "probability_R"]
    yield close("Probabilities of classes add up to 1", rows[columns].sum(axis=1), np.ones(len(rows)), 1e-6)
    best = rows[columns].idxmax(axis=1).str.removeprefix("probability_")
    yield equal("The prediction is the most probable class", bool((best == rows["prediction"]).all()), True)


def _interval(bench: Bench) -> Iterator[Check]:
    """Dilution series"""
    model, told = _model(bench, "interval")
    yield from _as_before(bench, "interval", told)
    rows = told.dropna(subset=["response"])
    yield equal("Outcome told of limits", model.manifest_["outcome"]["kind"], "interval")
    level = np.log2(rows["response"].str.lstrip("<=>").astype(float)) + rows["response"].str.startswith(">")
    yield at_least(
        "Rank correlation of new readings with predictions",
        float(level.corr(rows["prediction"], method="spearman")),
        0.5,
    )
    yield close("Values are 2 to the power of predictions", np.log2(rows["value"]), rows["prediction"], 1e-6)


def _times(bench: Bench) -> Iterator[Check]:
    """Times to an event"""
    model, told = _model(bench, "time-to-event")
    yield from _as_before(bench, "time-to-event", told)
    rows = told.dropna(subset=["time"])
    yield equal("Outcome told of time and event", model.manifest_["outcome"]["kind"], "time-to-event")
    yield at_least("Concordance of new samples, counted pair by pair", _concordance(rows), 0.62)
    curves = model.predict_survival(bench.new_genotypes, samples=bench.samples).to_numpy()
    yield equal("Survival never rises", bool((np.diff(curves, axis=1) <= 1e-12).all()), True)


def _concordance(rows: pd.DataFrame) -> float:
    """Share of comparable pairs, drug by drug, in which the one with the earlier event was told the shorter time."""
    right = total = 0.0
    for _, of_drug in rows.groupby("drug_id"):
        time, event, told = (of_drug[name].to_numpy() for name in ("time", "event", "prediction"))
        earlier = (time[:, None] < time[None]) & (event[:, None] == 1)
        right += (earlier & (told[:, None] < told[None])).sum() + 0.5 * (earlier & (told[:, None] == told[None])).sum()
        total += earlier.sum()
    return right / total


def _metrics(_bench: Bench) -> Iterator[Check]:
    """Scores are those of scipy and scikit-learn"""
    from scipy import stats
    from sklearn import metrics

    rng = np.random.default_rng(5)
    truth = rng.normal(size=80)
    told = truth + rng.normal(size=80)
    found = score(truth, told)
    yield close("RMSE", found["rmse"], metrics.root_mean_squared_error(truth, told), 1e-9)
    yield close("Mean absolute error", found["mae"], metrics.mean_absolute_error(truth, told), 1e-9)
    yield close("R squared", found["r2"], metrics.r2_score(truth, told), 1e-9)
    yield close("Pearson's correlation", found["pearson"], stats.pearsonr(truth, told).statistic, 1e-9)
    yield close("Spearman's correlation", found["spearman"], stats.spearmanr(truth, told).statistic, 1e-9)
    p = rng.random(30)
    yield close("q values", q_values(p), stats.false_discovery_control(p), 1e-12)
    event, weights = truth > 0.3, np.ones((1, 80))
    area = np.ravel(area_under_curve(event, told, weights))[0]
    yield close("Area under the curve", area, metrics.roc_auc_score(event, told), 1e-9)
    precision = np.ravel(average_precision(event, told, weights))[0]
    yield close("Average precision", precision, metrics.average_precision_score(event, told), 1e-9)


def _survival(_bench: Bench) -> Iterator[Check]:
    """Kaplan and Meier's curve is that of scipy"""
    from scipy import stats

    rng = np.random.default_rng(6)
    event, end = rng.exponential(10, 60).round(1) + 0.1, rng.uniform(2, 20, 60).round(1)
    times, happened = np.minimum(event, end), event <= end
    data = stats.CensoredData(times[happened], right=times[~happened])
    known = stats.ecdf(data).sf
    ours = kaplan_meier(times, happened)
    at = np.searchsorted(ours[0], known.quantiles, side="right") - 1
    yield close("Survival after each time", np.asarray(ours[1])[at], known.probabilities, 1e-9)


CHECKS = (_binary, _ordinal, _interval, _times, _metrics, _survival)
