from __future__ import annotations

import numpy as np

from drugresponse.explanation.drivers import cluster_drugs
from tests.explanation.made_contributions import made_attributions


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Twelve drugs of three kinds, each kind moved by features of its own, in mixed order and on mixed scales."""
    rng = np.random.default_rng(seed)
    kinds = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
    centres = np.zeros((3, 50))
    centres[0, :3], centres[1, 3:6], centres[2, 0] = (5, -4, 3), (5, 4, 3), -5
    scale = rng.uniform(0.1, 10, 12)[:, None]
    return (centres[kinds] + rng.normal(0, 0.2, (12, 50))) * scale, kinds


def test_clusters__drugs_of_one_kind_stand_together_whatever_their_scale():
    values, kinds = planted()
    found = cluster_drugs(made_attributions(values))
    kind = kinds[found.drugs["drug_id"].str.removeprefix("d").astype(int)]
    assert found.drugs["cluster"].max() == 3
    assert np.abs(np.diff(kind)).astype(bool).sum() == 2
    assert found.drugs.assign(kind=kind).groupby("cluster")["kind"].nunique().tolist() == [1, 1, 1]
    assert found.drugs["place"].tolist() == list(range(1, 13))
    assert (found.drugs["correlation"] > 0.9).all()
    assert found.correlation[0, 1] > 0.8
    assert found.links.shape == (11, 4)


def test_clusters__leading_features_are_the_planted_ones_with_their_direction():
    values, _ = planted()
    found = cluster_drugs(made_attributions(values))
    cluster = int(found.drugs.set_index("drug_id").loc["d0", "cluster"])
    led = found.features[found.features["cluster"] == cluster].head(3)
    assert led["feature_id"].tolist() == ["f0", "f1", "f2"]
    assert led["direction"].tolist() == [1, -1, 1]
    assert led["n_same_sign"].tolist() == [4, 4, 4]
    assert led["n_drugs"].tolist() == [4, 4, 4]
    np.testing.assert_allclose(led["share"], np.array([25, 16, 9]) / 50, atol=0.03)


def test_clusters__least_correlation_cuts_the_tree():
    values, _ = planted()
    assert cluster_drugs(made_attributions(values), least_correlation=0.9999).drugs["cluster"].max() == 12
    assert cluster_drugs(made_attributions(values), least_correlation=-1.0).drugs["cluster"].max() == 1


def test_clusters__one_drug_and_a_drug_without_effect():
    one = cluster_drugs(made_attributions(planted()[0][:1]))
    assert one.drugs[["drug_id", "cluster", "correlation"]].to_numpy().tolist() == [["d0", 1, 1.0]]
    values = planted()[0][[0, 3, 1]]
    values[2] = 0.0
    found = cluster_drugs(made_attributions(values))
    idle = int(found.drugs.set_index("drug_id").loc["d2", "cluster"])
    assert (found.drugs["cluster"] == idle).sum() == 1
    assert found.features[found.features["cluster"] == idle].empty


def test_clusters__of_a_model_without_genotype_are_none():
    none = cluster_drugs(made_attributions(planted()[0]).assign(kind="covariate"))
    assert none.drugs.empty
    assert none.features.empty
    assert none.correlation.shape == (0, 0)
