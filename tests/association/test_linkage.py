import numpy as np
import pytest

from drugresponse.association._linkage import Linkage, linkage_table
from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.genotypes import Genotypes

NAN = float("nan")


def test_linkage__a_chain_is_not_one_group() -> None:
    """Each of three scores correlates with the next at 0.87, the first and the last at 0.5."""
    x = np.zeros((90, 3))
    angle = 2 * np.pi * np.arange(90) / 90
    for column, turn in enumerate((0, 30, 60)):
        x[:, column] = np.cos(angle + np.deg2rad(turn))
    linkage = _linkage(x)
    assert linkage.group.tolist() == [0, 0, 2]
    assert linkage.least == pytest.approx([0.866, 0.866, 1.0], abs=1e-3)


def test_linkage__the_least_correlation_is_that_of_any_two_of_the_group() -> None:
    """Two scores correlate at 0.81, and a third, which comes last, lies between them at 0.95 from either."""
    angle = 2 * np.pi * np.arange(90) / 90
    linkage = _linkage(np.column_stack([np.cos(angle + np.deg2rad(turn)) for turn in (0, 36, 18)]))
    assert linkage.group.tolist() == [0, 0, 0]
    assert linkage.with_first == pytest.approx(np.cos(np.deg2rad([0, 36, 18])))
    assert linkage.least == pytest.approx([np.cos(np.deg2rad(36))] * 3)


def test_linkage__opposite_features_are_one_group() -> None:
    x = np.random.default_rng(0).standard_normal((50, 1))
    linkage = _linkage(np.hstack([x, -2 * x + 0.1 * np.random.default_rng(1).standard_normal((50, 1))]))
    assert linkage.group.tolist() == [0, 0]
    assert linkage.with_first[1] < -0.99


def test_linkage__two_shared_carriers_are_chance_unless_columns_are_equal() -> None:
    x = np.zeros((60, 4))
    x[[0, 1], 0] = x[[0, 1, 2], 1] = x[[0, 1], 2] = x[[0, 1, 2], 3] = 1
    assert np.corrcoef(x.T)[0, 1] > 0.8
    assert _linkage(x).group.tolist() == [0, 1, 0, 1]


def test_linkage__takes_the_samples_with_both_calls() -> None:
    generator = np.random.default_rng(2)
    x = np.repeat((generator.random((80, 1)) < 0.4).astype(float), 2, axis=1)
    x[:30, 0], x[50:, 1] = NAN, NAN
    other = generator.random(80) < 0.4
    linkage = _linkage(np.column_stack([x, other]))
    assert linkage.group.tolist() == [0, 0, 2]
    assert linkage.with_first.tolist() == pytest.approx([1, 1, 1])


def test_linkage__finds_partners_far_apart() -> None:
    """Features meet across the blocks in which they pass by; threads change nothing."""
    generator = np.random.default_rng(3)
    x = generator.standard_normal((60, 2100))
    x[:, 2050] = x[:, 3] + 0.1 * generator.standard_normal(60)
    one, two = _linkage(x), _linkage(x, n_jobs=2)
    assert np.flatnonzero(one.group != np.arange(2100)).tolist() == [2050]
    assert one.group[2050] == 3
    assert np.array_equal(one.with_first, two.with_first)


def test_linkage_table__names_the_groups_of_several() -> None:
    x = np.random.default_rng(4).integers(0, 2, (40, 3)).astype(float)
    x[:, 2] = x[:, 0]
    features = FeatureColumns.of(Genotypes.from_dense(x, [f"s{i}" for i in range(40)], ["a", "b", "c"]))
    table = linkage_table(Linkage.of(features), features, np.array(["a", "b", "a"], dtype=object))
    assert table.drop(columns="gene").values.tolist() == [
        ["a", "a", "altered", 2, 1.0, 1.0],
        ["a", "c", "altered", 2, 1.0, 1.0],
    ]


def _linkage(values: np.ndarray, n_jobs: int = 1) -> Linkage:
    names = [f"f{i:04d}" for i in range(values.shape[1])]
    genotypes = Genotypes.from_dense(values, [f"s{i}" for i in range(len(values))], names)
    return Linkage.of(FeatureColumns.of(genotypes), n_jobs)
