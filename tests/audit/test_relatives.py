"""Families that folds part are told of, with the way to keep them together; unrelated samples and crosses are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from drugresponse.audit._relatives import straddling_relatives
from drugresponse.audit.findings import caution_messages
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from tests.stored_genotypes import stored

N_VARIANTS = 1500


def children(mother: NDArray, father: NDArray, n: int, rng: np.random.Generator) -> NDArray:
    """Dosages of children of two parents, variants unlinked."""
    of = [rng.binomial(1, np.tile(parent / 2, (n, 1))) for parent in (mother, father)]
    return np.asarray(of[0] + of[1], dtype=np.float64)


def people(n: int, rng: np.random.Generator) -> NDArray:
    return rng.binomial(2, rng.uniform(0.1, 0.5, N_VARIANTS), (n, N_VARIANTS)).astype(np.float64)


def made_pairs(calls: NDArray, kind: str = "dosage") -> Pairs:
    ids = [f"s{at:03d}" for at in range(len(calls))]
    genotypes = Genotypes.from_dense(calls, ids, [f"rs{at}" for at in range(calls.shape[1])], kind=kind)
    return Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))


@pytest.fixture(scope="module")
def families() -> Pairs:
    """Sixty unrelated people, and ten pairs of siblings of other parents, the last twenty."""
    rng = np.random.default_rng(0)
    parents = people(80, rng)
    siblings = [children(parents[60 + 2 * at], parents[61 + 2 * at], 2, rng) for at in range(10)]
    return made_pairs(np.vstack([parents[:60], *siblings]))


def test_straddling_relatives__siblings_are_told_with_the_way_out(families):
    (finding,) = straddling_relatives(families, "new-samples")
    assert (finding.check, finding.severity, finding.count) == ("relatives", "warning", 20)
    assert '"s060" and "s061"' in finding.message and "and 7 more" in finding.message
    assert "subject_id" in finding.message and "s060" not in finding.without_samples
    assert caution_messages([finding])
    blocks = replace(families, genotypes=stored(families.genotypes))
    assert list(straddling_relatives(blocks, "new-samples")) == [finding]


def test_straddling_relatives__families_that_are_kept_together_are_not(families):
    together = np.concatenate([np.arange(60), 60 + np.repeat(np.arange(10), 2)])
    assert not list(straddling_relatives(families, "new-samples", together))
    assert not list(straddling_relatives(replace(families, subjects=together.astype(str)), "new-samples"))
    for scheme in ("random-pairs", "new-drugs", "new-lineages"):
        assert not list(straddling_relatives(families, scheme))


def test_straddling_relatives__two_of_many_are_a_note(families):
    few = families.genotypes.take(np.arange(62))
    (finding,) = straddling_relatives(made_pairs(few.dense()), "new-samples")
    assert (finding.severity, finding.count) == ("note", 2)


@pytest.mark.parametrize("seed", range(3))
def test_straddling_relatives__strangers_of_two_ancestries_are_none(seed):
    rng = np.random.default_rng(seed)
    shared = rng.uniform(0.1, 0.5, N_VARIANTS)
    apart = [np.clip(shared + rng.normal(0, 0.15, N_VARIANTS), 0.02, 0.98) for _ in range(2)]
    calls = np.vstack([rng.binomial(2, frequency, (60, N_VARIANTS)) for frequency in apart]).astype(np.float64)
    assert not list(straddling_relatives(made_pairs(calls), "new-samples"))


def test_straddling_relatives__one_pedigree_few_variants_and_alterations_are_not():
    rng = np.random.default_rng(1)
    cross = children(*people(2, rng), 80, rng)
    assert not list(straddling_relatives(made_pairs(cross), "new-samples"))
    assert not list(straddling_relatives(made_pairs(cross[:, :100]), "new-samples"))
    assert not list(straddling_relatives(made_pairs((cross > 1).astype(float), "altered"), "new-samples"))
