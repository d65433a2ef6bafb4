from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from sklearn.linear_model import Ridge

from drugresponse.errors import InputError
from drugresponse.simulation._drugs import MAXIMUM_DRUGS, WARFARIN, simulate_drugs
from drugresponse.simulation.cohort import PRESETS, Cohort, simulate_cohort


@pytest.fixture(scope="module")
def cell_lines() -> Cohort:
    return simulate_cohort()


@pytest.fixture(scope="module")
def germline() -> Cohort:
    return simulate_cohort("germline")


def wide(cohort: Cohort) -> pd.DataFrame:
    grid = cohort.responses.table.pivot(index="sample_id", columns="drug_id", values="response")
    return grid.reindex(index=cohort.genotypes.sample_ids, columns=cohort.drugs.index)


def calls(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(
        cohort.genotypes.dense(), index=cohort.genotypes.sample_ids, columns=cohort.genotypes.features.index
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_simulate_cohort__same_seed_same_cohort_other_seed_other(preset):
    first, again, other = (simulate_cohort(preset, random_state=seed) for seed in (1, 1, 2))
    assert first.genotypes.equals(again.genotypes)
    for name in ("samples", "drugs", "truth"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    pd.testing.assert_frame_equal(first.responses.table, again.responses.table)
    assert not first.genotypes.equals(other.genotypes)
    assert not first.responses.table["response"].equals(other.responses.table["response"])


def test_simulate_cohort__cell_lines_have_their_stated_shape(cell_lines):
    assert cell_lines.genotypes.shape == (200, 300)
    assert set(cell_lines.genotypes.features["kind"]) == {"altered"}
    assert set(cell_lines.genotypes.values.data) == {1.0}
    carriers = cell_lines.genotypes.dense().mean(axis=0)
    assert 0.05 < carriers.mean() < 0.16
    assert carriers.max() < 0.32
    assert {"BRAF_mut", "EGFR_mut", "TP53_mut", "GENE1_mut"} <= set(cell_lines.genotypes.features.index)
    assert cell_lines.samples["tissue"].nunique() == 6
    assert cell_lines.samples.index.equals(cell_lines.genotypes.sample_ids)
    assert cell_lines.responses.measure.to_dict() == {"name": "ln_ic50", "unit": "uM", "higher_means": "resistant"}
    assert 0.87 < len(cell_lines.responses) / (200 * 20) < 0.93
    assert not cell_lines.responses.table.duplicated(["sample_id", "drug_id"]).any()


def test_simulate_cohort__germline_has_its_stated_shape(germline):
    features = germline.genotypes.features
    assert germline.genotypes.shape == (500, 400)
    assert set(features["kind"]) == {"dosage"}
    assert list(features.index) == [
        f"{row.chromosome}:{row.position}:{row.ref}:{row.alt}" for row in features.itertuples()
    ]
    assert (features["ref"] != features["alt"]).all()
    assert {"VKORC1", "CYP2C9", "CYP4F2", "CYP2D6", ""} <= set(features["gene"])
    assert 0.005 < np.isnan(germline.genotypes.values.data).sum() / (500 * 400) < 0.015
    assert list(germline.samples.columns) == ["age", "sex", "ancestry"]
    assert germline.drugs.index.tolist() == ["warfarin"]
    assert germline.responses.table["response"].min() >= 3.5
    assert germline.responses.measure.higher_means == "dose"


@pytest.mark.parametrize("preset", PRESETS)
def test_simulate_cohort__truth_names_features_genes_and_drugs_that_exist(preset):
    cohort = simulate_cohort(preset)
    truth, features = cohort.truth, cohort.genotypes.features
    assert list(truth.columns) == ["drug_id", "feature_id", "partner", "gene", "effect", "mechanism_of_effect"]
    assert set(truth["mechanism_of_effect"]) == {"common", "targeted", "pair"}
    assert (features.loc[truth["feature_id"], "gene"].to_numpy() == truth["gene"].to_numpy()).all()
    assert set(truth["partner"]) - {""} <= set(features.index)
    assert ((truth["partner"] != "") == (truth["mechanism_of_effect"] == "pair")).all()
    targeted = truth[truth["mechanism_of_effect"] == "targeted"]
    assert targeted["drug_id"].tolist() == cohort.drugs.index.tolist()
    assert targeted["gene"].tolist() == cohort.drugs["targets"].tolist()
    assert (truth["drug_id"] == "").equals(truth["mechanism_of_effect"] != "targeted")
    assert truth.attrs["genotype_share"] == pytest.approx(0.6 if preset == "cell-lines" else 0.67, abs=0.1)


def test_simulate_cohort__planted_alterations_have_their_effects_and_others_none():
    cohort = simulate_cohort(n_samples=10_000, n_drugs=6, n_features=30)
    truth, altered, responses = cohort.truth, calls(cohort), wide(cohort)
    pair = truth[truth["partner"] != ""].iloc[0]
    both = altered[pair["feature_id"]] * altered[pair["partner"]]
    design = pd.concat(
        [altered, both.rename("both"), pd.get_dummies(cohort.samples["tissue"], dtype=float)], axis="columns"
    )
    for drug_id in responses.columns:
        measured = responses[drug_id].dropna()
        found = np.linalg.lstsq(design.loc[measured.index], measured, rcond=None)[0]
        estimate = pd.Series(found, index=design.columns)
        mine = truth[truth["drug_id"].isin(["", drug_id])].assign(
            name=lambda rows: rows["feature_id"].where(rows["partner"] == "", "both")
        )
        expected = mine.set_index("name")["effect"].reindex([*altered.columns, "both"]).fillna(0.0)
        np.testing.assert_allclose(estimate[expected.index], expected, atol=0.3)


def test_simulate_cohort__planted_variants_have_their_effects_and_others_none():
    cohort = simulate_cohort("germline", n_samples=8000, n_features=25)
    truth, dosage, response = cohort.truth, calls(cohort).fillna(0.0), wide(cohort)["warfarin"]
    pair = truth[truth["partner"] != ""].iloc[0]
    both = ((dosage[pair["feature_id"]] > 0) & (dosage[pair["partner"]] > 0)).astype(float)
    covariates = pd.get_dummies(cohort.samples[["ancestry", "sex"]], dtype=float).assign(age=cohort.samples["age"])
    design = pd.concat([dosage, both.rename("both"), covariates], axis="columns")
    estimate = pd.Series(np.linalg.lstsq(design, response, rcond=None)[0], index=design.columns)
    expected = truth.set_index(truth["feature_id"].where(truth["partner"] == "", "both"))["effect"]
    expected = expected.reindex([*dosage.columns, "both"]).fillna(0.0)
    np.testing.assert_allclose(estimate[expected.index], expected, atol=0.6)
    assert estimate["age"] == pytest.approx(-0.25, abs=0.03)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulate_cohort__ridge_beats_the_drug_mean_on_new_samples(seed):
    cohort = simulate_cohort(random_state=seed)
    altered, responses = calls(cohort), wide(cohort)
    skills = []
    for drug_id in responses.columns:
        fitted, held = (responses[drug_id].iloc[at].dropna() for at in (slice(0, 160), slice(160, 200)))
        predicted = Ridge(alpha=20).fit(altered.loc[fitted.index], fitted).predict(altered.loc[held.index])
        skills.append(1 - ((held - predicted) ** 2).sum() / ((held - fitted.mean()) ** 2).sum())
    assert np.mean(skills) > 0.15


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_simulate_cohort__ridge_beats_the_mean_dose_and_finds_the_genes(seed):
    cohort = simulate_cohort("germline", random_state=seed)
    dosage = calls(cohort)
    dosage = dosage.fillna(dosage.mean())
    response = wide(cohort)["warfarin"]
    fitted, held = response.iloc[:400], response.iloc[400:]
    ridge = Ridge(alpha=100).fit(dosage.loc[fitted.index], fitted)
    predicted = ridge.predict(dosage.loc[held.index])
    assert 1 - ((held - predicted) ** 2).sum() / ((held - fitted.mean()) ** 2).sum() > 0.15
    weights = pd.Series(np.abs(ridge.coef_), index=dosage.columns) * dosage.std()
    strong = cohort.truth.query("mechanism_of_effect != 'pair'")["feature_id"]
    assert weights.rank(ascending=False)[strong].median() <= 5


def test_simulate_cohort__target_genes_stand_out_for_their_drugs(cell_lines):
    altered, responses = calls(cell_lines), wide(cell_lines)
    centred = responses.sub(responses.mean(axis="columns"), axis="index")
    carried = altered.loc[:, altered.sum() >= 10]
    for drug_id, gene in cell_lines.drugs["targets"].items():
        assert carried.corrwith(centred[drug_id]).abs().idxmax() == f"{gene}_mut"


@pytest.mark.parametrize("seed", range(5))
def test_simulate_cohort__new_drugs_are_foreseen_by_their_mechanism(seed):
    cohort = simulate_cohort(random_state=seed)
    potency, mechanism = wide(cohort).mean(), cohort.drugs["mechanism"]
    of_others = [potency.drop(each)[mechanism.drop(each) == mechanism[each]].mean() for each in potency.index]
    of_all = [potency.drop(each).mean() for each in potency.index]
    assert ((potency - of_others) ** 2).sum() < 0.5 * ((potency - of_all) ** 2).sum()


def test_simulate_drugs__every_structure_is_readable_and_distinct():
    drugs, potency = simulate_drugs(MAXIMUM_DRUGS, np.random.default_rng(0))
    molecules = [Chem.MolFromSmiles(each) for each in drugs["smiles"]]
    assert all(each is not None for each in molecules)
    assert len({Chem.MolToSmiles(each) for each in molecules}) == MAXIMUM_DRUGS
    assert np.isfinite(potency).all()


def test_simulate_drugs__one_mechanism_shares_a_scaffold():
    drugs, _ = simulate_drugs(120, np.random.default_rng(0))
    core = Chem.MolFromSmarts("c1ccc2ncnc(Nc3ccccc3)c2c1")
    has_core = [Chem.MolFromSmiles(each).HasSubstructMatch(core) for each in drugs["smiles"]]
    assert (np.array(has_core) == (drugs["mechanism"] == "EGFR inhibitor")).all()


def test_warfarin__key_belongs_to_the_structure():
    assert Chem.MolToInchiKey(Chem.MolFromSmiles(WARFARIN["smiles"])) == WARFARIN["inchikey"]


@pytest.mark.parametrize(("preset", "sizes"), [("cell-lines", (20, 1, 20)), ("germline", (20, 1, 20))])
def test_simulate_cohort__smallest_sizes(preset, sizes):
    n_samples, n_drugs, n_features = sizes
    cohort = simulate_cohort(preset, n_samples=n_samples, n_drugs=n_drugs, n_features=n_features)
    assert cohort.genotypes.shape == (n_samples, n_features)
    assert set(cohort.truth["feature_id"]) <= set(cohort.genotypes.features.index)
    present = cohort.genotypes.dense()[:, cohort.genotypes.features.index.isin(cohort.truth["feature_id"])]
    assert (np.nansum(present, axis=0) > 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "cell_line"}, r'found preset "cell_line"\. Did you mean "cell-lines"\?'),
        ({"n_samples": 19}, r"found 19 samples \(expected 20 to 1000000\)\. Choose another `n_samples`\."),
        ({"n_drugs": 0}, r"found 0 drugs \(expected 1 to 864\)"),
        ({"n_features": 5}, r"found 5 features \(expected 20 to"),
        ({"preset": "germline", "n_drugs": 2}, r"found 2 drugs \(expected 1\)"),
        ({"n_samples": 100_000, "n_features": 1_000}, r"100000 samples x 1000 features \(expected at most 50,000,000"),
    ],
)
def test_simulate_cohort__bad_setting(settings, message):
    with pytest.raises(InputError, match=message):
        simulate_cohort(**settings)
