from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc import relatives
from drugresponse.genotype_qc.principal_components import independent_features
from drugresponse.genotype_qc.relatives import ALIKE, SAME, find_relatives


def family(m: int = 1500, n: int = 60, seed: int = 0) -> np.ndarray:
    """Two unrelated halves with other frequencies; then a child of the first two, and the child again."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.1, 0.9, (2, m))
    people = rng.binomial(2, frequency[np.arange(n) % 2])
    child = rng.binomial(1, people[0] / 2) + rng.binomial(1, people[2] / 2)
    return np.vstack([people, child, child]).astype(float)


def of_dosages(dosages: np.ndarray) -> Genotypes:
    ids = [f"s{i:03d}" for i in range(len(dosages))], [f"rs{i:04d}" for i in range(dosages.shape[1])]
    return Genotypes.from_dense(dosages, *ids, kind="dosage")


def pairs(genotypes: Genotypes) -> dict[tuple[str, str], str]:
    table = find_relatives(genotypes).table
    return dict(zip(zip(table["sample_id"], table["other_id"], strict=True), table["relation"], strict=True))


def test_kinship__finds_the_family_and_nobody_else():
    dosages = family()
    rng = np.random.default_rng(1)
    dosages[rng.random(dosages.shape) < 0.03] = np.nan
    assert pairs(of_dosages(dosages)) == {
        ("s060", "s061"): SAME,
        ("s000", "s060"): "parent, child or sibling",
        ("s000", "s061"): "parent, child or sibling",
        ("s002", "s060"): "parent, child or sibling",
        ("s002", "s061"): "parent, child or sibling",
    }


def test_kinship__values_are_those_of_the_formula():
    """A count call by call of equation 11 of KING, over the variants that both samples have."""
    dosages = family()
    dosages[np.random.default_rng(1).random(dosages.shape) < 0.1] = np.nan
    genotypes = of_dosages(dosages)
    columns, _ = independent_features(genotypes)
    found = find_relatives(genotypes)
    assert (found.compared, found.n_features, len(found.table)) == (("dosage",), len(columns), 5)
    for row in found.table.itertuples():
        one, other = (dosages[int(name[1:]), columns] for name in (row.sample_id, row.other_id))
        both = ~np.isnan(one + other)
        one, other = one[both], other[both]
        fewer = min((one == 1).sum(), (other == 1).sum())
        expected = 0.5 - ((one - other) ** 2).sum() / 4 / fewer
        assert row.value == pytest.approx(expected, abs=1e-5)


def test_kinship__few_variants_name_nobody():
    assert pairs(of_dosages(family(m=60)[:, :40])) == {}


@pytest.mark.parametrize("seed", range(3))
def test_kinship__chance_is_not_taken_for_a_relative(seed):
    rng = np.random.default_rng(seed)
    assert pairs(of_dosages(rng.binomial(2, rng.uniform(0.05, 0.5, 150), (120, 150)))) == {}


def of_alterations(altered: np.ndarray) -> Genotypes:
    ids = [f"s{i:03d}" for i in range(len(altered))], [f"g{i:04d}" for i in range(altered.shape[1])]
    return Genotypes.from_dense(altered, *ids, kind="altered")


def test_alterations__two_lines_of_one_tumour():
    rng = np.random.default_rng(0)
    altered = rng.binomial(1, 0.05, (50, 400)).astype(float)
    altered[:, altered.sum(axis=0) > 4] = 0
    altered[7] = altered[3]
    altered[7, np.flatnonzero(altered[3])[0]] = 0
    # what the one lacks the other is not blamed for
    altered[3, np.flatnonzero(altered[7])[:4]] = np.nan
    found = find_relatives(of_alterations(altered))
    assert found.table[["sample_id", "other_id", "relation"]].to_numpy().tolist() == [["s003", "s007", ALIKE]]
    n_shared = int((altered[3] == 1).sum()) - 1
    assert found.table["value"].iloc[0] == pytest.approx(n_shared / (n_shared + 1))
    assert found.compared == ("altered",)


def test_alterations__nine_in_common_are_too_few():
    altered = np.zeros((4, 30))
    altered[:2, :9] = 1
    assert len(find_relatives(of_alterations(altered)).table) == 0
    altered[:2, :10] = 1
    assert len(find_relatives(of_alterations(altered)).table) == 1


def test_alterations__common_ones_are_shared_by_chance():
    altered = np.random.default_rng(0).binomial(1, 0.9, (60, 20)).astype(float)
    assert len(find_relatives(of_alterations(altered)).table) == 0


def test_relatives__too_many_samples_are_not_compared(monkeypatch):
    monkeypatch.setattr(relatives, "MOST_COMPARED", 61)
    assert find_relatives(of_dosages(family(m=300))).compared == ()
    assert find_relatives(of_dosages(family(m=300)[:61])).compared == ("dosage",)
