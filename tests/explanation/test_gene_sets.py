from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.explanation._gene_sets import GENE_SET_COLUMNS, gene_set_tests
from drugresponse.readers.genes.sets import GeneSet
from tests.explanation.made_contributions import made_attributions

N_SAMPLES, N_GENES = 200, 120
GENES = [f"G{j:03d}" for j in range(N_GENES)]


def drawn_calls(rng: np.random.Generator, linked: int = 0) -> np.ndarray:
    """Genes altered in 2 to 50 % of samples; the first `linked` ones nearly always together."""
    calls = (rng.random((N_SAMPLES, N_GENES)) < rng.uniform(0.02, 0.5, N_GENES)).astype(float)
    if linked:
        shared = rng.random(N_SAMPLES) < 0.3
        kept = rng.random((N_SAMPLES, linked)) < 0.95
        calls[:, :linked] = np.where(kept, shared[:, None], ~shared[:, None])
    return calls


def ridge_effects(calls: np.ndarray, y: np.ndarray, penalty: float = 40.0) -> np.ndarray:
    """`(n_drugs, n_genes)` importance with the sign of the effect, of a ridge on responses `(n_samples, n_drugs)`."""
    x = calls - calls.mean(axis=0)
    effect = np.linalg.solve(x.T @ x + penalty * np.eye(N_GENES), x.T @ (y - y.mean(axis=0))).T
    return effect * x.std(axis=0)


def as_genotypes(calls: np.ndarray) -> Genotypes:
    return Genotypes.from_dense(
        calls, [f"s{i}" for i in range(len(calls))], [f"f{j}" for j in range(calls.shape[1])], block="mutation"
    )


def made_sets(rng: np.random.Generator, n: int = 40) -> list[GeneSet]:
    sizes = rng.integers(5, 30, n)
    return [GeneSet(f"S{k:02d}", "", tuple(rng.choice(GENES, size, replace=False))) for k, size in enumerate(sizes)]


def p_values(calls, y, sets, penalty: float = 40.0) -> np.ndarray:
    table = gene_set_tests(made_attributions(ridge_effects(calls, y, penalty), GENES), sets, as_genotypes(calls))
    return table.sort_values(["drug_id", "gene_set"])["p"].to_numpy()


def test_gene_sets__p_is_even_where_no_gene_acts():
    p = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        calls = drawn_calls(rng)
        p.append(p_values(calls, rng.normal(size=(N_SAMPLES, 20)), made_sets(rng)))
    p = np.concatenate(p)
    assert 0.03 < np.mean(p < 0.05) < 0.065
    assert np.mean(p < 0.005) < 0.01
    assert abs(np.median(p) - 0.5) < 0.04


def test_gene_sets__linked_often_altered_or_many_genes_are_not_found_by_that_alone():
    rng = np.random.default_rng(0)
    calls = drawn_calls(rng, linked=12)
    often = np.argsort(-calls[:, 12:].var(axis=0))[:12] + 12
    members = {"linked": np.arange(12), "many": np.arange(20, 100), "often": often}
    sets = [GeneSet(name, "", tuple(np.array(GENES)[at])) for name, at in members.items()]
    # nearly all shrunken, so that linked features bear the same effects instead of sharing one
    p = p_values(calls, rng.normal(size=(N_SAMPLES, 600)), sets, penalty=1e6).reshape(600, 3)
    found = dict(zip(members, (p < 0.05).mean(axis=0), strict=True))
    assert found["linked"] < 0.1
    assert found["often"] < 0.1
    assert 0.03 < found["many"] < 0.1


def test_gene_sets__a_planted_set_leads_with_its_genes_and_its_direction():
    rng = np.random.default_rng(1)
    calls = drawn_calls(rng)
    sets = [*made_sets(rng), GeneSet("planted", "", tuple(GENES[:10]))]
    y = rng.normal(size=(N_SAMPLES, 3))
    y[:, 1] -= calls[:, :10].sum(axis=1)
    table = gene_set_tests(made_attributions(ridge_effects(calls, y), GENES), sets, as_genotypes(calls))
    assert list(table.columns) == list(GENE_SET_COLUMNS)
    first = table[table["drug_id"] == "d1"].iloc[0]
    assert first["gene_set"] == "planted"
    assert first["n_genes"] == 10
    assert first["statistic"] < -3
    assert first["q"] < 0.05
    assert set(first["leading_genes"].split(",")) <= set(GENES[:10])
    np.testing.assert_allclose(table["q"], stats.false_discovery_control(table["p"]))


def test_gene_sets__a_gene_speaks_by_its_strongest_feature_and_a_segment_for_all_its_genes():
    values = np.linspace(-1, 1, 30)[None, :]
    genes = [*[f"S{j}" for j in range(10)], *["A,B,C", "A"], *[f"T{j}" for j in range(18)]]
    values[0, 10], values[0, 11] = 3.0, -0.2
    calls = (np.random.default_rng(0).random((50, 30)) < 0.5).astype(float)
    sets = [GeneSet("abc", "", ("A", "B", "C", "S9", "T0"))]
    table = gene_set_tests(made_attributions(values, genes), sets, as_genotypes(calls))
    assert table["n_genes"][0] == 5
    assert table["leading_genes"][0].startswith("A,B,C")


def test_gene_sets__size_counts_the_genes_of_the_model():
    rng = np.random.default_rng(2)
    calls = drawn_calls(rng)
    attributions = made_attributions(ridge_effects(calls, rng.normal(size=(N_SAMPLES, 1))), GENES)
    sets = [
        GeneSet("four", "", (*GENES[:4], "X", "Y")),
        GeneSet("five", "", (*GENES[:5], "X")),
        GeneSet("seven", "", tuple(GENES[:7])),
    ]
    assert gene_set_tests(attributions, sets, as_genotypes(calls), largest=6)["gene_set"].tolist() == ["five"]
    with pytest.raises(InputError, match=r'none of the 1 sets has 5 to 500 genes .* "X", "Y" in the sets and "G000"'):
        gene_set_tests(attributions, [replace(sets[0], genes=("X", "Y"))], as_genotypes(calls))


def test_gene_sets__a_drug_that_the_model_hangs_on_no_gene_has_no_p():
    rng = np.random.default_rng(3)
    calls = drawn_calls(rng)
    values = ridge_effects(calls, rng.normal(size=(N_SAMPLES, 2)))
    values[1] = 0.0
    table = gene_set_tests(made_attributions(values, GENES), made_sets(rng, 3), as_genotypes(calls))
    assert table.groupby("drug_id")["p"].count().to_dict() == {"d0": 3, "d1": 0}
    assert table.groupby("drug_id")["q"].count().to_dict() == {"d0": 3, "d1": 0}
