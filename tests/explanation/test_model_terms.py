from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import with_parents
from drugresponse.errors import InputError
from drugresponse.explanation._model_terms import in_terms_of, with_genes

SITES = pd.DataFrame(
    {"kind": "dosage", "gene": ["", "G2"], "chromosome": "1", "position": [7, 9], "ref": "A", "alt": "C"},
    index=pd.Index(["v1", "v2"], name="feature_id"),
)
TRAINED = Genotypes.build([[0.0, 0.0]], ["s"], SITES).features


def test_terms__the_same_table_is_taken_as_it_is():
    given = Genotypes.build([[2.0, np.nan]], ["n"], SITES)
    assert all(each is given for each in in_terms_of(given, TRAINED))
    assert all(each is given for each in in_terms_of(given, TRAINED.iloc[:0]))


def test_terms__other_block_name_and_allele():
    renamed = SITES.assign(block="b", ref=["C", "A"], alt=["A", "C"], gene="G").set_axis(["x", "v2"])
    given = Genotypes.build([[2.0, 1.0], [np.nan, 0.0], [0.0, 2.0]], ["n1", "n2", "n3"], renamed)
    every, known = in_terms_of(given, TRAINED)
    assert every is known
    assert known.features.index.tolist() == ["v1", "v2"]
    assert known.features["block"].tolist() == ["dosage", "dosage"]
    assert known.features["gene"].tolist() == ["G", "G2"]
    np.testing.assert_array_equal(known.dense(), [[0.0, 1.0], [np.nan, 0.0], [2.0, 2.0]])


def test_terms__what_the_model_lacks_stays_for_the_measurements():
    more = pd.DataFrame({"kind": "dosage", "chromosome": "2", "position": 1, "ref": "G", "alt": "T"}, index=["new"])
    given = Genotypes.build([[1.0, 2.0]], ["n"], pd.concat([SITES.iloc[[0]], more]))
    every, known = in_terms_of(given, TRAINED)
    assert known.features.index.tolist() == ["v1"]
    assert dict(zip(every.features.index, every.dense()[0].tolist(), strict=True)) == {"v1": 1.0, "new": 2.0}


def test_terms__genes_that_the_model_lacks_are_those_of_the_file():
    parts = pd.DataFrame({"block": ["m", "m", ""], "feature_id": ["A", "B", "mean effects"], "gene": ["", "old", ""]})
    features = pd.DataFrame(
        {"block": "m", "gene": ["new", "other"]}, index=pd.Index(["A", "B"], name="feature_id", dtype=object)
    )
    assert with_genes(parts, features)["gene"].tolist() == ["new", "old", ""]


def test_explain__a_file_that_names_its_block_otherwise_tells_the_same():
    """Without the model's blocks every refit lacked every feature: no spread, no stability, all within noise."""
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    table = cohort.genotypes.features.assign(block="guessed", gene="")
    other = Genotypes.build(cohort.genotypes.values, list(cohort.genotypes.sample_ids), table)
    first, second = (
        dr.explain(model, each, cohort.responses, samples=cohort.samples, refits=2)
        for each in (cohort.genotypes, other)
    )
    assert first.attributions["stability"].max() == 1
    pd.testing.assert_frame_equal(first.attributions, second.attributions)
    pd.testing.assert_frame_equal(first.agreement, second.agreement)


def test_explain__refits_have_the_features_of_the_model_alone():
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    table = pd.DataFrame({"kind": "altered"}, index=[f"other{i}" for i in range(20)])
    more = Genotypes.build(cohort.genotypes.values[::-1], list(cohort.genotypes.sample_ids), table)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    first, second = (
        dr.explain(model, each, cohort.responses, refits=2)
        for each in (cohort.genotypes, Genotypes.join([cohort.genotypes, more]))
    )
    pd.testing.assert_frame_equal(first.attributions, second.attributions)
    assert second.associations.table["feature_id"].str.startswith("other").any()


def test_explain__refits_of_a_learner_without_genotype_are_refused():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    with pytest.raises(InputError, match="`refit_learner`: found covariates, which uses no genotype"):
        dr.explain(model, cohort.genotypes, cohort.responses, refit_learner="covariates")


def test_explain__a_model_without_genes_takes_those_of_the_file():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    table = cohort.genotypes.features.assign(gene="")
    nameless = Genotypes.build(cohort.genotypes.values, list(cohort.genotypes.sample_ids), table)
    model = dr.DrugResponseModel("ridge", folds=0).fit(nameless, cohort.responses)
    told = dr.explain(model, cohort.genotypes, cohort.responses, refits=0).attributions
    genes = cohort.genotypes.features["gene"]
    assert told["gene"].tolist() == genes[told["feature_id"]].tolist()
    assert (told["gene"] != "").any()


def test_terms__families_are_made_of_what_the_file_has():
    alleles = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1", "qnrS2"])
    trained = with_parents(Genotypes.build([[1, 0], [0, 1]], ["s1", "s2"], alleles)).features
    every, known = in_terms_of(Genotypes.from_dense([[1, 1], [0, 0]], ["n1", "n2"], ["qnrS2", "qnrS8"]), trained)
    assert known.features.index.tolist() == ["qnrS2", "qnrS (family)"]
    assert known.dense().tolist() == [[1, 2], [0, 0]]
    assert every.features.index.tolist() == ["qnrS2", "qnrS8", "qnrS (family)"]
