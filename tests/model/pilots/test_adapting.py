"""A whole model with pilot measurements: corrected predictions, and what to measure next."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse import DrugResponseModel, load_model
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.model.pilots.adapting import ANY_SAMPLE
from drugresponse.model.predictions import PREDICTION_COLUMNS

N_TRAINED, N_NEW, N_DRUGS = 150, 200, 8
DRUGS = [f"d{j}" for j in range(N_DRUGS)]


def draw_cohort() -> tuple[Genotypes, pd.DataFrame, pd.DataFrame]:
    """A drug effect, a sensitivity of each sample that drugs share, and noise; genotype tells nothing."""
    rng = np.random.default_rng(0)
    n = N_TRAINED + N_NEW
    ids = [f"s{i:03d}" for i in range(n)]
    values = rng.normal(size=N_DRUGS) + rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.5, N_DRUGS)
    values += 0.5 * rng.normal(size=values.shape)
    rows = pd.MultiIndex.from_product([ids, DRUGS], names=["sample_id", "drug_id"]).to_frame(index=False)
    calls = (rng.random((n, 5)) < 0.3).astype(float)
    samples = pd.DataFrame({"tissue": ["lung", "skin"] * (n // 2)}, index=pd.Index(ids, name="sample_id"))
    return Genotypes.from_dense(calls, ids, [f"g{i}" for i in range(5)]), rows.assign(response=values.ravel()), samples


GENOTYPES, RESPONSES, SAMPLES = draw_cohort()
NEW_IDS = list(GENOTYPES.sample_ids[N_TRAINED:])
NEW = GENOTYPES.reindex(pd.Index(NEW_IDS))
TRUTH = RESPONSES[RESPONSES["sample_id"].isin(NEW_IDS)]


def fit(**settings) -> DrugResponseModel:
    model = DrugResponseModel(**{"learner": "additive-mean", **settings})
    rows = RESPONSES[~RESPONSES["sample_id"].isin(NEW_IDS)]
    return model.fit(GENOTYPES, rows, samples=SAMPLES)


@pytest.fixture(scope="module")
def model() -> DrugResponseModel:
    return fit()


def pilots_of(*drugs: str, samples: list[str] | None = None) -> pd.DataFrame:
    rows = TRUTH[TRUTH["drug_id"].isin(drugs)]
    return rows[rows["sample_id"].isin(NEW_IDS if samples is None else samples)]


def joined(table: pd.DataFrame) -> pd.DataFrame:
    return table.merge(TRUTH, on=["sample_id", "drug_id"], validate="one_to_one")


def test_adapt__predicts_the_other_drugs_better_within_narrower_bounds(model):
    adapted = joined(model.adapt(NEW, pilots_of("d0", "d3"), samples=SAMPLES))
    plain = joined(model.predict(NEW, samples=SAMPLES, pairs=adapted[["sample_id", "drug_id"]]))
    errors = [np.sqrt(np.mean((each["response"] - each["prediction"]) ** 2)) for each in (adapted, plain)]
    assert errors[0] < 0.75 * errors[1]
    widths = [(each["upper"] - each["lower"]).median() for each in (adapted, plain)]
    assert widths[0] < 0.8 * widths[1]
    assert adapted["response"].between(adapted["lower"], adapted["upper"]).mean() > 0.87


def test_adapt__leaves_measured_pairs_out_and_tells_how_many_pilots(model):
    adapted = model.adapt(NEW, pilots_of("d0", "d3"), samples=SAMPLES)
    assert list(adapted.columns) == [*PREDICTION_COLUMNS[:-1], "pilots", "sites_filled"]
    assert set(adapted["drug_id"]) == set(DRUGS) - {"d0", "d3"}
    assert len(adapted) == N_NEW * (N_DRUGS - 2)
    assert (adapted["pilots"] == 2).all()


def test_adapt__answers_named_pairs_in_their_order_measured_ones_included(model):
    pairs = pd.DataFrame({"sample_id": [NEW_IDS[3], NEW_IDS[0]], "drug_id": ["d5", "d0"]})
    adapted = model.adapt(NEW, pilots_of("d0"), samples=SAMPLES, pairs=pairs)
    assert adapted[["sample_id", "drug_id"]].to_numpy().tolist() == pairs.to_numpy().tolist()


def test_adapt__a_sample_without_pilots_gets_its_plain_prediction(model):
    adapted = model.adapt(NEW, pilots_of("d0", samples=NEW_IDS[:5]), samples=SAMPLES)
    others = adapted[adapted["sample_id"] == NEW_IDS[9]].reset_index(drop=True)
    plain = model.predict(NEW, samples=SAMPLES)
    plain = plain[plain["sample_id"] == NEW_IDS[9]].reset_index(drop=True)
    assert (others["pilots"] == 0).all()
    pd.testing.assert_frame_equal(others.drop(columns="pilots"), plain)


def test_adapt__a_new_drug_moves_by_the_mean_of_the_others_without_bounds(model):
    drugs = pd.DataFrame({"drug_id": [*DRUGS, "other"]})
    pairs = pd.MultiIndex.from_product([NEW_IDS, drugs["drug_id"]], names=["sample_id", "drug_id"])
    settings = {"samples": SAMPLES, "drugs": drugs, "pairs": pairs.to_frame(index=False)}
    adapted, plain = model.adapt(NEW, pilots_of("d0"), **settings), model.predict(NEW, **settings)
    moved = (adapted["prediction"] - plain["prediction"]).to_numpy().reshape(len(NEW_IDS), -1)
    assert np.allclose(moved[:, -1], moved[:, :-1].mean(axis=1))
    assert np.abs(moved[:, -1]).max() > 0.1
    new = adapted[adapted["drug_id"] == "other"]
    assert new["flag"].str.contains("new-drug").all()
    assert new["lower"].isna().all()


def test_adapt__without_genotypes_starts_at_the_means(model):
    adapted = model.adapt(None, pilots_of("d0", "d3"), samples=SAMPLES)
    assert (adapted["features_found"] == 0).all()
    # the bounds are those of the means, and lack no feature
    assert (adapted["flag"] == "").all()
    truth = joined(adapted)
    error = np.sqrt(np.mean((truth["response"] - truth["prediction"]) ** 2))
    assert error < 0.75 * np.sqrt(np.mean((truth["response"] - truth["baseline"]) ** 2))
    assert adapted["lower"].notna().all()
    unknown_tissue = model.adapt(None, pilots_of("d0", "d3"))
    assert (unknown_tissue["prediction"] != adapted["prediction"]).any()
    drug_means = model.parts_.naive.drug_means
    assert unknown_tissue["baseline"].tolist() == drug_means[unknown_tissue["drug_id"]].tolist()


def test_adapt__without_genotypes_a_file_that_has_no_correction_of_tissues_starts_at_the_drug_mean(model):
    learned = model.parts_.adaptation
    corrections = {name: correction for name, correction in learned.corrections.items() if name != "tissue-drug mean"}
    assert len(corrections) == 2 < len(learned.corrections)
    other = fit()
    other.parts_ = replace(model.parts_, adaptation=replace(learned, corrections=corrections))
    pilots = pilots_of("d0", samples=NEW_IDS[:20])
    by_drug = model.adapt(None, pilots)
    columns = ["sample_id", "drug_id", "prediction", "lower", "upper", "pilots"]
    pd.testing.assert_frame_equal(other.adapt(None, pilots, samples=SAMPLES)[columns], by_drug[columns])
    assert not model.adapt(None, pilots, samples=SAMPLES)["prediction"].equals(by_drug["prediction"])


def test_adapt__a_sample_with_too_few_features_stays_empty():
    ridge = fit(learner="ridge", folds=2, covariates=[])
    calls = NEW.dense()
    calls[0] = np.nan
    genotypes = Genotypes.from_dense(calls, NEW_IDS, list(NEW.features.index))
    adapted = ridge.adapt(genotypes, pilots_of("d0"), minimum_features=0.5)
    empty = adapted["sample_id"] == NEW_IDS[0]
    if not ridge.manifest_["features"]["used"]:
        pytest.fail("the ridge uses no genotype, so this tests nothing")
    assert adapted.loc[empty, "prediction"].isna().all()
    assert (adapted.loc[empty, "pilots"] == 0).all()
    assert adapted.loc[~empty, "prediction"].notna().all()


def test_adapt__repeated_pilots_count_more(model):
    once = pilots_of("d0", samples=NEW_IDS[:1])
    one, three = (model.adapt(NEW, each, samples=SAMPLES) for each in (once, pd.concat([once] * 3)))
    widths = [(each["upper"] - each["lower"]).head(N_DRUGS - 1).to_numpy() for each in (one, three)]
    assert (widths[1] < widths[0]).all()


def test_adapt__is_the_same_from_a_file(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    expected = model.adapt(NEW, pilots_of("d0", "d3"), samples=SAMPLES)
    pd.testing.assert_frame_equal(again.adapt(NEW, pilots_of("d0", "d3"), samples=SAMPLES), expected)
    pd.testing.assert_frame_equal(again.next_drugs(), model.next_drugs())


def test_adapt__seen_samples_are_flagged_and_get_no_bounds(model):
    seen = RESPONSES[RESPONSES["sample_id"] == "s000"].head(2)
    adapted = model.adapt(GENOTYPES.reindex(pd.Index(["s000"])), seen, samples=SAMPLES)
    assert (adapted["flag"] == "seen-sample").all()
    assert adapted["lower"].isna().all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 0}, r"model: it was trained without held-out check .*Train again with `folds` 3 or more\."),
        (
            {"scheme": "random-pairs"},
            r"with the scheme random-pairs .*Train with `scheme` new-samples or new-tissues\.",
        ),
    ],
)
def test_adapt__refuses_a_model_that_keeps_no_covariance(settings, message):
    unfit = fit(**settings)
    for ask in (lambda: unfit.adapt(NEW, pilots_of("d0")), unfit.next_drugs):
        with pytest.raises(InputError, match=message):
            ask()


def test_adapt__refuses_a_model_of_one_drug():
    one = DrugResponseModel(learner="additive-mean").fit(GENOTYPES, RESPONSES[RESPONSES["drug_id"] == "d0"])
    with pytest.raises(InputError, match=r"model: it was trained with one drug .*train with several\."):
        one.adapt(NEW, pilots_of("d0"))


@pytest.mark.parametrize(
    ("pilots", "message"),
    [
        (pilots_of("d0").assign(drug_id="D-0"), r'none of its 1 drugs is known to the model\. .*"D-0" may be "d0"'),
        (pilots_of("d0").drop(columns="drug_id"), r'responses: found no column "drug_id" .*`drug_column`'),
        (pilots_of("d0").assign(sample_id="S-1"), r'responses: none of its 1 samples has a genotype\. .*"S-1"'),
    ],
)
def test_adapt__refuses_pilots_that_tell_nothing(model, pilots, message):
    with pytest.raises(InputError, match=message):
        model.adapt(NEW, pilots.drop_duplicates("sample_id"), samples=SAMPLES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"response": pilots_of("d0", "d3")["response"] + 40}, "Check that both are the same measure in the same unit"),
        ({"drug_id": pilots_of("d0", "d3")["drug_id"].replace("d0", "D 0")}, 'does not know "D 0"'),
        ({"sample_id": pilots_of("d0", "d3")["sample_id"].replace("s150", "S 150")}, '"S 150" have no genotype'),
        ({"censor": "right"}, "400 censored pilots are taken at their limit"),
    ],
)
def test_adapt__warns_of_what_looks_wrong(model, caplog, change, message):
    with caplog.at_level(logging.WARNING, "drugresponse"):
        model.adapt(NEW, pilots_of("d0", "d3").assign(**change), samples=SAMPLES)
    assert message in caplog.text


def test_adapt__says_nothing_of_ordinary_pilots(model, caplog):
    with caplog.at_level(logging.WARNING, "drugresponse"):
        model.adapt(NEW, pilots_of("d0", "d3"), samples=SAMPLES)
    assert caplog.text == ""


def test_next_drugs__ranks_what_is_not_measured_for_each_sample(model):
    ranked = model.next_drugs(pilots_of("d0", "d3"), n_drugs=3)
    assert list(ranked.columns) == ["sample_id", "rank", "drug_id", "variance_removed"]
    assert len(ranked) == 3 * N_NEW
    assert not set(ranked["drug_id"]) & {"d0", "d3"}
    first = ranked[ranked["sample_id"] == NEW_IDS[0]]
    assert first["rank"].tolist() == [1, 2, 3]
    assert (np.diff(first["variance_removed"]) <= 0).all()


def test_next_drugs__of_any_new_sample_are_those_of_the_manifest(model):
    ranked = model.next_drugs()
    assert set(ranked["sample_id"]) == {ANY_SAMPLE}
    assert ranked["drug_id"].tolist() == model.manifest_["adaptation"]["first_drugs"]


def test_next_drugs__tell_more_than_random_ones(model):
    first = model.next_drugs(n_drugs=1)["drug_id"][0]
    rest = [each for each in DRUGS if each != first]
    pairs = pd.MultiIndex.from_product([NEW_IDS, DRUGS], names=["sample_id", "drug_id"]).to_frame(index=False)

    def width(drug: str) -> float:
        adapted = model.adapt(NEW, pilots_of(drug), samples=SAMPLES, pairs=pairs)
        return float((adapted["upper"] - adapted["lower"])[adapted["drug_id"] != drug].mean())

    assert width(first) < np.mean([width(each) for each in rest])


def test_next_drugs__only_of_candidates_that_the_model_knows(model, caplog):
    ranked = model.next_drugs(candidates=["d5", "d6", "unknown"], sample_ids=["new"])
    assert sorted(ranked["drug_id"]) == ["d5", "d6"]
    assert 'does not know "unknown"' in caplog.text
    with pytest.raises(InputError, match="none of the 1 drugs that can be measured is known to the model"):
        model.next_drugs(candidates=["unknown"])
    with pytest.raises(InputError, match=r"number of next drugs: found 0 \(expected 1 or more\)"):
        model.next_drugs(n_drugs=0)


def test_adapt__measurements_that_run_the_other_way_are_told_of(caplog):
    rng = np.random.default_rng(2)
    ids = [f"s{at:02d}" for at in range(80)]
    genes = pd.DataFrame(rng.normal(size=(80, 6)), index=ids, columns=list("abcdef"))
    wide = genes[["a", "a", "b"]].set_axis(["d1", "d2", "d3"], axis=1) * 2 + rng.normal(size=(80, 3))
    rows = wide.rename_axis("sample_id").reset_index().melt("sample_id", var_name="drug_id", value_name="response")
    model = DrugResponseModel("ridge").fit(genes, rows[rows["sample_id"].isin(ids[:50])])
    pilots = rows[rows["sample_id"].isin(ids[50:]) & (rows["drug_id"] != "d3")]
    caplog.clear()
    model.adapt(genes.loc[ids[50:]], pilots)
    assert "run against" not in caplog.text
    model.adapt(genes.loc[ids[50:]], pilots.assign(response=3 - pilots["response"]))
    assert "the pilot measurements run against what the model predicts (correlation -0.8" in caplog.text
