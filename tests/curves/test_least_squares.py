from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from drugresponse.curves import HillCurves, fit_hill
from drugresponse.curves.least_squares import HUBER, SLOPES, TOPS, _model


def drawn_curves(n: int, rng: np.random.Generator) -> tuple[np.ndarray, HillCurves]:
    log_dose = np.tile(np.linspace(-2.5, 1.0, 8), (n, 1))
    curves = HillCurves(
        rng.uniform(-2.0, 0.5, n), np.exp(rng.uniform(-0.3, 0.9, n)), np.ones(n), rng.uniform(0.0, 0.6, n)
    )
    return log_dose, curves


def huber_cost(difference: np.ndarray) -> np.ndarray:
    size = np.abs(difference)
    return np.where(size <= HUBER, 0.5 * size**2, HUBER * (size - 0.5 * HUBER)).sum(axis=-1)


def test_fit_hill__finds_noiseless_curves():
    log_dose, truth = drawn_curves(200, np.random.default_rng(0))
    found = fit_hill(log_dose, truth.viability_at(log_dose))
    assert found.midpoint == pytest.approx(truth.midpoint, abs=2e-3)
    assert found.slope == pytest.approx(truth.slope, rel=1e-2)
    assert found.bottom == pytest.approx(truth.bottom, abs=5e-3)
    assert (found.top == 1.0).all()


def test_fit_hill__finds_a_free_top():
    log_dose, truth = drawn_curves(50, np.random.default_rng(1))
    truth = HillCurves(np.full(50, -0.5), truth.slope.clip(1.0), np.linspace(0.85, 1.15, 50), np.full(50, 0.1))
    found = fit_hill(log_dose, truth.viability_at(log_dose), fit_top=True)
    assert found.top == pytest.approx(truth.top, abs=0.01)
    assert found.bottom == pytest.approx(truth.bottom, abs=0.02)


def test_model__derivatives_are_those_of_finite_differences():
    log_dose = np.linspace(-2.0, 2.0, 9)[None]
    now = np.array([[0.3, np.log(1.7), 0.4, 1.15]])
    _, derivatives = _model(log_dose, now)
    for i in range(4):
        step = np.eye(4)[i] * 1e-6
        slope = (_model(log_dose, now + step)[0] - _model(log_dose, now - step)[0]) / 2e-6
        assert derivatives[:, :, i] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("bottom", [0.0, 0.8])
def test_fit_hill__costs_no_more_than_scipy_from_many_starts(bottom):
    rng = np.random.default_rng(2)
    log_dose, truth = drawn_curves(9, rng)
    truth = replace(truth, bottom=truth.bottom * (1 - bottom) + bottom)
    viability = truth.viability_at(log_dose) + rng.normal(0, 0.12, log_dose.shape)
    viability[::3, 4] += 0.6
    found = fit_hill(log_dose, viability)
    costs = huber_cost(found.viability_at(log_dose) - viability)
    bounds = (
        [log_dose.min() - 1, np.log(SLOPES[0]), 0.0],
        [log_dose.max() + 1, np.log(SLOPES[1]), 1.0],
    )
    for i, cost in enumerate(costs):

        def difference(p, i=i):
            one = HillCurves(p[:1], np.exp(p[1:2]), np.ones(1), p[2:3])
            return one.viability_at(log_dose[i : i + 1])[0] - viability[i]

        starts = rng.uniform(*bounds, (4, 3))
        found_by_scipy = [
            least_squares(difference, start, bounds=bounds, loss="huber", f_scale=HUBER).cost for start in starts
        ]
        # noise alone has many shallow minima; a curve that falls has one
        assert cost <= min(found_by_scipy) * (1.02 if bottom else 1.005)


def test_fit_hill__one_bad_well_hardly_moves_the_curve():
    log_dose, truth = drawn_curves(40, np.random.default_rng(3))
    clean = truth.viability_at(log_dose)
    bad = clean.copy()
    bad[:, 1] -= 0.7
    low, high = log_dose[:, 0], log_dose[:, -1]
    moved = np.abs(fit_hill(log_dose, bad).mean_between(low, high) - truth.mean_between(low, high))
    # an eighth of the doses is off by 0.7: the plain mean moves by 0.0875
    assert np.median(moved) < 0.03


def test_fit_hill__stays_within_bounds():
    rng = np.random.default_rng(4)
    log_dose = np.sort(rng.uniform(-3, 2, (60, 6)), axis=1)
    viability = rng.uniform(-1.0, 2.5, (60, 6))
    for fit_top in (False, True):
        found = fit_hill(log_dose, viability, fit_top=fit_top)
        assert (found.midpoint >= log_dose.min(axis=1) - 1).all() and (found.midpoint <= log_dose.max(axis=1) + 1).all()
        assert found.slope.min() >= SLOPES[0] - 1e-9 and found.slope.max() <= SLOPES[1] + 1e-9
        assert (found.bottom >= 0).all() and (found.bottom <= found.top + 1e-12).all()
        assert found.top.min() >= TOPS[0] and found.top.max() <= TOPS[1]


def test_fit_hill__a_curve_does_not_depend_on_its_neighbours():
    rng = np.random.default_rng(5)
    log_dose, truth = drawn_curves(9, rng)
    viability = truth.viability_at(log_dose) + rng.normal(0, 0.05, log_dose.shape)
    together, alone = fit_hill(log_dose, viability), fit_hill(log_dose[4:5], viability[4:5])
    assert alone.midpoint[0] == together.midpoint[4]
    assert alone.slope[0] == together.slope[4]


def test_fit_hill__no_curves():
    assert len(fit_hill(np.empty((0, 8)), np.empty((0, 8)))) == 0
