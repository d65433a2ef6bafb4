"""Rare carriers among clones: p keeps its level within lineages, and whole subjects are exchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.association._clones import Clones
from drugresponse.association.associations import associate_pairs
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs

N_LINEAGES, N_EACH, N_FEATURES = 40, 10, 400
LINEAGE = np.repeat(np.arange(N_LINEAGES), N_EACH)


def _isolates(*, effect: float = 0.0, n_features: int = 400, two_copies: bool = False) -> tuple[Pairs, np.ndarray]:
    """Isolates whose lineages differ in their response, and features that some of one or two lineages have gained."""
    rng = np.random.default_rng(5)
    calls = np.zeros((len(LINEAGE), n_features), dtype=np.float32)
    for column in calls.T:
        for at in rng.choice(N_LINEAGES, 2, replace=False):
            gained = rng.choice(np.flatnonzero(at == LINEAGE), 5, replace=False)
            column[gained] = rng.integers(1, 3, 5) if two_copies else 1.0
    y = 1.5 * rng.normal(size=N_LINEAGES)[LINEAGE] + rng.normal(size=len(LINEAGE)) + effect * calls[:, 0]
    ids = [f"s{at:03d}" for at in range(len(LINEAGE))]
    genotypes = Genotypes.from_dense(calls, ids, [f"f{at}" for at in range(n_features)])
    drugs = pd.DataFrame(index=pd.Index(["d"], name="drug_id"))
    return Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs), y


def _small(table: pd.DataFrame) -> float:
    return float((table["p"] <= 0.05).mean())


def test_lineages__p_keeps_its_level_only_within_them() -> None:
    pairs, y = _isolates()

    of_all = associate_pairs(pairs, y).table
    within = associate_pairs(replace(pairs, lineages=LINEAGE), y).table

    assert set(of_all["method"]) == {"permutation"}
    assert set(within["method"]) == {"permutation within lineages"}
    assert _small(of_all) > 0.2
    assert 0.02 < _small(within) < 0.08
    effects = within.set_index("feature_id").loc[of_all["feature_id"], "effect"]
    assert of_all["effect"].tolist() == pytest.approx(effects.tolist())


def test_lineages__calls_of_several_values_keep_the_level_too() -> None:
    pairs, y = _isolates(n_features=80, two_copies=True)
    assert _small(associate_pairs(pairs, y).table) > 0.2
    assert _small(associate_pairs(replace(pairs, lineages=LINEAGE), y).table) < 0.12


@pytest.mark.parametrize("two_copies", [False, True])
def test_lineages__an_allele_that_most_have_is_tested_by_those_that_lack_it(two_copies: bool) -> None:
    pairs, y = _isolates(n_features=4, two_copies=two_copies)
    copies, names = pairs.genotypes.dense(), ["f0", "f1", "f2", "f3"]
    had, lacked = (
        associate_pairs(
            replace(
                pairs,
                lineages=LINEAGE,
                genotypes=Genotypes.from_dense(calls, pairs.genotypes.sample_ids, names, kind="dosage"),
            ),
            y,
        )
        .table.set_index("feature_id")
        .sort_index()
        for calls in (copies, 2 - copies)
    )
    assert lacked["p"].tolist() == pytest.approx(had["p"].tolist(), abs=0.02 if two_copies else 1e-9)
    assert lacked["effect"].tolist() == pytest.approx((-had["effect"]).tolist())


def test_lineages__an_effect_within_them_is_found() -> None:
    pairs, y = _isolates(effect=3.0)
    table = associate_pairs(replace(pairs, lineages=LINEAGE), y).table.set_index("feature_id")
    assert table.loc["f0", "p"] < 1e-3
    assert table.loc["f0", "rank"] == 1


def test_subjects__are_exchanged_whole() -> None:
    """Five samples of a subject are no five pieces of evidence."""
    rng = np.random.default_rng(8)
    subject = np.repeat(np.arange(80), 5)
    bearers = np.stack([rng.permutation(80) < 4 for _ in range(N_FEATURES)])
    y = (rng.normal(size=80)[subject] + 0.2 * rng.normal(size=400)).astype(float)
    calls, ids = bearers[:, subject].T.astype(np.float32), [f"s{at}" for at in range(400)]
    genotypes = Genotypes.from_dense(calls, ids, [f"f{at}" for at in range(N_FEATURES)])
    drugs = pd.DataFrame(index=pd.Index(["d"], name="drug_id"))
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    pairs = replace(pairs, subjects=np.array([f"p{at}" for at in subject], dtype=object))

    table = associate_pairs(pairs, y).table

    assert set(table["method"]) == {"permutation of subjects"}
    assert 0.02 < _small(table) < 0.08


def test_clones__samples_that_stand_for_themselves_have_none() -> None:
    assert Clones.of(np.array(["a", "b"], dtype=object), None) is None


def test_clones__lineages_of_one_sample_are_exchanged_with_each_other() -> None:
    clones = Clones.of(np.array(list("abcdef"), dtype=object), np.array([0, 1, 2, 3, 4, 4]))
    assert clones is not None
    calls = np.array([[1.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
    residual = np.array([3.0, -1.0, -1.0, -1.0, 1.0, -1.0])
    p = clones.p_values(calls, residual, np.arange(6), np.random.default_rng(0))
    assert p.tolist() == pytest.approx([0.25])
