from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import join_training_rows
from drugresponse.data.tables import as_responses
from drugresponse.features.alignment import align
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import make_learner
from drugresponse.model.feature_weights import FeatureMatch, share_of_weight, tell_of_alignment, weights_of_rows

NAN = float("nan")
N_SITES = 12
SAMPLES = [f"s{at}" for at in range(40)]


def known_weight(learner: PairRegressor, genotypes: Genotypes) -> np.ndarray:
    trained = learner.trained_features()
    alignment = align(genotypes.features, trained)
    tell_of_alignment(alignment)
    return share_of_weight(weights_of_rows(learner, trained), genotypes, alignment)


def sites(**changes: object) -> pd.DataFrame:
    ids = [f"rs{at}" for at in range(N_SITES)]
    table = {"kind": "dosage", "chromosome": "1", "position": np.arange(N_SITES) + 100, "ref": "A", "alt": "C"}
    return pd.DataFrame({**table, **changes}, index=ids)


@pytest.fixture(scope="module")
def learner() -> PairRegressor:
    """A ridge that hangs most on rs0, less on rs1, and on nothing of rs2, which does not vary."""
    rng = np.random.default_rng(0)
    calls = rng.integers(0, 3, (len(SAMPLES), N_SITES)).astype(float)
    calls[:, 2] = 1
    genotypes = Genotypes.build(calls, SAMPLES, sites())
    responses = pd.DataFrame({"sample_id": SAMPLES, "response": 3 * calls[:, 0] + 2 * calls[:, 1]})
    rows = join_training_rows(genotypes, as_responses(responses.assign(drug_id="d")), None, None)
    fitted: PairRegressor = make_learner("ridge", {}).fit(rows.pairs, rows.y, rows.weights)
    return fitted


def new_samples(table: pd.DataFrame, calls: np.ndarray | None = None) -> Genotypes:
    values = np.ones((2, len(table))) if calls is None else calls
    return Genotypes.build(values, [f"n{at}" for at in range(len(values))], table)


def test_found_features__heaviest_absent_first_and_why(learner):
    calls = np.ones((2, N_SITES))
    calls[:, 5] = NAN
    calls[0, [7, 8]] = NAN
    table = sites(alt=["G" if at == 1 else "C" for at in range(N_SITES)])
    found = FeatureMatch.of(learner, new_samples(table.drop(index="rs0"), calls[:, 1:]))
    weights = {name: weight for (_, name), weight in zip(*learner.feature_weights(), strict=True)}
    assert found.n_features == N_SITES - 1
    assert found.absent["feature_id"].tolist()[:2] == ["rs0", "rs1"]
    assert found.absent.set_index("feature_id")["why"].to_dict() == {
        "rs0": "absent",
        "rs1": "conflict",
        "rs5": "never called",
    }
    np.testing.assert_allclose(found.absent["share"], [weights[name] for name in found.absent["feature_id"]])
    assert (found.n_calls, found.n_missing) == (2 * (N_SITES - 4), 2)


def test_found_features__sentences_name_the_heaviest(learner):
    assert FeatureMatch.of(learner, new_samples(sites())).heaviest_absent() == ""
    words = FeatureMatch.of(learner, new_samples(sites().iloc[5:])).heaviest_absent()
    assert words.startswith('No sample has the features "rs0" (6')
    assert words.endswith("%) and 1 more; in brackets their share of the weight.")
    words = FeatureMatch.of(learner, new_samples(sites().iloc[1:])).heaviest_absent()
    assert words.startswith('No sample has the feature "rs0" (6')
    assert words.endswith("%); in brackets its share of the weight.")


def test_found_features__neither_ids_nor_places_may_be_another_build(learner):
    other = sites(position=np.arange(N_SITES) + 50_000).set_axis([f"other{at}" for at in range(N_SITES)])
    words = FeatureMatch.of(learner, new_samples(other)).heaviest_absent()
    assert "another genome build?" in words
    assert "another genome build?" not in FeatureMatch.of(learner, new_samples(sites().iloc[1:])).heaviest_absent()


def test_found_features__without_genotype():
    genotypes = new_samples(sites(), np.zeros((10, N_SITES)))
    ids = genotypes.sample_ids
    responses = pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": np.arange(10.0)})
    rows = join_training_rows(genotypes, as_responses(responses), None, None)
    learner = make_learner("additive-mean", {}).fit(rows.pairs, rows.y, rows.weights)
    found = FeatureMatch.of(learner, genotypes)
    assert (found.n_features, found.n_calls, len(found.absent)) == (0, 0, 0)
    assert known_weight(learner, genotypes).tolist() == [1] * 10


def test_weight_found__conflict_counts_as_missing_and_is_told(learner, caplog):
    features, weights = learner.feature_weights()
    heaviest = float(weights[[name for _, name in features].index("rs0")])
    new = new_samples(sites(alt=["G" if at == 0 else "C" for at in range(N_SITES)]))
    with caplog.at_level(logging.INFO):
        found = known_weight(learner, new)
    np.testing.assert_allclose(found, 1 - heaviest, atol=1e-8)
    by_id = align(new.features, new.features)
    assert share_of_weight(weights_of_rows(learner, new.features), new, by_id).tolist() == [1, 1]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert '1 in conflict and left out as missing: "rs0"' in caplog.text


def test_weight_found__swapped_alleles_are_told_without_a_warning(learner, caplog):
    swapped = sites(ref=["C"] * 4 + ["A"] * 8, alt=["A"] * 4 + ["C"] * 8)
    with caplog.at_level(logging.INFO):
        assert known_weight(learner, new_samples(swapped)).tolist() == [1, 1]
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "8 found as they are, 4 turned (reference and alternate are swapped)" in caplog.text


def test_weight_found__positions_of_another_build_are_told(learner, caplog):
    with caplog.at_level(logging.INFO):
        assert known_weight(learner, new_samples(sites(position=np.arange(N_SITES) + 50_000))).tolist() == [1, 1]
    assert "positions differ for 100 % of the variants that have the same id: another genome build?" in caplog.text


def test_weight_found__nothing_to_tell(learner, caplog):
    with caplog.at_level(logging.INFO):
        known_weight(learner, new_samples(sites()))
        known_weight(learner, new_samples(sites().iloc[3:][["kind"]]))
    assert caplog.records == []
