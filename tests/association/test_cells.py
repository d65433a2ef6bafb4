from itertools import permutations

import numpy as np
import pytest

from drugresponse.association._cells import AssociationCells, associate_drugs
from drugresponse.association._covariate_bases import CovariateBases
from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.genotypes import Genotypes


def test_associate_drugs__up_to_20_carriers_or_others_p_is_by_permutation() -> None:
    calls = np.zeros((100, 5), dtype=np.float32)
    calls[:20, 0] = calls[:21, 1] = calls[:80, 2] = calls[:79, 3] = 1
    calls[:4, 4], calls[4:8, 4] = 1, -1
    cells = _cells(calls, np.random.default_rng(0).standard_normal((100, 1)))
    assert cells.permuted.tolist() == [True, False, True, False, True]
    assert cells.carriers.tolist() == [20, 21, 20, 21, 8]


def test_associate_drugs__few_others_among_a_drug_s_samples_are_rare_too() -> None:
    calls = (np.arange(100) < 30).astype(np.float32)[:, None]
    responses = np.random.default_rng(3).standard_normal((100, 3))
    responses[45:, 1], responses[32:, 2] = np.nan, np.nan
    cells = _cells(calls, responses)
    assert cells.drug.tolist() == [0, 1]  # of the third drug 2 samples are no carriers
    assert cells.carriers.tolist() == [30, 30]
    assert cells.permuted.tolist() == [False, True]


@pytest.mark.parametrize("values", [(1, 1, 1), (1, 2, 2)])
def test_associate_drugs__p_is_that_of_every_order_of_the_responses(values: tuple[int, int, int]) -> None:
    x = np.append(values, np.zeros(5))
    response = np.random.default_rng(4).standard_exponential(8)
    every = np.array([list(order) for order in permutations(response)]) @ (x - x.mean())
    exact = (np.abs(every) >= np.abs(every[0]) - 1e-9).mean()
    cells = _cells(x.astype(np.float32)[:, None], response[:, None])
    assert cells.p[0] == pytest.approx(exact, abs=0.01)


def test_associate_drugs__carriers_and_others_are_two_sides_of_one_test() -> None:
    generator = np.random.default_rng(1)
    calls = np.zeros((25, 2), dtype=np.float32)
    calls[:, 0] = np.arange(25) < 15
    calls[:, 1] = 1 - calls[:, 0]
    cells = _cells(calls, generator.standard_normal((25, 1)))
    assert cells.effect[0] == pytest.approx(-cells.effect[1])
    assert cells.p[0] == pytest.approx(cells.p[1])


@pytest.mark.parametrize("values", [(1, 1), (1, 2)])
def test_associate_drugs__rare_carriers_keep_the_level_beside_covariates(values: tuple[int, int]) -> None:
    """No effect, skewed responses, a covariate with 24 levels: p below 0.05 and 0.01 as often as it says."""
    generator = np.random.default_rng(2)
    calls = np.zeros((120, 200), dtype=np.float32)
    for column in calls.T:
        column[generator.choice(120, 6, replace=False)] = np.repeat(values, 3)
    level = generator.integers(0, 24, 120)
    responses = generator.standard_exponential((120, 10)) + level[:, None]
    cells = _cells(calls, responses, (level[:, None] == np.arange(24)).astype(np.float64))
    assert cells.permuted.all()
    assert (cells.p <= 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (cells.p <= 0.01).mean() == pytest.approx(0.01, abs=0.006)


def _cells(calls: np.ndarray, responses: np.ndarray, columns: np.ndarray | None = None) -> AssociationCells:
    names = [f"f{i:03d}" for i in range(calls.shape[1])]
    genotypes = Genotypes.from_dense(calls, [f"s{i:03d}" for i in range(len(calls))], names, kind="copy_number")
    columns = np.zeros((len(calls), 0)) if columns is None else columns
    bases = CovariateBases.build(responses, columns, None)
    return associate_drugs(FeatureColumns.of(genotypes), bases, np.arange(responses.shape[1]), 3, 0)
