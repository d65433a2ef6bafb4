"""Prediction intervals, calibrated on held-out residuals with whole samples (drugs, tissues) as units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme, study_of_pair
from drugresponse.errors import InputError
from drugresponse.learners.state import State, damaged, state_array, state_ids, state_number, state_texts, state_whole
from drugresponse.model.intervals.conformal import (
    LEVELS,
    DrugTails,
    Shape,
    calibration_units,
    conformal_quantile,
    fit_drug_tails,
)
from drugresponse.model.response_scales.response_scale import (
    IDENTITY,
    SCALES,
    on_scale,
    placed_on_scale,
    to_users_scale,
    within_responses,
)

__all__ = ["CLAIMED_SCHEMES", "UNCLAIMED_GROUPS", "IntervalTable", "cross_conformal_bounds"]

CLAIMED_SCHEMES = ("new-samples", "new-lineages", "random-pairs")
"""Schemes whose new rows are like the held-out ones, so that coverage can be claimed."""
UNCLAIMED_GROUPS = 20
"""Fewest held-out groups that give bounds in the other schemes."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IntervalTable:
    """What turns a prediction into bounds.

    The half-widths of a row are the tails of its drug times the drug's typical error, times what the prediction's
    distance from the drug's mean prediction tells about the error.

    Attributes
    ----------
    scheme, coverage
        The deployment question of the held-out rows, and the share of new rows that shall lie within the bounds.
    n_groups
        Held-out groups that calibrated: subjects, drug structures, tissues or lineages.
    median_width
        Over the rows that calibrated, in the unit of the response; infinite where none has bounds.
    new_drug
        Half-width for any drug in schemes where drugs are new; infinite elsewhere and without bounds.
    drugs
        Tails of each drug that calibrated; empty in schemes where drugs are new.
    response_scale
        On which distances between response and prediction are measured; what is given and told is on the user's.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense(np.zeros((50, 1)), [f"s{i}" for i in range(50)], ["TP53"])
    >>> samples, drugs = pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"]))
    >>> pairs = Pairs.grid(genotypes, samples, drugs)
    >>> table = IntervalTable.calibrate(pairs, np.linspace(-1, 1, 50), np.zeros(50), scheme="new-samples")
    >>> lower, upper = table.bounds(pairs[:1], np.zeros(1))
    >>> round(float(upper[0]), 2), table.drugs.levels
    (0.93, ('pooled',))
    """

    scheme: str
    coverage: float
    n_groups: int
    median_width: float
    new_drug: float
    drugs: DrugTails
    response_scale: str = IDENTITY

    @classmethod
    def calibrate(
        cls,
        pairs: Pairs,
        measured: Array,
        predicted: Array,
        *,
        scheme: str,
        coverage: float = 0.9,
        weights: Array | None = None,
        response_scale: str = IDENTITY,
    ) -> IntervalTable:
        """Calibrate on rows that no training of their prediction saw.

        Parameters
        ----------
        pairs
            Held-out pairs; drugs that share the text in a column `mechanism` may share tails.
        measured, predicted
            `(n_pairs,)`, all finite.
        scheme
            The split scheme by which the rows were held out.
        coverage
            Share of new rows that shall lie within the bounds.
        weights
            `(n_pairs,)` above 0; None is 1 for all. They share out what a group counts among its rows.
        response_scale
            On which residuals are even.

        Raises
        ------
        InputError
            The coverage is not between 0 and 1, or a prediction is missing.
        """
        known = find_scheme(scheme)
        if not 0 < coverage < 1:
            raise InputError(f"coverage: found {coverage:g} (expected more than 0 and less than 1). Give such as 0.9.")
        if not np.isfinite(predicted).all():
            raise InputError(
                "intervals: found a missing prediction (expected one for every held-out row). Report this as a defect."
            )
        weight = np.ones(len(measured)) if weights is None else weights / weights.mean()
        predicted = within_responses(response_scale, predicted, measured)
        fitted = placed_on_scale(response_scale, predicted)
        residuals = on_scale(response_scale, measured) - fitted
        units = calibration_units(pairs, scheme)
        n_groups = min(len(np.unique(groups)) for groups in units)
        drugs, new_drug = DrugTails.none(), float("inf")
        if n_groups >= (1 if scheme in CLAIMED_SCHEMES else UNCLAIMED_GROUPS):
            if known.drug_effect:
                drugs = fit_drug_tails(pairs, units[0], residuals, fitted, weight, coverage)
                drugs = replace(drugs, tails=drugs.tails * _factor_of_few_studies(pairs, residuals, coverage))
            else:
                new_drug = max(conformal_quantile(np.abs(residuals), groups, coverage, weight) for groups in units)
        table = cls(scheme, float(coverage), n_groups, float("inf"), new_drug, drugs, response_scale)
        lower, upper = table.bounds(pairs, predicted)
        width = (upper - lower)[np.isfinite(upper)]
        return replace(table, median_width=float(np.median(width)) if len(width) else float("inf"))

    @property
    def claimed(self) -> bool:
        """Whether coverage is claimed: new rows of the scheme are like the held-out ones, and there are bounds."""
        return self.scheme in CLAIMED_SCHEMES and bool(np.isfinite(self.median_width))

    def bounds(self, pairs: Pairs, predicted: Array, factors: Array | None = None) -> tuple[Array, Array]:
        """`(n_pairs,)` lower and upper bounds, NaN where there are none.

        Parameters
        ----------
        pairs
            What is predicted; drugs are known by their ids.
        predicted
            `(n_pairs,)`; NaN has no bounds.
        factors
            `(n_samples,)` how many times as far as usual they lie from the prediction; None is once.
        """
        placed = placed_on_scale(self.response_scale, predicted)
        lower, upper = self._bounds_on_scale(pairs, placed)
        if factors is not None:
            factor = factors[pairs.sample_index]
            lower, upper = placed - factor * (placed - lower), placed + factor * (upper - placed)
        return to_users_scale(self.response_scale, lower), to_users_scale(self.response_scale, upper)

    def _bounds_on_scale(self, pairs: Pairs, predicted: Array) -> tuple[Array, Array]:
        if not find_scheme(self.scheme).drug_effect:
            half = self.new_drug if np.isfinite(self.new_drug) else np.nan
            return predicted - half, predicted + half
        table = self.drugs
        at = table.drug_ids.get_indexer(pairs.drugs.index)[pairs.drug_index]
        scale, centre = np.append(table.scale, np.nan)[at], np.append(table.centre, np.nan)[at]
        unit = scale * table.deviation.of((predicted - centre) / scale)
        tails = np.where(np.isfinite(table.tails), table.tails, np.nan)
        below, above = np.vstack([tails, [np.nan, np.nan]])[at].T
        return predicted - below * unit, predicted + above * unit

    def summary(self) -> dict[str, Any]:
        """What a manifest tells, as plain JSON values; `levels` counts drugs by where their tails come from."""
        levels = self.drugs.levels
        return {
            "coverage": self.coverage,
            "claimed": self.claimed,
            "groups": self.n_groups,
            "levels": {level: levels.count(level) for level in LEVELS if level in levels},
            "median_width": round(self.median_width, 6) if np.isfinite(self.median_width) else None,
        }

    def get_state(self) -> State:
        """Ids and levels as lists of text, numbers as arrays."""
        drugs = self.drugs
        return {
            "scheme": self.scheme,
            "coverage": self.coverage,
            "n_groups": self.n_groups,
            # an array, because JSON knows no infinity
            "widths": np.array([self.median_width, self.new_drug]),
            "drug_ids": [str(drug) for drug in drugs.drug_ids],
            "levels": list(drugs.levels),
            "centre": drugs.centre,
            "scale": drugs.scale,
            "tails": drugs.tails,
            "deviation": drugs.deviation.get_state(),
            # a place in format 1 that is not used
            "spread": Shape.flat().get_state(),
            **({} if self.response_scale == IDENTITY else {"response_scale": self.response_scale}),
        }

    @classmethod
    def from_state(cls, state: State) -> IntervalTable:
        """The table of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            An array is absent or has another shape than the drugs ask for, or a level is unknown.
        """
        ids = state_ids(state, "drug_ids")
        n, levels = len(ids), tuple(state_texts(state, "levels"))
        if len(levels) != n or not set(levels) <= set(LEVELS):
            raise damaged("the levels of the intervals are not those of its drugs")
        widths = state_array(state, "widths", 2, finite=False)
        drugs = DrugTails(
            pd.Index(ids, dtype=object),
            state_array(state, "centre", n),
            state_array(state, "scale", n),
            state_array(state, "tails", n, 2, finite=False),
            levels,
            Shape.from_state(state["deviation"]),
        )
        if not Shape.from_state(state["spread"]).is_flat:
            raise damaged("its intervals ask for a spread")
        scheme = find_scheme(str(state["scheme"])).name
        if not ((drugs.scale > 0).all() and (drugs.tails >= 0).all() and (widths >= 0).all()):
            raise damaged("an interval has no width")
        return cls(
            scheme,
            state_number(state, "coverage", 0, 1),
            state_whole(state, "n_groups", 2**53),
            float(widths[0]),
            float(widths[1]),
            drugs,
            _known_scale(state.get("response_scale", IDENTITY)),
        )


