"""Scores of outcomes that are no numbers as tables: each metric with what it says, and drug by drug."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.labels import metric_label, metrics_of
from drugresponse.data.scores.truth import FEWEST_EVENTS
from drugresponse.report.blocks import Block, Cell, Part, Row, Table, Words
from drugresponse.report.drug_names import drug_cell, drug_words
from drugresponse.report.outcome_words import COUNTED
from drugresponse.report.page import MISSING, count

__all__ = ["drug_scores_part", "scores_table"]

_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "skill": "share saved of the loss of the best naive prediction; 0 is no gain",
        "brier": "mean squared distance of the probability from what came; lower is better",
        "log_loss": "punishes sure and wrong probabilities; lower is better",
        "auroc": "how often an event has a higher probability than a non-event; 0.5 is chance",
        "average_precision": "share of alarms that are right, over all thresholds; the prevalence is chance",
        "calibration_slope": "1 is right; below 1 probabilities are too extreme",
        "calibration_intercept": "0 is right; above 0 events are more frequent than told",
        "calibration_error": "mean distance of told from observed shares, in bins",
        "sensitivity": "share of the events that are called, at the threshold",
        "specificity": "share of the others that are not called, at the threshold",
        "balanced_accuracy": "mean of sensitivity and specificity; 0.5 is chance",
        "very_major_error": "resistant called susceptible, among the resistant",
        "major_error": "susceptible called resistant, among the susceptible",
        "minor_error": "calls off by one class where one of the two is intermediate",
        "categorical_agreement": "share of calls that are right",
        "net_benefit": "events caught, less false alarms by their cost, for each sample",
        "ranked_probability": "squared distance of cumulative probabilities; lower is better",
        "cumulative_log_loss": "log loss over the cuts between classes; lower is better",
        "weighted_kappa": "agreement beyond chance, far misses counted by their square",
        "accuracy": "share of rows whose most probable class came",
        "accuracy_within_one": "share of rows at most one class off",
        "censored_log_loss": "log loss of the limits as limits; lower is better",
        "essential_agreement": "within one doubling dilution",
        "limit_agreement": "limits that are predicted no further than one doubling, or unit, outside them",
        "bias": "mean of predicted less measured values, in dilutions or units",
        "rmse_exact": "of rows with measured values only; limits are no values",
        "integrated_brier": "squared distance of survival from what came, over time, censoring weighed out",
        "harrell_c": "how often the one with the earlier event has the higher risk; 0.5 is chance",
        "uno_c": "the same, censoring weighed out",
        "coverage": "share of rows whose set or bounds hold what came; 90 % is aimed at",
        "set_size": "classes that are left, on average",
        "width": "median distance of the bounds",
    }
)
_SKILL_OF_LIKELIHOODS = (
    "share saved of the variance of the best naive prediction's error, as likelihoods tell it; 0 is no gain"
)
_OF_DRUGS = {
    "binary": ("skill", "auroc", "average_precision", "sensitivity", "specificity", "coverage", "set_size"),
    "ordinal": ("skill", "weighted_kappa", "accuracy", "coverage", "set_size"),
    "interval": ("skill", "essential_agreement", "rmse_exact", "coverage", "width"),
    "time-to-event": ("skill", "harrell_c", "uno_c", "integrated_brier"),
}
_LEVELS = {
    "global": "All held-out rows together",
    "drug": "Within drug: averages over drugs with 10 or more events among the held-out rows",
    "sample": "Within sample: averages over samples with 10 or more held-out rows",
}
_ALSO = ("coverage", "set_size", "width")
_NOT_OF_NAIVE = ("sensitivity", "specificity", "balanced_accuracy")


def scores_table(metrics: pd.DataFrame, outcome: Outcome, learners: Sequence[str], level: str = "global") -> Table:
    """Every metric of every prediction, learners first.

    Parameters
    ----------
    metrics
        `METRIC_COLUMNS`; rows of fold `all`.
    outcome
        What a response is.
    learners
        Those that are no naive predictions, in their order.
    level
        `global`, or `drug` or `sample` for averages over those that have scores of their own.
    """
    pooled = _pooled(metrics, level)
    pooled = pooled if level == "global" else pooled[pooled["id"] == "mean"]
    naive = sorted(set(pooled["learner"]) - set(learners))
    names = ["skill", *metrics_of(outcome), "net_benefit", *_ALSO]
    shown = [name for name in dict.fromkeys(names) if (pooled["metric"] == name).any()]
    cells = {(row["learner"], row["metric"]): row for row in pooled.to_dict("records")}
    rows: list[Row] = []
    for metric in shown:
        says = _SKILL_OF_LIKELIHOODS if (metric, outcome.kind) == ("skill", "interval") else _SAYS.get(metric, "")
        row: list[Cell | str] = [Cell(metric_label_of(metric), says)]
        row += [_score(cells, name, metric, strong=name in learners) for name in (*learners, *naive)]
        rows.append(row)
    return Table(["Metric", *learners, *naive], rows, _LEVELS[level])


def _score(cells: Mapping[tuple[str, str], Mapping[Hashable, float]], name: str, metric: str, *, strong: bool) -> Cell:
    if (name, metric) not in cells or (not strong and metric in _NOT_OF_NAIVE):
        return Cell("")
    score = cells[name, metric]
    bounds = ""
    if np.isfinite(score["lower"]) and np.isfinite(score["upper"]):
        bounds = f"{_shown(score['lower'])} to {_shown(score['upper'])}"
    return Cell(_shown(score["value"]), bounds, "strong" if strong else "")


def drug_scores_part(
    metrics: pd.DataFrame,
    outcome: Outcome,
    learner: str,
    events: Mapping[str, tuple[int, int]],
    names: Mapping[str, str],
) -> Part:
    """The scores of one learner in each drug, by falling skill; drugs with too few events by name.

    Parameters
    ----------
    metrics
        As in `scores_table`, level `drug`.
    outcome, learner
        What a response is, and whose scores.
    events
        Of each drug, its rows, and how many of them tell something.
    names
        Of drugs, by id.
    """
    own = _pooled(metrics, "drug")
    own = own[(own["learner"] == learner) & (own["id"] != "mean")]
    blocks: list[Block] = []
    if len(own):
        wide = own.pivot(index="id", columns="metric", values="value")
        shown = [name for name in _OF_DRUGS[outcome.kind] if name in wide]
        wide = wide.sort_index().sort_values("skill", ascending=False, kind="stable")
        rows: list[Row] = []
        for drug, scores in wide.iterrows():
            n, told = events.get(str(drug), (0, 0))
            rows.append([drug_cell(drug, names), f"{n:,}", f"{told:,}", *(_shown(scores[name]) for name in shown)])
        columns = ["Drug", "Rows", COUNTED[outcome.kind], *map(metric_label_of, shown)]
        blocks.append(Table(columns, rows, "By falling skill"))
    few = [drug for drug, (_, told) in events.items() if told < FEWEST_EVENTS]
    if few:
        named = ", ".join(drug_words(drug, names) for drug in few[:20])
        more = f" and {len(few) - 20} more" if len(few) > 20 else ""
        blocks.append(
            Words(f"Not scored by themselves, with fewer than {FEWEST_EVENTS} held-out events: {named}{more}.")
        )
    return Part("Drug by drug", blocks or [Words(f"No drug of {count(len(events), 'drug')} has a score of its own.")])


def metric_label_of(metric: str) -> str:
    """The label of a metric, or of what is told of sets and bounds.

    Examples
    --------
    >>> metric_label_of("set_size"), metric_label_of("auroc")
    ('Classes in a set', 'AUROC')
    """
    own = {"coverage": "Coverage", "set_size": "Classes in a set", "width": "Width of bounds"}
    return own.get(metric) or metric_label(metric)


def _pooled(metrics: pd.DataFrame, level: str) -> pd.DataFrame:
    rows = metrics[(metrics["fold"].astype(str) == "all") & (metrics["level"] == level)]
    return rows.drop_duplicates(["learner", "id", "metric"])


def _shown(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    digits = 3 if abs(value) < 10 else 1
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
