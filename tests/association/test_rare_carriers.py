from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from drugresponse.association._rare_carriers import LEAST_P, SumNull, drawn_p_value


def _sums(residuals: np.ndarray, k: int) -> np.ndarray:
    return np.array([residuals[list(chosen)].sum() for chosen in combinations(range(len(residuals)), k)])


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_sum_null__equals_full_enumeration(k: int) -> None:
    residuals = np.random.default_rng(0).standard_t(3, 13)
    residuals -= residuals.mean()
    sums = _sums(residuals, k)
    exact = (np.abs(sums)[:, None] <= np.abs(sums) + 1e-12).mean(axis=1)
    p = SumNull.of(residuals, most=5).p_value(np.full(len(sums), k), sums)
    assert (p >= exact - 1e-12).all()
    np.testing.assert_allclose(p, exact, atol=5 / len(sums))


def test_sum_null__counts_equal_sums_of_a_yes_no_response() -> None:
    """With a response of 0 and 1 the sum of the carriers is hypergeometric, and most sums are tied."""
    response = np.repeat([0.0, 1.0], [20, 10])
    residuals = response - response.mean()
    for n_yes in range(5):
        observed = n_yes - 4 / 3
        other = stats.hypergeom(30, 10, 4)
        exact = sum(other.pmf(i) for i in range(5) if abs(i - 4 / 3) >= abs(observed) - 1e-9)
        p = SumNull.of(residuals, most=6).p_value(np.array([4]), np.array([observed]))
        assert p[0] == pytest.approx(exact, abs=1e-9)


def test_sum_null__is_never_below_what_the_ways_to_choose_allow() -> None:
    residuals = np.append(np.full(9, -1.0), 9.0)
    null = SumNull.of(residuals, most=3)
    assert null.p_value(np.array([3]), np.array([1e6])).tolist() == pytest.approx([1 / 120])
    many = np.random.default_rng(0).standard_normal(2000)
    assert SumNull.of(many - many.mean(), most=20).p_value(np.array([20]), np.array([1e6])).tolist() == [LEAST_P]


def test_sum_null__keeps_its_level_where_the_t_test_does_not() -> None:
    """Three carriers, responses with a heavy tail, no effect: far too many small p from t, not from permutation."""
    generator = np.random.default_rng(1)
    residuals = generator.standard_exponential(300) ** 2
    residuals -= residuals.mean()
    k, n = np.full(20_000, 3), len(residuals)
    sums = residuals[generator.integers(0, n, (20_000, 3))].sum(axis=1)
    correlation = sums / np.sqrt(3 * (n - 3) / n * (residuals @ residuals))
    t_p = 2 * stats.t.sf(np.abs(correlation) * np.sqrt((n - 2) / (1 - correlation**2)), n - 2)
    assert (t_p <= 1e-3).mean() > 5e-3
    assert (SumNull.of(residuals, most=3).p_value(k, sums) <= 1e-3).mean() < 2e-3


def test_drawn_p_value__equals_full_enumeration() -> None:
    residuals = np.random.default_rng(2).standard_normal(9)
    residuals -= residuals.mean()
    calls = np.array([[1.0, 2.0, -1.0]])
    every = np.array([residuals[list(order)] @ calls[0] for order in permutations(range(9), 3)])
    observed = np.quantile(every, [0.5, 0.9, 0.995])
    exact = [(np.abs(every) >= abs(each) - 1e-12).mean() for each in observed]
    p = drawn_p_value(residuals, np.repeat(calls, 3, axis=0), observed, np.random.default_rng(0))
    np.testing.assert_allclose(p, exact, atol=0.02)


def test_drawn_p_value__a_rare_sum_is_drawn_for_longer_and_never_0() -> None:
    residuals = np.linspace(-1, 1, 101)
    calls = np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 3.0]])
    p = drawn_p_value(residuals, calls, np.array([0.1, 100.0]), np.random.default_rng(0))
    assert p[0] > 0.5
    assert p[1] == pytest.approx(1 / 200_001)