def _factor_of_few_studies(pairs: Pairs, residuals: Array, coverage: float) -> float:
    """By how much tails are widened, because so few studies tell how far whole studies are off; 1 without studies.

    What a study is off by is taken for normal: its part of the variance is that of Student's t of as many degrees of
    freedom as there are studies.
    """
    if pairs.studies is None:
        return 1.0
    table = pd.Series(residuals).groupby(study_of_pair(pairs))
    off, within = float((table.mean() ** 2).mean()), float(table.var(ddof=0).mean())
    tail = 0.5 + coverage / 2
    ratio = float(stats.t.ppf(tail, table.ngroups) / stats.norm.ppf(tail))
    return float(np.sqrt((within + off * ratio**2) / (within + off))) if within + off > 0 else 1.0


def _known_scale(name: object) -> str:
    if name not in SCALES:
        raise damaged("the scale of its intervals is none")
    return str(name)


def cross_conformal_bounds(
    pairs: Pairs,
    measured: Array,
    predicted: Array,
    fold: NDArray[np.intp],
    *,
    scheme: str,
    coverage: float = 0.9,
    weights: Array | None = None,
    response_scale: str = IDENTITY,
) -> tuple[Array, Array]:
    """Bounds of each fold's rows, calibrated on the held-out residuals of the other folds, or studies where told.

    Nothing is fitted again. The models of the other folds have seen a row in training, but their residuals are of rows
    that they have not seen: a row has no part in its own bounds but through what those models learnt.

    Parameters
    ----------
    pairs, measured, predicted, scheme, coverage, weights, response_scale
        As in `IntervalTable.calibrate`; `predicted` is read where a row was held out.
    fold
        `(n_pairs,)` in which each row was held out; -1 where it never was.

    Returns
    -------
    lower, upper
        `(n_pairs,)`; NaN where there are no bounds, as with a single fold.
    """
    if pairs.studies is not None:
        # what is off in a whole study, such as its level, must not tell of itself
        fold = np.where(fold >= 0, study_of_pair(pairs), -1)
    bounds, predicted = np.full((2, len(pairs)), np.nan), within_responses(response_scale, predicted, measured)
    for number in np.unique(fold[fold >= 0]):
        tested, others = np.flatnonzero(fold == number), np.flatnonzero((fold >= 0) & (fold != number))
        if len(others):
            table = IntervalTable.calibrate(
                pairs[others],
                measured[others],
                predicted[others],
                scheme=scheme,
                coverage=coverage,
                weights=None if weights is None else weights[others],
                response_scale=response_scale,
            )
            bounds[:, tested] = table.bounds(pairs[tested], predicted[tested])
    return bounds[0], bounds[1]
