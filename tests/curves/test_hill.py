from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from drugresponse.curves import HillCurves

CURVES = HillCurves(
    np.array([-1.0, 0.3, 0.0]), np.array([0.7, 3.9, 1.0]), np.array([1.0, 1.1, 0.9]), np.array([0.1, 0.6, 0.9])
)


def test_viability_at__is_the_hill_equation():
    dose = np.array([[0.01, 1.0], [0.5, 2.0], [3.0, 9.0]])
    midpoint = 10.0 ** CURVES.midpoint[:, None]
    expected = CURVES.bottom[:, None] + (CURVES.top - CURVES.bottom)[:, None] / (
        1 + (dose / midpoint) ** CURVES.slope[:, None]
    )
    assert CURVES.viability_at(np.log10(dose)) == pytest.approx(expected)


def test_viability_at__far_outside_does_not_overflow():
    far = np.array([[-1e4, 1e4]] * 3)
    assert CURVES.viability_at(far) == pytest.approx(np.stack([CURVES.top, CURVES.bottom], axis=1))


def test_mean_between__equals_numerical_integration():
    low, high = np.array([-3.0, -2.0, -5.0]), np.array([1.0, 2.0, 30.0])
    for i, mean in enumerate(CURVES.mean_between(low, high)):
        one = CURVES.take(np.array([i]))
        area = quad(lambda x, one=one: one.viability_at(np.array([[x]]))[0, 0], low[i], high[i], limit=200)[0]
        assert mean == pytest.approx(area / (high[i] - low[i]), abs=1e-7)


def test_log_dose_at__is_the_inverse():
    crossing = CURVES.take(np.array([0, 1]))
    back = crossing.viability_at(crossing.log_dose_at(0.8)[:, None])[:, 0]
    assert back == pytest.approx([0.8, 0.8])


def test_log_dose_at__never_crossed():
    assert CURVES.log_dose_at(0.5).tolist()[1:] == [np.inf, np.inf]
    assert CURVES.log_dose_at(0.95)[2] == -np.inf
