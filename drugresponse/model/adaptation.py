"""Pilot measurements of a new sample: what training keeps so that they can correct its other predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.splits import find_scheme, study_of_pair
from drugresponse.learners.factors.drug_covariance import DrugCovariance
from drugresponse.learners.state import State, damaged, state_array, state_ids, state_number, state_whole
from drugresponse.model.held_out import HeldOut
from drugresponse.model.intervals.conformal import calibration_units, conformal_quantile
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES, UNCLAIMED_GROUPS
from drugresponse.threads import run_in_order

__all__ = ["BASES", "Correction", "PilotAdaptation"]

BASES = {"model": "model", "tissue-drug mean": "tissue", "drug mean": "drug"}
"""What may be corrected, and its key in the model file: the model's prediction, or a naive one without genotype."""
FIRST_DRUGS = 5
"""How many drugs the manifest names as the first to measure."""
_PILOTS = (1, 3, 5, 10, 20)
_FEWEST_SAMPLES = 10
"""Fewest samples with two or more drugs from which a covariance is learned."""
_PARTS = 3
"""Parts of the samples in the calibration, where all were held out at once."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Correction:
    """How the residuals of one kind of prediction go together, and how far corrected predictions are off.

    Attributes
    ----------
    covariance
        Over drugs, of residuals on held-out rows.
    pilots
        `(n_knots,)` numbers of pilot drugs that were tried on held-out samples, ascending.
    reach
        `(n_knots,)` half-width of an interval after so many, in standard deviations; NaN where no coverage can be told
        of.
    errors
        `(n_knots, 2)` root mean squared error for the other drugs of those samples, before and after the correction.

    Examples
    --------
    >>> covariance = DrugCovariance(np.ones((2, 1)), np.ones(2))
    >>> correction = Correction(covariance, np.array([1.0, 4.0]), np.array([1.6, 1.8]), np.ones((2, 2)))
    >>> correction.reach_after(np.array([0, 1, 2, 9])).round(2).tolist()
    [nan, 1.6, 1.7, 1.8]
    """

    covariance: DrugCovariance
    pilots: Array
    reach: Array
    errors: Array

    def reach_after(self, n_pilots: NDArray[np.integer[Any]]) -> Array:
        """Half-width in standard deviations after so many pilots, between the knots by their logarithm; NaN after 0."""
        known = np.isfinite(self.reach)
        if not known.any():
            return np.full(len(n_pilots), np.nan)
        reach = np.interp(np.log(np.maximum(n_pilots, 1)), np.log(self.pilots[known]), self.reach[known])
        return np.where(n_pilots > 0, reach, np.nan)

    def get_state(self) -> State:
        """Arrays."""
        return {**self.covariance.get_state(), **{name: getattr(self, name) for name in ("pilots", "reach", "errors")}}

    @classmethod
    def from_state(cls, state: State, n_drugs: int) -> Correction:
        """The correction of `get_state`'s answer, its shapes proved."""
        pilots = state_array(state, "pilots", -1)
        if len(pilots) and not (pilots[0] >= 1 and (np.diff(pilots) > 0).all()):
            raise damaged("numbers of pilots do not ascend")
        return cls(
            DrugCovariance.from_state(state, n_drugs),
            pilots,
            state_array(state, "reach", len(pilots), finite=False),
            state_array(state, "errors", len(pilots), 2),
        )


