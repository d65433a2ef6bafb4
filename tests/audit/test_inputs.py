from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.audit.duplicates import twins_together
from drugresponse.audit.findings import SEVERITIES, Finding
from drugresponse.audit.inputs import audit
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.identical_rows import identical_rows
from drugresponse.data.joining import join_training_rows
from drugresponse.data.splits import SCHEMES
from drugresponse.data.tables import Responses
from drugresponse.simulation.cohort import simulate_cohort

SEEN_BY_LEARNERS = [scheme for scheme in SCHEMES if scheme != "new-studies"]

ETHANOL, PROPANOL = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "BDERNNFJNOPAEC-UHFFFAOYSA-N"


class Study:
    """A clean made-up cohort of 60 samples, 12 drugs and 60 features, in which a test plants one thing."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.ids = [f"s{i:02d}" for i in range(60)]
        self.calls = (rng.random((60, 60)) < 0.2).astype(float)
        tissues = np.array(["lung", "skin", "colon"], dtype=object)
        self.samples = pd.DataFrame(
            {"tissue": tissues[np.arange(60) % 3], "subject_id": self.ids, "lineage": self.ids},
            index=pd.Index(self.ids, name="sample_id"),
        )
        structures = ["C" * length + "O" for length in range(1, 13)]
        self.drugs = pd.DataFrame({"smiles": structures, "inchikey": ""}, index=[f"d{j:02d}" for j in range(12)])
        self.responses = pd.DataFrame(
            {
                "sample_id": np.repeat(self.ids, 12),
                "drug_id": np.tile(self.drugs.index, 60),
                "response": rng.normal(size=720),
            }
        )

    def audit(self, scheme: str = "new-samples", covariates=None) -> tuple[Finding, ...]:
        genotypes = Genotypes.from_dense(self.calls, self.ids, [f"g{j:02d}" for j in range(self.calls.shape[1])])
        responses = Responses.build(self.responses)
        rows = join_training_rows(genotypes, responses, self.drugs, self.samples, covariates, scheme=scheme)
        return audit(rows, genotypes=genotypes, responses=responses, scheme=scheme)

    def found(self, check: str, scheme: str = "new-samples", **settings) -> Finding:
        matching = [each for each in self.audit(scheme, **settings) if each.check == check]
        assert len(matching) == 1, [each.check for each in self.audit(scheme, **settings)]
        return matching[0]


@pytest.fixture
def study() -> Study:
    return Study()


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_audit__a_clean_study_has_nothing_but_its_coverage(study, scheme):
    few = {"few groups"} if scheme == "new-tissues" else set()
    assert {each.check for each in study.audit(scheme)} == {"coverage by tissue", *few}


@pytest.mark.parametrize("preset", ["cell-lines", "germline"])
@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples"])
def test_audit__simulated_cohorts_have_no_leak(preset, scheme):
    cohort = simulate_cohort(preset, random_state=1)
    rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    found = audit(rows, genotypes=cohort.genotypes, responses=cohort.responses, scheme=scheme)
    assert "leak" not in {each.severity for each in found}


def test_audit__few_common_features_are_equal_by_chance(study):
    study.calls = study.calls[:, :5]
    assert "leak" not in {each.severity for each in study.audit()}
    found = study.found("equal genotypes")
    assert found.severity == "note"
    counts = np.unique(study.calls, axis=0, return_counts=True)[1]
    assert found.count == sum(n * (n - 1) // 2 for n in counts)


def test_audit__features_that_nearly_all_carry_are_equal_by_chance(study):
    study.calls = (np.random.default_rng(0).random((60, 30)) < 0.97).astype(float)
    assert study.found("equal genotypes").count > 100
    assert "identical genotypes" not in {each.check for each in study.audit()}


def test_audit__samples_without_alterations_are_no_twins(study):
    study.calls[:4] = 0
    assert study.found("equal genotypes").count == 6
    assert "identical genotypes" not in {each.check for each in study.audit()}


SEVERITY_OF_TWIN_SAMPLES = {
    "random-pairs": "leak",
    "new-samples": "leak",
    "new-drugs": "warning",
    "new-tissues": "leak",
    "new-samples-and-drugs": "leak",
}


@pytest.mark.parametrize(("scheme", "severity"), SEVERITY_OF_TWIN_SAMPLES.items())
def test_audit__identical_genotypes_of_different_subjects(study, scheme, severity):
    study.calls[[41, 12]] = study.calls[[3, 7]]
    found = study.found("identical genotypes", scheme)
    assert (found.severity, found.count) == (severity, 2)
    assert '"s03" = "s41", "s07" = "s12"' in found.message


def test_audit__equal_genotypes_of_different_lineages_are_no_persons(study):
    """Who is related is told by the lineages: two clones may carry the same genes."""
    study.calls[[41, 12]] = study.calls[[3, 7]]
    study.samples.loc["s12", "lineage"] = "s07"
    found = study.found("equal genotypes", "new-lineages")
    assert (found.severity, found.count) == ("note", 1)
    assert found.message.startswith('Samples of different lineages have equal genotypes ("s03" = "s41"): they are')
    assert "identical genotypes" not in {each.check for each in study.audit("new-lineages")}


def test_audit__twins_in_one_tissue_do_not_straddle_tissues(study):
    study.calls[6] = study.calls[3]
    assert study.found("identical genotypes", "new-tissues").severity == "warning"


def test_audit__copied_features_do_not_make_a_row_rarer(study):
    study.calls = np.repeat(study.calls[:, :5], 40, axis=1)
    assert "leak" not in {each.severity for each in study.audit()}


def test_audit__identical_real_numbers_are_never_chance(study):
    study.calls = np.random.default_rng(0).normal(size=(60, 4))
    study.calls[5] = study.calls[4]
    assert study.found("identical genotypes").severity == "leak"


def test_audit__errors_and_missing_calls_hide_no_twin(study):
    study.calls = (np.random.default_rng(0).random((60, 200)) < 0.3).astype(float)
    study.calls[41] = study.calls[3]
    study.calls[41, [0, 17, 60]] = np.nan
    study.calls[41, [5, 90]] = 1 - study.calls[41, [5, 90]]
    found = study.found("identical genotypes")
    assert (found.severity, found.count) == ("warning", 1)
    assert 'have nearly identical genotypes ("s03" = "s41")' in found.message
    study.calls[[42, 43]] = study.calls[[7, 8]]
    study.calls[[42, 43], 0] = np.nan
    assert study.found("identical genotypes").severity == "leak"


def test_audit__samples_with_no_call_at_all_are_no_twins(study):
    study.calls[:2] = np.nan
    assert "leak" not in {each.severity for each in study.audit()}


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_audit__one_subject_under_two_samples(study, scheme):
    study.samples.loc["s09", "subject_id"] = "s05"
    study.calls[9] = study.calls[5]
    found = study.found("subjects", scheme)
    assert (found.severity, found.count) == ("leak" if scheme == "random-pairs" else "note", 1)
    assert '("s05" = "s09")' in found.message
    assert "identical genotypes" not in {each.check for each in study.audit(scheme)}


ONE_STRUCTURE = [
    (["CCO", "OCC"], [ETHANOL, ETHANOL]),
    # stereoisomers share the skeleton
    (["C[C@H](N)O", "C[C@@H](N)O"], ["UJPKMTDFFFTMGS-REOHCLBHSA-N", "UJPKMTDFFFTMGS-UWTATZPHSA-N"]),
    (["CCO", "CCO"], ["", ""]),
    # only RDKit sees that these are one
    (["CCO", "OCC"], ["", ""]),
    (["CCO", "C(O)C"], [ETHANOL, ""]),
]


@pytest.mark.parametrize(("smiles", "keys"), ONE_STRUCTURE)
@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_audit__one_structure_under_two_drugs(study, smiles, keys, scheme):
    study.drugs["smiles"] = ["C" * length for length in range(4, 16)]
    study.drugs.iloc[[2, 7]] = np.column_stack([smiles, keys])
    found = study.found("structures", scheme)
    assert (found.severity, found.count) == ("leak" if scheme == "random-pairs" else "note", 1)
    assert '("d02" = "d07")' in found.message


def test_identical_rows__agree_with_pandas():
    dense = np.random.default_rng(0).integers(0, 2, (50, 4)).astype(np.float32)
    dense[dense[:, 0] == 1, 2] = np.nan
    expected = pd.DataFrame(dense).groupby(list(range(4)), dropna=False, sort=False).ngroup()
    np.testing.assert_array_equal(identical_rows(sparse.csr_array(dense)), expected)


def test_audit__pairs_measured_twice(study):
    study.responses = pd.concat([study.responses, study.responses[:3], study.responses[:1]])
    found = study.found("repeated pairs")
    assert (found.severity, found.count) == ("note", 3)
    assert '("s00 x d00", "s00 x d01", "s00 x d02")' in found.message


@pytest.mark.parametrize(
    ("scheme", "count"), [("new-drugs", [12]), ("new-samples-and-drugs", [8, 9]), ("new-samples", [8])]
)
def test_audit__few_groups_to_hold_out(study, scheme, count):
    study.samples["subject_id"] = np.arange(60) % 8
    drugs = study.drugs.index[:9] if scheme == "new-samples-and-drugs" else study.drugs.index
    study.responses = study.responses[study.responses["drug_id"].isin(drugs)]
    found = [each.count for each in study.audit(scheme) if each.check == "few groups"]
    assert found == [each for each in count if each < 10]


def test_audit__tissues_with_one_sample(study):
    study.samples.iloc[[3, 8], 0] = ["bone", "eye"]
    found = study.found("single-sample tissues")
    assert found.count == 2
    assert '("bone", "eye")' in found.message


def test_audit__samples_that_one_side_lacks(study):
    genotyped, measured = study.ids[:50], study.ids[10:]
    genotypes = Genotypes.from_dense(study.calls[:50], genotyped, [f"g{j}" for j in range(60)])
    responses = Responses.build(study.responses[study.responses["sample_id"].isin(measured)])
    rows = join_training_rows(genotypes, responses, study.drugs, study.samples)
    found = {each.check: each for each in audit(rows, genotypes=genotypes, responses=responses, scheme="new-samples")}
    assert '10 of 50 measured samples ("s50",' in found["samples without genotype"].message
    assert '10 of 50 genotyped samples ("s00",' in found["samples without response"].message
    assert found["samples without genotype"].severity == "note"


def test_audit__ten_measurements_of_a_drug_are_not_few(study):
    few = study.responses["drug_id"] == study.drugs.index[0]
    study.responses = study.responses[~few | study.responses["sample_id"].isin(study.ids[:10])]
    assert "drugs with few measurements" not in [each.check for each in study.audit("new-samples")]


@pytest.mark.parametrize(("n_few", "severity"), [(2, "note"), (7, "warning")])
def test_audit__drugs_with_few_measurements(study, n_few, severity):
    few = study.responses["drug_id"].isin(study.drugs.index[:n_few])
    study.responses = study.responses[~few | study.responses["sample_id"].isin(study.ids[:9])]
    found = study.found("drugs with few measurements")
    assert (found.severity, found.count) == (severity, n_few)


@pytest.mark.parametrize(("scheme", "severity"), [("new-samples", "note"), ("new-drugs", "warning")])
def test_audit__drugs_without_structure(study, scheme, severity):
    study.drugs.iloc[4, 0] = ""
    found = study.found("drugs without structure", scheme)
    assert (found.severity, found.count) == (severity, 1)


def test_audit__features_that_cannot_tell(study):
    study.calls[:, 3], study.calls[:, 4], study.calls[:, 5] = 0, 1, 1
    study.calls[:10, 5] = np.nan
    study.calls[:31, 6], study.calls[:30, 7], study.calls[:, 8] = np.nan, np.nan, np.nan
    constant, missing = study.found("constant features"), study.found("features mostly missing")
    assert '4 of 60 features ("g03", "g04", "g05" and 1 more)' in constant.message
    assert '2 of 60 features ("g06", "g08")' in missing.message


def test_audit__features_that_only_look_constant(study):
    # one call of 1 beside zeros that are not stored; values below zero
    study.calls[:, 3] = np.eye(60)[0]
    study.calls[:, 4] = -np.eye(60)[0]
    assert "constant features" not in {each.check for each in study.audit()}


def test_audit__missing_covariates(study):
    study.samples.iloc[[1, 2], 0] = ""
    study.samples["age"] = np.where(np.arange(60) < 31, np.nan, 50.0)
    found = study.found("missing covariates")
    assert (found.severity, found.count) == ("warning", 31)
    assert "(tissue of 2, age of 31)" in found.message
    assert study.found("no covariates", covariates=[]).severity == "warning"


@pytest.mark.parametrize(("n_far", "severity"), [(1, "note"), (10, "warning")])
def test_audit__responses_in_another_unit(study, n_far, severity):
    # another drug's level is no reason, nor is a wide drug
    study.responses["response"] += 100.0 * (study.responses["drug_id"] == "d03")
    study.responses["response"] *= np.where(study.responses["drug_id"] == "d04", 50, 1)
    study.responses.loc[np.arange(n_far) * 72 + np.arange(n_far) % 2, "response"] += 12
    found = study.found("far responses")
    assert (found.severity, found.count) == (severity, n_far)
    assert 'of "d00"' in found.message


def test_audit__responses_at_a_limit_have_no_scale(study):
    study.responses.loc[study.responses["drug_id"] == "d00", "response"] = 1.0
    study.responses.loc[[0, 12], "response"] = 0.2
    assert "far responses" not in {each.check for each in study.audit()}


def test_audit__coverage_tells_the_groups_and_who_is_rare(study):
    study.samples["ancestry"] = ["A"] * 50 + ["B"] * 7 + [""] * 3
    study.samples["sex"] = ["female"] * 30 + ["male"] * 30
    ancestry, sex = study.found("coverage by ancestry"), study.found("coverage by sex")
    assert (ancestry.severity, ancestry.count) == ("warning", 2)
    assert '"A" 50, "B" 7; unknown: 3. Most are "A"' in ancestry.message
    assert (sex.severity, sex.count) == ("note", 2)


def test_audit__leaks_stand_first(study):
    study.calls[9] = study.calls[5]
    study.calls[:, 3] = 0
    study.samples["age"] = np.where(np.arange(60) < 31, np.nan, 50.0)
    severities = [each.severity for each in study.audit()]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert set(severities) == set(SEVERITIES)


def test_audit__few_twins_among_many_samples_are_no_leak():
    ids = [f"s{i:03d}" for i in range(240)]
    calls = np.random.default_rng(2).integers(0, 2, (240, 40)).astype(float)
    calls[5] = calls[9]
    genotypes = Genotypes.from_dense(calls, ids, [f"g{j}" for j in range(40)])
    table = pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": np.random.default_rng(3).normal(size=240)})
    responses = Responses.build(table)
    rows = join_training_rows(genotypes, responses, None, None)
    found = audit(rows, genotypes=genotypes, responses=responses, scheme="new-samples")
    assert [each.severity for each in found if each.check == "identical genotypes"] == ["warning"]
    together = twins_together(rows.pairs).subjects
    assert (together[5] == together[9], len(set(together))) == (True, 239)
    found = audit(rows, genotypes=genotypes, responses=responses, scheme="new-samples", together=together)
    assert [each.severity for each in found if each.check == "identical genotypes"] == ["note"]
