"""Slopes of each likelihood, against differences of its values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.model.forecasts.likelihoods.censored_normal import interval_density
from drugresponse.model.forecasts.likelihoods.cumulative_logit import class_density, log_odds_above, shares_of
from drugresponse.model.forecasts.likelihoods.piecewise_hazard import HazardSteps, hazard_edges
from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity

N = 40


def _density(kind: str, rng: np.random.Generator) -> tuple[RowDensity, int]:
    level, deviation, values = rng.normal(size=(3, N))
    if kind == "interval":
        lower = np.where(rng.random(N) < 0.3, -np.inf, values)
        upper = np.where(rng.random(N) < 0.3, np.inf, np.where(np.isinf(lower), values, values + rng.integers(0, 2, N)))
        return interval_density(Observed(Outcome("interval"), lower=lower, upper=upper), level, deviation, 1.5), 3
    if kind == "time-to-event":
        time, happened = rng.exponential(size=N), rng.random(N) < 0.7
        steps = HazardSteps(hazard_edges(time, happened), happened.sum() / time.sum())
        observed = Observed(Outcome("time-to-event"), happened=happened, entry=time * rng.random(N) * 0.5)
        return steps.density(observed, time, deviation), len(steps.edges) + 2
    n_classes = int(kind)
    return class_density(rng.integers(0, n_classes, N).astype(np.intp), level, deviation), n_classes


@pytest.mark.parametrize("kind", ["2", "3", "5", "interval", "time-to-event"])
def test_density__slopes_are_those_of_its_values(kind: str) -> None:
    rng = np.random.default_rng(0)
    density, n_parameters = _density(kind, rng)
    at = 0.4 * rng.normal(size=N * n_parameters)

    off = check_grad(
        lambda flat: density(flat.reshape(N, -1))[0].sum(), lambda flat: density(flat.reshape(N, -1))[1].ravel(), at
    )

    assert off < 1e-4


@pytest.mark.parametrize("n_classes", [2, 4])
def test_class_density__is_minus_the_logarithm_of_the_share(n_classes: int) -> None:
    rng = np.random.default_rng(1)
    classes, parameters = rng.integers(0, n_classes, N).astype(np.intp), rng.normal(size=(N, n_classes))
    level, deviation = rng.normal(size=(2, N))

    values = class_density(classes, level, deviation)(parameters)[0]

    shares = shares_of(log_odds_above(parameters, level, deviation))
    assert values == pytest.approx(-np.log(shares[np.arange(N), classes]))
    assert shares.sum(axis=1) == pytest.approx(1)