@dataclass(frozen=True, eq=False)
class PilotAdaptation:
    """What pilot measurements of a sample tell about its other drugs; nothing of any person is kept.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` drugs of training.
    centre, spread
        `(n_drugs,)` mean and standard deviation of the training responses, to notice another scale.
    coverage
        Asked of the intervals.
    n_groups
        Held-out groups (subjects, tissues, lineages) that calibrated them.
    corrections
        By the names of `BASES`.
    """

    drug_ids: pd.Index
    centre: Array
    spread: Array
    coverage: float
    n_groups: int
    corrections: Mapping[str, Correction]

    @classmethod
    def learn(
        cls, held: HeldOut, random_state: int, n_jobs: int | None = 1, coverage: float = 0.9
    ) -> PilotAdaptation | None:
        """Covariances of held-out residuals, and intervals calibrated on samples with random pilots.

        For the intervals the samples are cut into parts: each is corrected with the covariance of the others.

        Parameters
        ----------
        held
            Of a scheme whose samples are new.
        random_state
            Seed of the random pilots.
        n_jobs
            Kinds of prediction looked at together.
        coverage
            Share of new measurements that shall lie within the bounds.

        Returns
        -------
        PilotAdaptation or None
            None where the samples are not new or the drugs are, or where fewer than 10 samples have two drugs.
        """
        scheme = find_scheme(held.scheme)
        if scheme.sample_effect or not scheme.drug_effect:
            return None
        grid = _ResidualGrid.of(held, random_state)
        if ((grid.weights > 0).sum(axis=1) >= 2).sum() < _FEWEST_SAMPLES:
            return None
        predictions = {"model": held.predicted, **held.naive}
        bases = {name: predictions[name] for name in BASES if name in predictions}
        n_groups = len(np.unique(grid.units))
        claims = n_groups >= (1 if held.scheme in CLAIMED_SCHEMES else UNCLAIMED_GROUPS)

        def correction(predicted: Array) -> Correction:
            residuals = grid.residuals(held, predicted)
            pilots, reach, errors = grid.try_pilots(residuals, coverage, random_state)
            covariance = DrugCovariance.fit(residuals, grid.weights)
            return Correction(covariance, pilots, reach if claims else np.full(len(reach), np.nan), errors)

        corrections = dict(zip(bases, run_in_order(correction, bases.values(), n_jobs), strict=True))
        pairs, y, weights = held.rows.pairs, held.rows.y, held.rows.weights
        centre, spread = _mean_and_spread(y, weights, pairs.drug_index, len(pairs.drugs))
        return cls(pairs.drugs.index, centre, spread, coverage, n_groups, corrections)

    def first_drugs(self, n: int = FIRST_DRUGS) -> list[str]:
        """The drugs to measure first in a sample of which nothing is measured."""
        covariance = self.corrections["model"].covariance
        every = np.arange(len(self.drug_ids))
        chosen, _ = covariance.choose_drugs(np.eye(covariance.loadings.shape[1]), every, every, n)
        return [str(self.drug_ids[drug]) for drug in chosen]

    def summary(self) -> dict[str, Any]:
        """What a manifest tells, as plain JSON values; `explained` is the share of the variance that drugs share."""
        tried = self.corrections["model"]
        shared, noise = float((tried.covariance.loadings**2).sum()), float(tried.covariance.noise.sum())
        return {
            "coverage": self.coverage,
            "groups": self.n_groups,
            "bounds": bool(np.isfinite(tried.reach).any()),
            "explained": round(shared / (shared + noise), 3),
            "tried": [
                {"pilots": int(n), "rmse_before": round(float(before), 6), "rmse_after": round(float(after), 6)}
                for n, (before, after) in zip(tried.pilots, tried.errors, strict=True)
            ],
            "first_drugs": self.first_drugs(),
        }

    def get_state(self) -> State:
        """Ids as a list of text, numbers as arrays."""
        return {
            "drug_ids": [str(drug) for drug in self.drug_ids],
            "centre": self.centre,
            "spread": self.spread,
            "coverage": self.coverage,
            "n_groups": self.n_groups,
            **{BASES[name]: correction.get_state() for name, correction in self.corrections.items()},
        }

    @classmethod
    def from_state(cls, state: State) -> PilotAdaptation:
        """The adaptation of `get_state`'s answer, its shapes proved."""
        ids = pd.Index(state_ids(state, "drug_ids"), name="drug_id", dtype=object)
        corrections = {
            name: Correction.from_state(state[key], len(ids))
            for name, key in BASES.items()
            if key == "model" or key in state
        }
        return cls(
            ids,
            state_array(state, "centre", len(ids)),
            state_array(state, "spread", len(ids)),
            state_number(state, "coverage", 0, 1),
            state_whole(state, "n_groups", 2**53),
            corrections,
        )


