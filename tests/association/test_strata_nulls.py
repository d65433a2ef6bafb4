from itertools import combinations

import numpy as np
import pytest

from drugresponse.association._strata_nulls import StrataNulls, drawn_in_strata

STRATUM = np.repeat([0, 1, 2], [6, 5, 4])


def _residuals() -> np.ndarray:
    residuals = np.random.default_rng(3).standard_t(3, len(STRATUM))
    return residuals - (np.bincount(STRATUM, residuals) / np.bincount(STRATUM))[STRATUM]


def _exact(residuals: np.ndarray, carriers: np.ndarray) -> float:
    sums = np.zeros(1)
    for at in range(3):
        k, own = int((STRATUM[carriers] == at).sum()), residuals[at == STRATUM]
        chosen = np.array([own[list(which)].sum() for which in combinations(range(len(own)), k)])
        sums = np.add.outer(sums, chosen).ravel()
    return float((np.abs(sums) >= abs(residuals[carriers].sum()) - 1e-12).mean())


@pytest.mark.parametrize("carriers", [[0, 6], [0, 1, 2], [3, 4, 7, 11, 12], [6, 7, 8, 9, 10]])
def test_strata_nulls__equals_full_enumeration(carriers: list[int]) -> None:
    residuals, rows = _residuals(), np.array(carriers)
    p = StrataNulls(residuals, STRATUM, most=5).p_value(rows)
    assert p == pytest.approx(_exact(residuals, rows), abs=0.04)
    assert p >= _exact(residuals, rows) - 1e-9


def test_strata_nulls__a_whole_stratum_tells_nothing() -> None:
    assert StrataNulls(_residuals(), STRATUM, most=6).p_value(np.arange(6)) == 1.0


def test_drawn_in_strata__equals_full_enumeration_of_equal_calls() -> None:
    residuals, rows = _residuals(), np.array([3, 4, 7, 11, 12])
    calls = np.zeros(len(STRATUM))
    calls[rows] = 1.0
    p = drawn_in_strata(residuals, STRATUM, calls, np.random.default_rng(0))
    assert p == pytest.approx(_exact(residuals, rows), abs=0.02)
