"""What is known of genotypes that stay where they are stored is what is known of them in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.lineages.clusters import genotype_clusters
from drugresponse.data.parents.sums import with_parents, without_parents
from drugresponse.genotype_qc.burden import to_genes
from drugresponse.genotype_qc.overview import overview_of
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes
from tests.stored_genotypes import stored


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 200)


def cohort(n=30, n_variants=90, n_altered=40, seed=0) -> Genotypes:
    """Dosages of genes with effects, and rare alterations of families; one sample is there twice."""
    rng = np.random.default_rng(seed)
    dosages = rng.binomial(2, rng.uniform(0.0, 0.5, n_variants), (n, n_variants)).astype(np.float32)
    dosages[:, 5] += 0.25 * (dosages[:, 5] == 1)
    altered = (rng.random((n, n_altered)) < 0.03).astype(np.float32)
    altered[:2] = rng.random(n_altered) < 0.7
    values = np.column_stack([dosages, altered])
    values[rng.random(values.shape) < 0.05] = np.nan
    values[4], values[:, 7] = values[9], np.nan
    variants = pd.DataFrame(
        {
            "kind": "dosage",
            "gene": [f"G{at // 5}" for at in range(n_variants)],
            "effect": rng.choice(["lof", "missense", "other"], n_variants),
            "chromosome": "1",
            "position": np.arange(n_variants),
        },
        index=[f"rs{at}" for at in range(n_variants)],
    )
    families = [f"fam{at // 4}" for at in range(n_altered)]
    alterations = pd.DataFrame({"kind": "altered", "parent": families}, index=[f"a{at}" for at in range(n_altered)])
    return Genotypes.build(values, [f"s{at}" for at in range(n)], pd.concat([variants, alterations]))


def test_overview__of_stored_genotypes():
    here = overview_of(cohort(n_variants=400))
    there = overview_of(stored(cohort(n_variants=400)))
    assert len(here.relatives.table) >= 2 and set(here.relatives.compared) == {"dosage", "altered"}
    pd.testing.assert_frame_equal(there.summary.blocks, here.summary.blocks)
    pd.testing.assert_frame_equal(there.summary.samples, here.summary.samples)
    pd.testing.assert_frame_equal(there.summary.spectrum, here.summary.spectrum)
    np.testing.assert_allclose(there.summary.frequency, here.summary.frequency)
    np.testing.assert_allclose(there.components.scores, here.components.scores, atol=1e-4)
    pd.testing.assert_frame_equal(there.relatives.table, here.relatives.table)


@pytest.mark.parametrize(
    "options",
    [{}, {"by_effect": False}, {"carrier": "count"}, {"maximum_missing": 0.4}, {"keep_others": True}],
    ids=str,
)
def test_to_genes__of_stored_genotypes(options):
    here = to_genes(cohort(), **options)
    there = to_genes(stored(cohort()), **options)
    assert there.is_stored  # the alterations stay
    assert there.features.equals(here.features)
    np.testing.assert_allclose(there.dense(), here.dense(), atol=1e-5)


def test_to_genes__of_stored_variants_alone_is_in_memory():
    variants = cohort().select(np.flatnonzero(cohort().features["kind"] == "dosage"))
    there = to_genes(stored(variants))
    assert not there.is_stored and there.equals(to_genes(variants))


def test_with_parents__of_stored_genotypes():
    here, there = with_parents(cohort()), with_parents(stored(cohort()))
    assert there.is_stored and here.shape[1] == 140
    assert there.equals(here)
    assert without_parents(there).equals(without_parents(here))


def test_genotype_clusters__of_stored_genotypes():
    numbers, distance = genotype_clusters(stored(cohort()))
    expected, expected_distance = genotype_clusters(cohort())
    assert numbers.tolist() == expected.tolist() and distance == expected_distance
    assert len(set(expected)) < 30


@pytest.mark.parametrize(
    "wanted",
    [
        SiteFilter(minimum_frequency=0.1),
        SiteFilter(maximum_missing=0.05),
        SiteFilter(genes=["G1", "G4"], minimum_frequency=0.05, maximum_missing=0.2),
    ],
)
def test_filter_genotypes__of_stored_genotypes(wanted):
    here, there = filter_genotypes(cohort(), wanted), filter_genotypes(stored(cohort()), wanted)
    assert there.is_stored and 0 < here.shape[1] < 130
    assert there.equals(here)