@dataclass(frozen=True, eq=False)
class _ResidualGrid:
    """Held-out rows as a table of samples and drugs, and what belongs together in it."""

    rows: NDArray[np.intp]
    at: tuple[NDArray[np.intp], NDArray[np.intp]]
    weights: Array
    units: NDArray
    parts: NDArray

    @classmethod
    def of(cls, held: HeldOut, random_state: int) -> _ResidualGrid:
        rows = held.tested
        tested = held.rows.pairs[rows]
        sample = tested.sample_index
        if tested.studies is not None:  # measured in another study it is another vector of residuals
            sample = sample * len(tested) + study_of_pair(tested)
        samples, sample_index = np.unique(sample, return_inverse=True)
        at = (sample_index.astype(np.intp), tested.drug_index)
        weights = np.zeros((len(samples), len(tested.drugs)))
        weights[at] = held.rows.weights[rows] / held.rows.weights[rows].mean()
        first = np.unique(sample_index, return_index=True)[1]
        units = calibration_units(tested, held.scheme)[0][first]
        parts = held.fold[rows][first]
        if len(np.unique(parts)) < 2:
            names, unit = np.unique(units, return_inverse=True)
            parts = (np.random.default_rng(random_state).permutation(len(names)) % _PARTS)[unit]
        return cls(rows, at, weights, units, parts)

    def residuals(self, held: HeldOut, predicted: Array) -> Array:
        """`(n_samples, n_drugs)` measured minus predicted; 0 where not measured."""
        table = np.zeros(self.weights.shape)
        table[self.at] = (held.rows.y - predicted)[self.rows]
        return table

    def try_pilots(self, residuals: Array, coverage: float, random_state: int) -> tuple[Array, Array, Array]:
        """`pilots`, `reach`, `errors` of a `Correction`: each part of the samples, by the covariance of the others."""
        rng = np.random.default_rng(random_state)
        trials: dict[int, list[tuple[Array, Array, Array, NDArray]]] = {}
        measured = (self.weights > 0).sum(axis=1)
        for part in np.unique(self.parts):
            others = self.parts != part
            covariance = DrugCovariance.fit(residuals[others], self.weights[others])
            for n in _PILOTS:
                samples = np.flatnonzero(~others & (measured > n))
                if len(samples):
                    pilots = _random_pilots(self.weights[samples], n, rng)
                    left = np.nonzero((self.weights[samples] > 0) & (pilots == 0))
                    posterior = covariance.update(residuals[samples], pilots)
                    before = residuals[samples][left]
                    after = before - posterior.shift[left]
                    scores = np.abs(after) / np.sqrt(posterior.variance[left])
                    trials.setdefault(n, []).append((scores, before, after, self.units[samples[left[0]]]))
        knots = {n: [np.concatenate(part) for part in zip(*parts, strict=True)] for n, parts in sorted(trials.items())}
        reach = np.array([conformal_quantile(scores, units, coverage) for scores, _, _, units in knots.values()])
        errors = [[float(np.sqrt(np.mean(errors**2))) for errors in (b, a)] for _, b, a, _ in knots.values()]
        return (
            np.array(list(knots), dtype=np.float64),
            np.where(np.isfinite(reach), reach, np.nan),
            np.array(errors).reshape(-1, 2),
        )


def _random_pilots(weights: Array, n: int, rng: np.random.Generator) -> Array:
    """The weights of n measured drugs of each sample, 0 elsewhere."""
    keys = np.where(weights > 0, rng.random(weights.shape), 2.0)
    chosen = np.argsort(keys, axis=1, kind="stable")[:, :n]
    pilots = np.zeros(weights.shape)
    np.put_along_axis(pilots, chosen, np.take_along_axis(weights, chosen, axis=1), axis=1)
    return pilots


def _mean_and_spread(y: Array, weights: Array, drug: NDArray[np.intp], n_drugs: int) -> tuple[Array, Array]:
    """Per drug; the standard deviation is pooled with that of all drugs as if from one more row."""
    counts = np.bincount(drug, weights, minlength=n_drugs)
    centre = np.bincount(drug, weights * y, minlength=n_drugs) / np.maximum(counts, 1e-12)
    squares = np.bincount(drug, weights * (y - centre[drug]) ** 2, minlength=n_drugs)
    pooled = squares.sum() / counts.sum()
    return centre, np.sqrt((squares + pooled) / (counts + 1))
