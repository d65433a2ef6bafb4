from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.lineages.clusters import MOST_SAMPLES, genotype_clusters
from drugresponse.errors import InputError


def genotypes_of(calls: NDArray, kind: str) -> Genotypes:
    ids = [f"s{i:03d}" for i in range(len(calls))]
    return Genotypes.from_dense(calls, ids, [f"f{j:04d}" for j in range(calls.shape[1])], kind=kind)


def clones(kind: str, seed: int = 0, n_clones: int = 12) -> tuple[NDArray, NDArray]:
    """Haploid clones of 1 to 15 samples whose calls differ at one site in fifty, and a tenth of the calls missing."""
    rng = np.random.default_rng(seed)
    clone = rng.permutation(np.repeat(np.arange(n_clones), rng.integers(1, 16, n_clones)))
    calls = (rng.random((n_clones, 200)) < 0.3)[clone] ^ (rng.random((len(clone), 200)) < 0.02)
    values = calls * (2.0 if kind == "dosage" else 1.0)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values, clone


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("kind", "distance"), [("altered", "Jaccard"), ("dosage", "Hamming")])
def test_clusters__are_the_clones(kind, distance, seed):
    values, clone = clones(kind, seed)
    numbers, how = genotype_clusters(genotypes_of(values, kind))
    assert adjusted_rand_score(clone, numbers) == 1.0
    assert how.name == distance
    assert 150 < how.n_features <= 200


def test_clusters__unrelated_outbred_samples_are_apart():
    rng = np.random.default_rng(0)
    frequency = rng.uniform(0.01, 0.5, 500)
    numbers, _ = genotype_clusters(genotypes_of(rng.binomial(2, frequency, (80, 500)).astype(float), "dosage"))
    assert len(np.unique(numbers)) == 80


def test_clusters__rare_sites_make_nobody_alike():
    """At sites that one sample in a hundred bears all samples agree; the common ones part them."""
    rng = np.random.default_rng(0)
    common, rare = rng.binomial(2, 0.3, (100, 60)), rng.binomial(1, 0.01, (100, 3000))
    numbers, how = genotype_clusters(genotypes_of(np.hstack([common, rare]).astype(float), "dosage"))
    assert how.n_features < 80
    assert len(np.unique(numbers)) == 100


def test_clusters__altered_features_decide_where_they_are_more():
    values, clone = clones("altered")
    noise = np.random.default_rng(1).binomial(2, 0.5, (len(values), 20))
    both = genotypes_of(np.hstack([values, noise]), "altered")
    features = both.features.assign(kind=np.where(np.arange(220) < 200, "altered", "dosage"))
    numbers, how = genotype_clusters(Genotypes.build(both.values, list(both.sample_ids), features))
    assert how.name == "Jaccard"
    assert how.n_features <= 200
    assert adjusted_rand_score(clone, numbers) == 1.0


def test_clusters__samples_that_carry_nothing_are_alike_and_those_without_a_call_are_not():
    values = np.vstack([np.eye(6), np.zeros((3, 6)), np.full((2, 6), np.nan)])
    numbers, _ = genotype_clusters(genotypes_of(values, "altered"))
    assert len(set(numbers[6:9])) == 1
    assert len(set(numbers)) == 6 + 1 + 2


def test_clusters__too_many_samples_are_refused_with_the_way_out():
    n = MOST_SAMPLES + 1
    calls = sparse.csr_array((np.ones(n), (np.arange(n), np.arange(n) % 7)), shape=(n, 7))
    ids = [f"s{i}" for i in range(n)]
    genotypes = Genotypes.from_dense(calls.toarray(), ids, list("abcdefg"), kind="altered")
    with pytest.raises(
        InputError, match=r"10,001 samples are too many .*\(expected 10,000 or fewer\)\. .*`lineage_column`"
    ):
        genotype_clusters(genotypes)
