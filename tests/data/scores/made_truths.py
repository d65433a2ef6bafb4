"""Held-out rows with a known truth, and predictions of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.follow_up import Censoring, Horizons
from drugresponse.data.scores.truth import Truth

Array = NDArray[np.float64]
YES = Outcome("binary", ("no", "yes"))
TIME = Outcome("time-to-event")


def truth_of(observed: Observed, y: Array, *, drugs: int = 1, folds: int = 1) -> Truth:
    """Rows that go round drugs and folds; of a time, followed up as all of them were."""
    n = len(y)
    drug = np.array([f"d{i % drugs}" for i in range(n)], dtype=object)
    fold = (np.arange(n) // drugs % folds).astype(np.intp)
    watched = None
    if observed.happened is not None:
        watched = Censoring.fit(drug, y, observed).follow_up(drug, y, observed, Horizons.of_rows(drug, y, observed))
    sample = np.array([f"s{i // drugs}" for i in range(n)], dtype=object)
    return Truth(observed, y, sample, drug, fold, watched)


def probabilities(p: Array) -> Distribution:
    """Of yes."""
    return Distribution(YES, logit(np.clip(p, 1e-12, 1 - 1e-12)), np.column_stack([1 - p, p]))


def made_yes_no(n: int = 4000, seed: int = 0, *, drugs: int = 1, folds: int = 1) -> tuple[Truth, Array]:
    """Rows with the log odds that they were drawn by."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1, 1.5, n)
    return truth_of(Observed(YES), (rng.random(n) < expit(odds)).astype(float), drugs=drugs, folds=folds), odds


def made_times(n: int = 2000, seed: int = 0) -> tuple[Truth, Array]:
    """Exponential times with the log hazard that they were drawn by, censored independently."""
    rng = np.random.default_rng(seed)
    hazard = rng.normal(0, 1, n)
    event, censored = rng.exponential(np.exp(-hazard)), rng.exponential(2.0, n)
    observed = Observed(TIME, happened=event <= censored, entry=np.zeros(n))
    return truth_of(observed, np.minimum(event, censored)), hazard


def exponential(hazard: Array) -> Distribution:
    """The survival of a constant hazard."""
    times = np.linspace(0, 5, 201)
    return Distribution(TIME, hazard, times=times, survival=np.exp(-np.exp(hazard)[:, None] * times))
