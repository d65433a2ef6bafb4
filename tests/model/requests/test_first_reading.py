"""New genotypes that stay where they are stored are predicted as those in memory, and are read once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.tables import as_responses
from drugresponse.errors import InputError
from drugresponse.features.alignment import align
from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.requests.genotypes import as_trained
from drugresponse.model.requests.requests import Request, Tables
from tests.stored_genotypes import passes, stored

N_SITES = 60
BASES = np.array(list("ACGT"))


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 400)
    monkeypatch.setattr(stored_values, "STORED_CELLS", 300)


def features() -> pd.DataFrame:
    """Sites, the last two of which are alternates of one place; genes; and expression."""
    ids = [f"rs{at}" for at in range(N_SITES)]
    place = np.minimum(np.arange(N_SITES), N_SITES - 2) + 100
    alt = np.append(np.resize(["C", "G"], N_SITES - 1), "T")
    sites = pd.DataFrame({"chromosome": "1", "position": place, "ref": "A", "alt": alt}, index=ids)
    genes = pd.DataFrame({"block": "mutation", "kind": "altered"}, index=[f"g{at}" for at in range(30)])
    levels = pd.DataFrame({"block": "expression", "kind": "score"}, index=[f"e{at}" for at in range(30)])
    return pd.concat([sites.assign(block="dosage", kind="dosage"), genes, levels])


def drawn(n_samples: int, seed: int, prefix: str) -> Genotypes:
    rng = np.random.default_rng(seed)
    dosages = rng.binomial(2, np.linspace(0.1, 0.5, N_SITES), (n_samples, N_SITES)).astype(np.float32)
    dosages[:, -1] = np.minimum(dosages[:, -1], 2 - dosages[:, -2])
    altered = rng.integers(0, 2, (n_samples, 30))
    levels = rng.normal(np.linspace(4, 9, 30), 1, (n_samples, 30))
    calls = np.hstack([dosages, altered, levels]).astype(np.float32)
    calls[rng.random(calls.shape) < 0.05] = np.nan
    return Genotypes.build(calls, [f"{prefix}{at:02d}" for at in range(n_samples)], features())


@pytest.fixture(scope="module")
def model() -> DrugResponseModel:
    genotypes = drawn(60, 0, "s")
    known = np.nan_to_num(genotypes.dense())
    known -= known.mean(axis=0)
    # every block tells something
    size = genotypes.features["kind"].map({"dosage": 1.0, "altered": 1.5, "score": 1.0}).to_numpy()
    y = known @ (size * np.random.default_rng(1).normal(size=known.shape[1]))
    table = pd.DataFrame({"sample_id": genotypes.sample_ids, "drug_id": "d", "response": y})
    return DrugResponseModel(learner="ridge", folds=2, n_jobs=1).fit(genotypes, as_responses(table))


def otherwise(genotypes: Genotypes) -> Genotypes:
    """The same calls as another file writes them: alleles swapped, sites and genes absent."""
    table = genotypes.features.copy()
    swapped = np.flatnonzero(table["position"].fillna(0).between(111, 139))
    calls = genotypes.dense()
    calls[:, swapped] = 2 - calls[:, swapped]
    ref = table["ref"].to_numpy(dtype=object, copy=True)
    alt = table["alt"].to_numpy(dtype=object, copy=True)
    ref[swapped], alt[swapped] = alt[swapped], ref[swapped]
    changed = Genotypes.build(calls, list(genotypes.sample_ids), table.assign(ref=ref, alt=alt))
    return changed.select(np.flatnonzero(~changed.features.index.isin(["rs3", "rs20", "g4", "e5"])))


@pytest.mark.parametrize("written", [lambda genotypes: genotypes, otherwise])
def test_predict__of_stored_genotypes_is_that_in_memory_in_one_reading(model, written):
    genotypes = written(drawn(25, 5, "n"))
    there = stored(genotypes)
    expected, result = model.predict(genotypes), model.predict(there)
    pd.testing.assert_frame_equal(result, expected, rtol=1e-5, atol=1e-6)
    assert passes(there) == pytest.approx(1, abs=0.01)
    mine, theirs = (FeatureMatch.of(model.regressor_, source) for source in (there, genotypes))
    assert (mine.n_calls, mine.n_missing) == (theirs.n_calls, theirs.n_missing)
    pd.testing.assert_frame_equal(mine.absent, theirs.absent)
    assert passes(there) == pytest.approx(1, abs=0.01)


def test_predict__of_more_genotypes_than_the_model_knows_reads_those_alone(model):
    genotypes = drawn(25, 5, "n")
    more = Genotypes.join(
        [genotypes, Genotypes.from_dense(np.ones((25, 40)), genotypes.sample_ids, map(str, range(40)))]
    )
    there = stored(more)
    pd.testing.assert_frame_equal(model.predict(there), model.predict(genotypes), rtol=1e-5, atol=1e-6)
    assert passes(there) == pytest.approx(genotypes.shape[1] / more.shape[1], abs=0.01)


def test_predict__of_stored_genotypes_by_a_model_that_uses_none():
    genotypes = drawn(25, 5, "n")
    table = pd.DataFrame({"sample_id": genotypes.sample_ids, "drug_id": "d", "response": np.arange(25.0)})
    naive = DrugResponseModel("additive-mean", folds=0, n_jobs=1).fit(genotypes, as_responses(table))
    pd.testing.assert_frame_equal(naive.predict(stored(genotypes)), naive.predict(genotypes))


def test_predict__of_a_panel_by_a_model_of_many_more_features_holds_no_cell_of_what_is_absent(model):
    panel = drawn(25, 5, "n").select(np.arange(5))
    aligned = as_trained(panel, model.parts_.features, align(panel.features, model.parts_.features))
    assert aligned.is_stored
    result = model.predict(panel, minimum_features=0.0)
    full = drawn(25, 5, "n").dense()
    full[:, 5:] = np.nan
    kept = Genotypes.build(full, list(panel.sample_ids), features())
    expected = model.predict(kept, minimum_features=0.0)
    pd.testing.assert_frame_equal(result, expected, rtol=1e-5, atol=1e-6)


def test_predict__of_stored_genotypes_by_a_small_model_reads_its_features_into_memory(monkeypatch, model):
    there = stored(drawn(25, 5, "n"))
    monkeypatch.setattr(stored_values, "STORED_CELLS", 10**6)
    aligned = as_trained(there, model.parts_.features, align(there.features, model.parts_.features))
    assert not aligned.is_stored


@pytest.mark.parametrize(
    ("columns", "change"),
    [
        ("dosage", lambda calls: calls * 1.7),
        ("altered", lambda calls: calls * 2),
        ("score", lambda calls: calls * 20),
        ("score", lambda calls: 13 - calls),
        ("dosage", lambda calls: 2 - calls),
        ("altered", lambda calls: calls / 3),
    ],
)
def test_predict__of_stored_genotypes_on_another_scale_is_refused_as_in_memory(model, columns, change):
    genotypes = drawn(25, 5, "n")
    calls, mine = genotypes.dense(), np.flatnonzero(genotypes.features["kind"] == columns)
    calls[:, mine] = change(calls[:, mine])
    other = Genotypes.build(calls, list(genotypes.sample_ids), genotypes.features)
    with pytest.raises(InputError) as expected:
        model.predict(other)
    with pytest.raises(InputError) as raised:
        model.predict(stored(other))
    with pytest.raises(InputError):
        model.contributions(stored(other))
    # which value is named depends on the order of reading
    assert str(raised.value).split(" such as ")[0] == str(expected.value).split(" such as ")[0]


def test_predict__of_stored_genotypes_flags_a_sample_out_of_range_as_in_memory(model):
    genotypes = drawn(25, 5, "n")
    calls = genotypes.dense()
    levels = np.flatnonzero(genotypes.features["kind"] == "score")
    calls[3, levels] = calls[3, levels] + 15
    other = Genotypes.build(calls, list(genotypes.sample_ids), genotypes.features)
    expected, result = model.predict(other)["flag"], model.predict(stored(other))["flag"]
    assert result.tolist() == expected.tolist() and "out-of-range" in result[3]


def test_predict__of_stored_genotypes_warns_of_single_copies_as_in_memory(model, caplog):
    genotypes = drawn(25, 5, "n")
    calls, mine = genotypes.dense(), np.flatnonzero(genotypes.features["kind"] == "dosage")
    calls[:, mine] = np.minimum(calls[:, mine], 1)
    other = Genotypes.build(calls, list(genotypes.sample_ids), genotypes.features)
    said = []
    for source in (other, stored(other)):
        caplog.clear()
        model.predict(source)
        said.append([record.getMessage() for record in caplog.records])
    assert said[0] == said[1] and any("no call has two copies" in message for message in said[1])


def test_request__of_some_stored_samples_checks_all_of_them(model):
    genotypes = drawn(25, 5, "n")
    pairs = pd.DataFrame({"sample_id": genotypes.sample_ids[[4, 2]], "drug_id": "d"})
    result, expected = (model.predict(source, pairs=pairs) for source in (stored(genotypes), genotypes))
    pd.testing.assert_frame_equal(result, expected, rtol=1e-5, atol=1e-6)
    request = Request.join(model.parts_, stored(genotypes), Tables.of(None, None, pairs))
    np.testing.assert_allclose(request.known_weight, model.features_found(genotypes), atol=1e-8)
    np.testing.assert_allclose(model.features_found(stored(genotypes)), model.features_found(genotypes), atol=1e-8)


def test_predict__of_stored_genotypes_by_a_model_without_scales_flags_nothing(model):
    genotypes = drawn(25, 5, "n")
    old = DrugResponseModel(learner="ridge")
    old.parts_, old.metrics_ = replace(model.parts_, scales=None), None
    result = old.predict(stored(genotypes))
    assert not result["flag"].str.contains("range").any() and result["prediction"].notna().all()


def test_predict__judges_the_scale_of_very_many_features_by_some_of_them(monkeypatch, model):
    monkeypatch.setattr("drugresponse.model.requests.first_reading._MOST_JUDGED", 25 * 60)
    monkeypatch.setattr("drugresponse.model.requests.first_reading._RUN", 3)
    genotypes = drawn(25, 5, "n")
    pd.testing.assert_frame_equal(model.predict(stored(genotypes)), model.predict(genotypes), rtol=1e-5, atol=1e-6)
    calls, mine = genotypes.dense(), np.flatnonzero(genotypes.features["kind"] == "dosage")
    calls[:, mine] = 2 - calls[:, mine]
    other = Genotypes.build(calls, list(genotypes.sample_ids), genotypes.features)
    with pytest.raises(InputError, match="other alleles counted"):
        model.predict(stored(other))
