"""What a cohort of classes or events can carry: how many events there are, and what tells them perfectly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from drugresponse.audit.findings import Finding, caution
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.scores.truth import FEW_EVENTS, FEWEST_EVENTS, count_events
from drugresponse.errors import count, show_ids

__all__ = ["outcome_findings"]

_EVENTS_PER_FEATURE = 10
"""Events for each feature below which effects rest on shrinkage: Peduzzi et al. 1996, 10.1016/S0895-4356(96)00236-3."""
_FEWEST_CARRIERS = 5
_STRONG_CORRELATION, _STRONG_RATIO = 0.5, 5.0
"""An effect as strong as any of the field: a quarter of the variance, or an odds (hazard) ratio of a common feature."""
_LEVEL = 0.05
_QUIET = 0.05
"""Share of the rows up to which those of subjects that count again are a note."""
_CHANCE = 1e-3
"""Carriers who all are of one class by no more than this chance are more than a rare feature in a common class."""


def outcome_findings(rows: TrainingRows) -> Iterator[Finding]:
    """Too few samples for the features; few events, events for each feature, and features that tell a class perfectly.

    Parameters
    ----------
    rows
        The pairs that are evaluated; of a continuous outcome only the number of samples is looked at.
    """
    pairs = rows.pairs
    observed = pairs.observed
    yield from _powerless(rows)
    if observed is None:
        return
    at = [np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))]
    events = np.array([count_events(observed[rows_of_drug], rows.y[rows_of_drug]) for rows_of_drug in at])
    names = pairs.drugs.index.to_numpy(dtype=object)
    yield from _few_events(events, names)
    n_features = pairs.genotypes.shape[1]
    scored = events >= FEWEST_EVENTS
    if n_features and scored.any():
        least = float(events[scored].min()) / n_features
        if least < _EVENTS_PER_FEATURE:
            message = (
                f"{least:.2g} events for each of {count(n_features, 'feature')} where they are fewest "
                f"({show_ids(names[scored][[int(np.argmin(events[scored]))]])}): effects rest on shrinkage, and only "
                "held-out scores tell whether they hold."
            )
            yield Finding("events for each feature", "note", message, int(events[scored].min()))
    told = _separated(rows, observed, at)
    if observed.happened is not None:
        yield from _times_of_one_subject(rows)
    if told:
        message = (
            f"Carriers of a feature all have the same outcome more often than chance allows: {len(told)} "
            f"times ({show_ids(told)}): real where the feature decides, a leak where it was made from the response."
        )
        yield Finding("separation", "note", message, len(told))


def _times_of_one_subject(rows: TrainingRows) -> Iterator[Finding]:
    """Samples of one subject with the same time: one event that counts once for each of them."""
    pairs = rows.pairs
    keys = pd.DataFrame({"subject": pairs.subjects[pairs.sample_index], "drug": pairs.drug_index, "time": rows.y})
    n_more = int(keys.duplicated().sum())
    if n_more:
        n_rows, n_times = len(keys), len(keys) - n_more
        message = (
            f"{n_rows:,} responses are {n_times:,} times of subjects: that of a subject with several samples counts "
            "once for each of them, in the training, in the numbers of events and in the scores. Give one sample of "
            "each subject, or each its share in a column weight."
        )
        yield Finding("times of one subject", "warning" if n_more > _QUIET * n_rows else "note", message, n_more)


def _powerless(rows: TrainingRows) -> Iterator[Finding]:
    """Whether even a strong effect of one feature would be lost among as many, for every drug.

    The z value of such an effect is held against the one that a two-sided test of level 0.05 asks for after the
    correction of Bonferroni; below it, the effect is rather missed than seen.
    """
    pairs, n_features = rows.pairs, rows.pairs.genotypes.shape[1]
    if not n_features:
        return
    rows_of = [np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))]
    n = np.array([len(at) for at in rows_of], dtype=float)
    if pairs.observed is None or pairs.observed.lower is not None:
        z, words = np.arctanh(_STRONG_CORRELATION) * np.sqrt(np.maximum(n - 3, 0)), "responses"
        counted = n
    else:
        counted = np.array([count_events(pairs.observed[at], rows.y[at]) for at in rows_of], dtype=float)
        others = 1.0 if pairs.outcome.kind == "time-to-event" else 1 - counted / np.maximum(n, 1)
        # a feature that half of the samples carry, which is the easiest to see
        z, words = np.log(_STRONG_RATIO) * np.sqrt(counted * others) / 2, "events"
    best = int(np.argmax(z))
    if z[best] < stats.norm.isf(_LEVEL / 2 / n_features):
        message = (
            f"{counted[best]:,.0f} {words}, where a drug has most, are too few for {count(n_features, 'feature')}: "
            "even a strong effect of one would rather be missed than seen. Believe held-out scores alone, and give "
            "fewer features (prepare can choose them) or more samples."
        )
        yield caution("too few samples for the features", message, int(counted[best]))


def _few_events(events: NDArray[np.intp], names: NDArray[np.object_]) -> Iterator[Finding]:
    none = names[events < FEWEST_EVENTS]
    few = names[(events >= FEWEST_EVENTS) & (events < FEW_EVENTS)]
    if len(none):
        severity = "warning" if len(none) > len(names) / 2 else "note"
        message = (
            f"Fewer than {FEWEST_EVENTS} events of {len(none)} of {count(len(names), 'drug')} ({show_ids(none)}): "
            "not scored by itself."
        )
        yield Finding("too few events", severity, message, len(none))
    if len(few):
        message = (
            f"Fewer than {FEW_EVENTS} events of {len(few)} of {count(len(names), 'drug')} ({show_ids(few)}): scored "
            "with an interval, and not judged."
        )
        yield Finding("few events", "note", message, len(few))


def _separated(rows: TrainingRows, observed: Observed, at: list[NDArray[np.intp]]) -> list[str]:
    """Features whose carriers are all of one side, with their drugs, the least probable first."""
    pairs = rows.pairs
    if observed.lower is not None:
        return []
    features, drugs = (names.to_numpy(dtype=object) for names in (pairs.genotypes.features.index, pairs.drugs.index))
    told: list[tuple[float, str]] = []
    for columns, carried in _carriers(pairs.genotypes):
        for drug, of_drug in zip(drugs, at, strict=True):
            cut = carried[pairs.sample_index[of_drug]]
            for side in _sides(rows.y[of_drug], observed[of_drug]):
                chance = _chance_of_carriers(cut, side)
                rare = np.flatnonzero(chance < _CHANCE)
                told.extend((float(chance[at]), f"{features[columns[at]]} x {drug}") for at in rare)
    return [name for _, name in sorted(told)]


def _carriers(genotypes: Genotypes) -> Iterator[tuple[NDArray[np.intp], Any]]:
    """Numbers of some features, and `(n_samples, n_some)` 1 for who carries them; a missing call is no carrier."""
    if genotypes.is_stored:
        for columns, block in genotypes.blocks():
            yield columns, (np.isfinite(block) & (block != 0)).astype(np.float32)
        return
    carried = genotypes.values.copy()
    carried.data = (np.isfinite(carried.data) & (carried.data != 0)).astype(np.float64)
    yield np.arange(genotypes.shape[1]), carried


def _sides(y: NDArray[np.float64], observed: Observed) -> list[NDArray[np.bool_]]:
    """The rows of the lowest and of the highest class; of times, those without an event."""
    if observed.happened is not None:
        return [~observed.happened]
    return [y == 0, y == len(observed.outcome.classes) - 1]


def _chance_of_carriers(carried: Any, side: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`(n_features,)` how probable it is that all carriers are of the side; 1 where they are not, or few."""
    if side.all() or not side.any():
        return np.ones(carried.shape[1])
    n = np.asarray(carried.sum(axis=0)).ravel()
    alike = np.asarray(carried.T @ side.astype(carried.dtype)).ravel() == n
    return np.where(alike & (n >= _FEWEST_CARRIERS), side.mean() ** n, 1.0)
