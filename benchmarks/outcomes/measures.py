"""The figures of each kind of outcome, for many weightings of the held-out rows at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcomes.said import Said
from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.scores.follow_up import kaplan_meier, step_at
from drugresponse.data.scores.ranking import area_under_curve, average_precision, concordance

__all__ = ["FEWEST_RESISTANT", "FIGURES", "Held", "auroc_of_drugs"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Figures = dict[str, Array]
_BINS = 10
_LEAST_WATCHED = 0.05
_FEWEST = 10
FEWEST_RESISTANT = 50
"""Resistant isolates of a drug from which on its area under the curve is compared."""


@dataclass(frozen=True, eq=False)
class Held:
    """The rows of a question, each held out once.

    Attributes
    ----------
    rows
        All of them.
    fold, groups
        `(n_rows,)` where each was held out, and what a bootstrap draws, from 0.
    times
        To which survival is stated.
    """

    rows: TrainingRows
    fold: Ints
    groups: Ints
    times: Array

    @property
    def observed(self) -> Observed:
        assert self.rows.pairs.observed is not None
        return self.rows.pairs.observed

    @cached_property
    def drugs(self) -> dict[str, Ints]:
        """Row numbers of each drug that is judged: of yes or no, with ten rows of either."""
        pairs = self.rows.pairs
        found = {str(pairs.drugs.index[drug]): np.flatnonzero(pairs.drug_index == drug) for drug in pairs.used_drugs()}
        if pairs.outcome.kind != "binary":
            return found
        return {
            name: at
            for name, at in found.items()
            if np.bincount(self.rows.y[at].astype(np.intp), minlength=2).min() >= _FEWEST
        }

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """`(n_rows,)` whether the row's drug is judged."""
        judged = np.zeros(len(self.rows.y), dtype=bool)
        judged[np.concatenate(list(self.drugs.values()))] = True
        return judged

    def weights(self, counts: NDArray[np.int16], at: Ints) -> Array:
        """`(n_draws, n_at)` how often a draw takes each of some rows."""
        return counts[:, self.groups[at]].astype(np.float64)


def _binary(held: Held, said: Said, counts: NDArray[np.int16]) -> Figures:
    """Means over judged drugs; calibration error and error rates pooled over their rows."""
    assert said.shares is not None
    probability, event = said.shares[:, 1], held.rows.y > 0
    called = {"0.5": probability >= 0.5} | ({} if said.called is None else {"the threshold": said.called > 0})
    figures: dict[str, list[Array]] = {}
    errors = {name: np.zeros((4, len(counts))) for name in called}
    gaps, total = np.zeros((len(counts), _BINS)), np.zeros(len(counts))
    for at in held.drugs.values():
        weights = held.weights(counts, at)
        gaps, total = gaps + weights @ _gaps(event[at], probability[at]), total + weights.sum(axis=1)
        for name, value in _of_drug(event[at], probability[at], weights).items():
            figures.setdefault(name, []).append(value)
        for name, call in called.items():
            resistant, right = event[at], call[at] == event[at]
            parts = (resistant & ~right, resistant, ~resistant & ~right, ~resistant)
            errors[name] += np.array([weights @ part for part in parts])
    made = {name: np.nanmean(values, axis=0) for name, values in figures.items()}
    made["calibration error"] = np.abs(gaps).sum(axis=1) / total
    for name, sums in errors.items():
        made |= {f"very major error at {name}": sums[0] / sums[1], f"major error at {name}": sums[2] / sums[3]}
    return made


def _of_drug(event: NDArray[np.bool_], probability: Array, weights: Array) -> Figures:
    return {
        "AUROC": area_under_curve(event, probability, weights),
        "average precision": average_precision(event, probability, weights),
        "Brier": weights @ (event - probability) ** 2 / weights.sum(axis=1),
    }


def _gaps(event: NDArray[np.bool_], probability: Array) -> Array:
    """`(n_rows, n_bins)` event less probability, in the equal step of probability in which the row lies."""
    step = np.minimum((probability * _BINS).astype(np.intp), _BINS - 1)
    gaps = np.zeros((len(event), _BINS))
    gaps[np.arange(len(event)), step] = event - probability
    return gaps


def auroc_of_drugs(held: Held, said: Said, counts: NDArray[np.int16]) -> Mapping[str, Array]:
    """`(n_draws,)` area under the curve of each drug with 50 resistant isolates or more."""
    assert said.shares is not None
    event = held.rows.y > 0
    many = {name: at for name, at in held.drugs.items() if event[at].sum() >= FEWEST_RESISTANT}
    return {
        name: area_under_curve(event[at], said.shares[at, 1], held.weights(counts, at)) for name, at in many.items()
    }


