import numpy as np

from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.genotypes import Genotypes

NAN = float("nan")


def test_feature_columns__carriers_differ_from_the_most_common_call() -> None:
    values = [
        # alteration, mostly altered, missing, gain and loss, as many as not, score
        [0, 1, NAN, 0, 0, 0.1],
        [0, 1, NAN, 0, 1, 0.2],
        [1, 1, 2, 1, 0, 0.3],
        [0, 0, 2, -1, 1, 0.4],
        [0, 1, 0, 0, NAN, 0.5],
    ]
    genotypes = Genotypes.from_dense(values, list("abcde"), [f"f{i}" for i in range(6)], kind="score")
    features = FeatureColumns.of(genotypes)
    np.testing.assert_allclose(features.common, [0, 1, 2, 0, 0, 0.1], rtol=1e-6)
    assert features.carriers.tolist() == [1, 1, 1, 2, 2, 4]
    assert features.two_valued.tolist() == [True, True, True, False, True, False]
    np.testing.assert_allclose(features.mean, [0.2, 0.8, 4 / 3, 0, 0.5, 0.3], rtol=1e-6)


def test_feature_columns__one_without_calls_has_no_carriers() -> None:
    features = FeatureColumns.of(Genotypes.from_dense([[NAN, 1], [NAN, 0]], ["a", "b"], ["none", "some"]))
    assert features.carriers.tolist() == [0, 1]
    assert features.block(0, 1).table.index.tolist() == ["none"]


def test_feature_columns__heterozygotes_carry_the_rarer_allele_also_where_they_are_most() -> None:
    values = [[0, 2, 0], [1, 1, 0], [1, 1, 2], [1, 1, NAN], [2, 2, 0]]
    genotypes = Genotypes.from_dense(values, list("abcde"), ["a", "b", "c"], kind="dosage")
    features = FeatureColumns.of(genotypes)
    assert features.common.tolist() == [0, 2, 0]
    assert features.carriers.tolist() == [4, 3, 1]


def test_feature_columns__what_most_samples_bear_is_carried_all_the_same() -> None:
    """Of a gene that is altered in most samples, the altered ones are the carriers; the others are the rarer."""
    genotypes = Genotypes.from_dense(
        [[1, 1], [1, 0], [1, 0], [0, NAN]], list("abcd"), ["often", "rare"], kind="altered"
    )
    features = FeatureColumns.of(genotypes)
    assert features.carriers.tolist() == [3, 1]
    assert features.others.tolist() == [1, 2]
    assert features.rarer().tolist() == [1, 1]
