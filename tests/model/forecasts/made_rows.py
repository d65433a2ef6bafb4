"""Held-out rows whose true distribution is known, with scores on a scale and at a level of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MadeRows:
    """Pairs, responses, scores, and the true probability of each class."""

    pairs: Pairs
    y: Array
    scores: Array
    truth: Array


def grid(n_samples: int, n_drugs: int, *, per_subject: int = 1) -> Pairs:
    """Every sample with every drug; consecutive samples are of one subject."""
    ids = [f"s{number}" for number in range(n_samples)]
    genotypes = Genotypes.from_dense(np.zeros((n_samples, 1)), ids, ["TP53"])
    drugs = pd.DataFrame(index=pd.Index([f"d{number}" for number in range(n_drugs)]))
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    subjects = np.array([f"p{number // per_subject}" for number in range(n_samples)], dtype=object)
    return replace(pairs, subjects=subjects)


def class_rows(
    n_samples: int,
    levels: list[float],
    classes: tuple[str, ...] = ("S", "R"),
    *,
    slope: float = 2.0,
    offset: float = 0.7,
    seed: int = 0,
) -> MadeRows:
    """Classes whose true log odds are drug level plus a normal latent; scores are steeper and shifted."""
    rng = np.random.default_rng(seed)
    pairs = grid(n_samples, len(levels))
    level, latent = np.array(levels)[pairs.drug_index], rng.normal(0, 1.5, len(pairs))
    cuts = np.array([0.0]) if len(classes) == 2 else np.linspace(-1.0, 1.0, len(classes) - 1)
    above = expit((level + latent)[:, None] - cuts)
    truth = -np.diff(np.column_stack([np.ones(len(pairs)), above, np.zeros(len(pairs))]), axis=1)
    y = (rng.random(len(pairs))[:, None] > np.cumsum(truth, axis=1)).sum(axis=1).clip(0, len(classes) - 1)
    outcome = Outcome("binary" if len(classes) == 2 else "ordinal", classes)
    pairs = replace(pairs, observed=Observed(outcome))
    return MadeRows(pairs, y.astype(np.float64), level + slope * latent + offset, truth)


def interval_rows(
    n_samples: int, levels: list[float], *, noise: float = 0.8, limits: tuple[float, float] = (-1.0, 2.0), seed: int = 0
) -> MadeRows:
    """Values around level and latent, rounded up to whole dilutions and limited below and above; truth is the value."""
    rng = np.random.default_rng(seed)
    pairs = grid(n_samples, len(levels))
    latent = rng.normal(0, 1.2, len(pairs))
    location = np.array(levels)[pairs.drug_index] + latent
    value = location + noise * rng.normal(size=len(pairs))
    lower, upper = np.ceil(value) - 1, np.ceil(value)
    below, above = value <= limits[0], value > limits[1]
    lower, upper = np.where(below, -np.inf, lower), np.where(below, limits[0], upper)
    lower, upper = np.where(above, limits[1], lower), np.where(above, np.inf, upper)
    y = np.where(np.isneginf(lower), upper, np.where(np.isposinf(upper), lower, (lower + upper) / 2))
    pairs = replace(pairs, observed=Observed(Outcome("interval", logarithm=2), lower=lower, upper=upper))
    return MadeRows(
        pairs, y, np.array(levels)[pairs.drug_index] + 0.4 * latent - 1.0, np.column_stack([location, value])
    )


def time_rows(
    n_samples: int,
    rates: list[float],
    *,
    slope: float = 1.0,
    late: bool = False,
    seed: int = 0,
) -> MadeRows:
    """Exponential times of the drug's rate times exp(slope * score), censored evenly; truth is the rate of each row."""
    rng = np.random.default_rng(seed)
    pairs = grid(n_samples, len(rates))
    score = rng.normal(size=len(pairs))
    rate = np.array(rates)[pairs.drug_index] * np.exp(slope * score)
    time, end = rng.exponential(1 / rate), rng.uniform(0.5, 4.0, len(pairs))
    entry = rng.uniform(0, 0.4, len(pairs)) * (rng.random(len(pairs)) < 0.5) if late else np.zeros(len(pairs))
    kept = np.flatnonzero(np.minimum(time, end) > entry)
    observed = Observed(Outcome("time-to-event"), happened=time <= end, entry=entry)
    pairs = replace(pairs, observed=observed)[kept]
    return MadeRows(pairs, np.minimum(time, end)[kept], 3.0 * score[kept] + 5.0, rate[kept, None])