def _interval(held: Held, said: Said, counts: NDArray[np.int16]) -> Figures:
    """Of values that are no limits alone; agreement is within one dilution of the prediction rounded to one."""
    assert said.values is not None
    lower, upper = held.observed.lower, held.observed.upper
    assert lower is not None and upper is not None
    exact = np.flatnonzero(np.isfinite(lower) & np.isfinite(upper))
    weights, error = held.weights(counts, exact), said.values[exact] - upper[exact]
    rounded = np.abs(np.round(said.values[exact]) - upper[exact]) <= 1
    total = weights.sum(axis=1)
    made = {
        "RMSE": np.sqrt(weights @ error**2 / total),
        "agreement": weights @ rounded / total,
        "bias": weights @ error / total,
    }
    return made if said.losses is None else made | {"censored log loss": _mean(held, said.losses, counts)}


def _ordinal(held: Held, said: Said, counts: NDArray[np.int16]) -> Figures:
    """Means over drugs."""
    assert said.shares is not None
    n_classes, y = said.shares.shape[1], held.rows.y.astype(np.intp)
    above = np.clip(1 - np.cumsum(said.shares, axis=1)[:, :-1], 1e-6, 1 - 1e-6)
    lies = y[:, None] > np.arange(n_classes - 1)
    loss = -np.log(np.where(lies, above, 1 - above)).mean(axis=1)
    called = said.shares.argmax(axis=1)
    distance = (np.arange(n_classes)[:, None] - np.arange(n_classes)) ** 2
    figures: dict[str, list[Array]] = {"weighted kappa": [], "cumulative log loss": [], "accuracy": []}
    for at in held.drugs.values():
        weights = held.weights(counts, at)
        total = weights.sum(axis=1)
        truth, call = weights @ np.eye(n_classes)[y[at]], weights @ np.eye(n_classes)[called[at]]
        expected = np.einsum("da,ab,db->d", truth, distance, call) / total
        figures["weighted kappa"].append(1 - weights @ distance[y[at], called[at]] / expected)
        figures["cumulative log loss"].append(weights @ loss[at] / total)
        figures["accuracy"].append(weights @ (y[at] == called[at]) / total)
    return {name: np.mean(values, axis=0) for name, values in figures.items()}


def _times(held: Held, said: Said, counts: NDArray[np.int16]) -> Figures:
    """Harrell's C as the mean over folds; Brier scores over all rows, censoring weighed out by training rows."""
    assert said.ranks is not None and said.survival is not None
    happened, time = held.observed.happened, held.rows.y
    assert happened is not None
    c, weighed = [], np.zeros((len(time), len(held.times)))
    for fold in np.unique(held.fold):
        at, others = np.flatnonzero(held.fold == fold), held.fold != fold
        later = (time[at] > time[at][:, None]) | ((time[at] == time[at][:, None]) & ~happened[at])
        agreed, compared = concordance(happened[at].astype(np.float64), later, said.ranks[at], held.weights(counts, at))
        with np.errstate(invalid="ignore"):
            c.append(agreed / compared)
        censoring = kaplan_meier(time[others], ~happened[others])
        alive = time[at][:, None] > held.times
        dead = ~alive & happened[at][:, None]
        # after the last training row nothing is known of who is still watched
        watched = np.maximum(step_at(censoring, held.times), _LEAST_WATCHED)
        before = np.maximum(step_at(censoring, time[at], before=True), _LEAST_WATCHED)[:, None]
        weighed[at] = (alive / watched + dead / before) * (alive - said.survival[at]) ** 2
    made = {"Harrell's C": np.nanmean(c, axis=0), "C, sd over folds": np.nanstd(c, axis=0)}
    shares = ("a quarter", "half", "three quarters")
    made |= {f"Brier at {share}": _mean(held, weighed[:, i], counts) for i, share in enumerate(shares)}
    return made if said.losses is None else made | {"integrated Brier": _mean(held, said.losses, counts)}


def _mean(held: Held, values: Array, counts: NDArray[np.int16]) -> Array:
    """Over all rows, by sums of groups."""
    sums = np.bincount(held.groups, values, counts.shape[1])
    return np.asarray(counts @ sums / (counts @ np.bincount(held.groups, minlength=counts.shape[1])))


FIGURES: Mapping[str, Callable[[Held, Said, NDArray[np.int16]], Figures]] = {
    "binary": _binary,
    "interval": _interval,
    "ordinal": _ordinal,
    "time-to-event": _times,
}
"""By the kind of the outcome."""
