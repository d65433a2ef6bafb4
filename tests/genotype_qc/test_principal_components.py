from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc.principal_components import independent_features, principal_components, shares_explained


def two_populations(n: int = 30, m: int = 400, seed: int = 0) -> Genotypes:
    """Samples of two populations in turn, 1 % of the calls missing."""
    rng = np.random.default_rng(seed)
    frequency = np.clip(rng.uniform(0.2, 0.8, m) + np.array([[0.12], [-0.12]]) * rng.choice([-1, 1], m), 0.02, 0.98)
    dosages = rng.binomial(2, frequency[np.arange(n) % 2]).astype(float)
    dosages[rng.random(dosages.shape) < 0.01] = np.nan
    return Genotypes.from_dense(
        dosages, [f"s{i:02d}" for i in range(n)], [f"rs{i:04d}" for i in range(m)], kind="dosage"
    )


def test_components__the_first_tells_populations_apart():
    found = principal_components(two_populations())
    scores = found.scores["PC1"].to_numpy()
    assert min(scores[::2].min(), scores[1::2].min()) < 0 < max(scores[::2].max(), scores[1::2].max())
    assert scores[::2].max() < scores[1::2].min() or scores[1::2].max() < scores[::2].min()
    assert found.scores.columns.tolist() == [f"PC{i}" for i in range(1, 11)]
    assert found.kind == "dosage"
    assert (np.diff(found.shares) <= 0).all() and 0 < found.shares.sum() < 1


def test_components__are_those_of_a_full_decomposition():
    genotypes = two_populations(n=20)
    columns, _ = independent_features(genotypes)
    dosages = genotypes.dense()[:, columns].astype(float)
    mean = np.nanmean(dosages, axis=0)
    table = np.nan_to_num((dosages - mean) / np.sqrt(mean * (1 - mean / 2)))
    left, values, _ = np.linalg.svd(table, full_matrices=False)
    expected = left[:, :3] * values[:3]
    expected *= np.sign(expected[np.abs(expected).argmax(axis=0), range(3)])
    found = principal_components(genotypes, 3)
    assert found.scores.to_numpy() == pytest.approx(expected, abs=1e-3)
    assert found.shares == pytest.approx(values[:3] ** 2 / (values**2).sum(), rel=1e-4)


@pytest.mark.parametrize("m", [12, 60])
def test_components__are_the_same_by_samples_and_by_features(m):
    """With fewer features than samples the other product is decomposed."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, m))
    ids = [f"s{i:02d}" for i in range(40)], [f"g{i:02d}" for i in range(m)]
    table = (values - values.mean(axis=0)) / values.std(axis=0)
    spread = np.linalg.svd(table, compute_uv=False)
    found = principal_components(Genotypes.from_dense(values, *ids, kind="score"), 4)
    assert found.kind == "score"
    assert (found.scores**2).sum().to_numpy() == pytest.approx(spread[:4] ** 2, rel=1e-3)
    assert all(found.scores[name].abs().max() == found.scores[name].max() for name in found.scores)


def test_components__order_of_samples_does_not_matter():
    genotypes = two_populations()
    turned = genotypes.take(np.arange(30)[::-1])
    mine, theirs = principal_components(genotypes, 2).scores, principal_components(turned, 2).scores
    assert theirs.loc[mine.index].to_numpy() == pytest.approx(mine.to_numpy(), abs=1e-3)


def test_features__linked_rare_sexual_and_constant_ones_are_left_out():
    genotypes = two_populations(n=60, m=40, seed=3)
    dosages = genotypes.dense()
    copied = np.hstack(
        [dosages, dosages[:, :10], np.eye(60, 1), np.ones((60, 1)), dosages[:, [5]] * 0 + dosages[:, [6]]]
    )
    features = pd.DataFrame(
        {"kind": "dosage", "chromosome": ["1"] * 52 + ["X"], "position": range(1, 54)},
        index=[f"rs{i:02d}" for i in range(53)],
    )
    columns, kind = independent_features(Genotypes.build(copied, list(genotypes.sample_ids), features))
    assert kind == "dosage"
    # copies of 0 to 9, one carrier in 60 (0.008), all of one value, and the chromosome X
    assert set(columns).isdisjoint(range(40, 53))
    assert len(columns) >= 36


def test_features__of_the_commonest_kind_without_ten_dosages():
    rng = np.random.default_rng(0)
    ids = [f"s{i}" for i in range(30)]
    some = Genotypes.from_dense(rng.binomial(2, 0.4, (30, 5)), ids, [f"rs{i}" for i in range(5)], kind="dosage")
    many = Genotypes.from_dense(rng.binomial(1, 0.4, (30, 20)), ids, [f"g{i}" for i in range(20)], kind="altered")
    columns, kind = independent_features(Genotypes.join([some, many]))
    assert (kind, len(columns)) == ("altered", 20)


def test_components__of_three_samples_are_two():
    found = principal_components(two_populations(n=3))
    assert found.scores.columns.tolist() == ["PC1", "PC2"]


@pytest.mark.parametrize(("n", "m"), [(2, 50), (30, 9)])
def test_components__none_with_too_little(n, m):
    rng = np.random.default_rng(0)
    genotypes = Genotypes.from_dense(rng.normal(size=(n, m)), [f"s{i}" for i in range(n)], [f"g{i}" for i in range(m)])
    found = principal_components(genotypes)
    assert (found.n_features, found.scores.shape, len(found.shares)) == (0, (n, 0), 0)


def test_shares_explained__batches_that_matter_and_those_that_do_not():
    rng = np.random.default_rng(0)
    batch = pd.Series(np.repeat(["a", "b", "c", ""], 25))
    scores = pd.DataFrame(
        {"PC1": np.repeat([0.0, 3.0, 6.0, 50.0], 25) + rng.normal(size=100), "PC2": rng.normal(size=100)}
    )
    first, second = shares_explained(scores, batch)
    assert first == pytest.approx(6 / 7, abs=0.04)
    assert second < 0.05
    assert np.isnan(shares_explained(scores, pd.Series(["x"] * 100))).all()
    assert np.isnan(shares_explained(scores, pd.Series(map(str, range(100))))).all()
