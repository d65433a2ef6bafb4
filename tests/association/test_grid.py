import numpy as np

from drugresponse.association._covariate_bases import CovariateBases
from drugresponse.association._grid import grid_sums
from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.genotypes import Genotypes

NAN = float("nan")


def test_grid_sums__a_missing_call_takes_its_row_out_of_everything() -> None:
    """Few and many missing calls; feature 2 lacks a whole level of the covariate, feature 3 all but two calls."""
    generator = np.random.default_rng(0)
    calls = generator.integers(0, 3, (60, 5)).astype(np.float32)
    level = np.repeat([0, 1, 2], 20)
    calls[[3, 50], 1], calls[level == 1, 2], calls[2:, 3], calls[generator.random(60) < 0.5, 4] = NAN, NAN, NAN, NAN
    columns = np.column_stack([level == 0, level == 1, level == 2, generator.standard_normal(60)]).astype(np.float64)
    responses = generator.standard_normal((60, 2))
    responses[generator.random(responses.shape) < 0.2] = NAN
    features = FeatureColumns.of(
        Genotypes.from_dense(calls, [f"s{i:02d}" for i in range(60)], [f"f{i}" for i in range(5)])
    )
    sums = grid_sums(features, CovariateBases.build(responses, columns, None))
    for feature in range(5):
        for drug in range(2):
            rows = ~np.isnan(calls[:, feature]) & ~np.isnan(responses[:, drug])
            design = np.column_stack([np.ones(60), columns])[rows]
            x, y = (_left(design, each[rows]) for each in (calls[:, feature].astype(np.float64), responses[:, drug]))
            at = feature, drug
            assert sums.samples[at] == rows.sum()
            assert sums.rank[at] == np.linalg.matrix_rank(design)
            found = [sums.product[at], sums.spread[at], sums.total[at]]
            np.testing.assert_allclose(found, [x @ y, x @ x, y @ y], atol=1e-10)
            centred = np.var(calls[rows, feature].astype(np.float64)) * rows.sum()
            np.testing.assert_allclose(sums.centred[at], centred, atol=1e-10)


def test_grid_sums__blocks_of_features_are_put_together() -> None:
    generator = np.random.default_rng(1)
    calls = (generator.random((20, 2500)) < 0.3).astype(np.float32)
    names = [f"f{i:04d}" for i in range(2500)]
    features = FeatureColumns.of(Genotypes.from_dense(calls, [f"s{i:02d}" for i in range(20)], names))
    bases = CovariateBases.build(generator.standard_normal((20, 3)), np.zeros((20, 0)), None)
    sums = grid_sums(features, bases)
    np.testing.assert_allclose(sums.product, calls.T @ bases.residual, atol=1e-9)
    assert grid_sums(features.block(0, 0), bases).product.shape == (0, 3)


def _left(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
