import numpy as np
import pandas as pd

from drugresponse.association._covariate_bases import CovariateBases, covariate_columns, general_sensitivity

NAN = float("nan")


def test_covariate_bases__columns_are_orthonormal_over_the_drug_s_samples() -> None:
    generator = np.random.default_rng(0)
    responses = generator.standard_normal((40, 3))
    responses[generator.random(responses.shape) < 0.3] = NAN
    x = generator.standard_normal((40, 2))
    columns = np.column_stack([x, x.sum(axis=1), np.full(40, 1e6)])
    bases = CovariateBases.build(responses, columns, None)
    assert bases.rank.tolist() == [3, 3, 3]
    for drug in range(3):
        rows = ~np.isnan(responses[:, drug])
        own = bases.basis[:, drug]
        np.testing.assert_allclose(own.T @ own, np.eye(3), atol=1e-12)
        assert not own[~rows].any()
        design = np.column_stack([np.ones(40), x])[rows]
        fitted = design @ np.linalg.lstsq(design, responses[rows, drug], rcond=None)[0]
        np.testing.assert_allclose(bases.residual[rows, drug], responses[rows, drug] - fitted, atol=1e-12)


def test_covariate_bases__a_response_that_covariates_tell_leaves_nothing() -> None:
    age = np.linspace(20, 80, 30)
    bases = CovariateBases.build(np.column_stack([3 * age + 1, np.full(30, 0.1)]), age[:, None], None)
    assert not bases.residual.any()


def test_covariate_columns__missing_text_is_a_level_and_missing_numbers_are_told() -> None:
    table = pd.DataFrame({"sex": ["f", "", "m"], "dose": [1.0, NAN, 3.0], "site": [2.0, 1.0, 2.0]})
    assert covariate_columns(table).tolist() == [
        [0, 1, 0, 1, 0, 2],
        [1, 0, 0, 2, 1, 1],
        [0, 0, 1, 3, 0, 2],
    ]
    assert covariate_columns(table[[]]).shape == (3, 0)


def test_general_sensitivity__leaves_the_drug_itself_out() -> None:
    responses = np.array([[1.0, 10.0, NAN], [3.0, 30.0, NAN], [NAN, NAN, 5.0]])
    found = general_sensitivity(responses)
    assert found.tolist() == [[-10, -1, -5.5], [10, 1, 5.5], [0, 0, 0]]
    changed = responses.copy()
    changed[:2, 0] = [100, -100]
    assert (general_sensitivity(changed)[:, 0] == found[:, 0]).all()
