"""`--absent-means reference` and called reference sites mean the same in every command."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError
from drugresponse.explanation._model_terms import in_terms_of
from drugresponse.readers import read_genotypes
from drugresponse.settings import (
    AdaptSettings,
    ExplainSettings,
    PredictSettings,
    PrepareSettings,
    SimulateSettings,
    TrainSettings,
)
from drugresponse.workflows import adapt, explain, predict, prepare, simulate, train

POSITIONS = [100, 200, 300, 400]


def vcf(file, records, samples):
    head = ["##fileformat=VCFv4.2", f"#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT {' '.join(samples)}"]
    file.write_text("\n".join([head[0], *(line.replace(" ", "\t") for line in [head[1], *records])]) + "\n")
    return file


@pytest.fixture
def cohort(tmp_path):
    """Two drugs, of which each alternate adds 2 to the response; three of the four sites are listed of the patient."""
    random = np.random.default_rng(3)
    copies = random.choice([1, 2], size=(60, 4), p=[0.4, 0.6])
    calls = np.array(["0/0", "0/1", "1/1"])[copies]
    samples = [f"T{at}" for at in range(60)]
    vcf(
        tmp_path / "train",
        [f"1 {at} . A G . . . GT {' '.join(column)}" for at, column in zip(POSITIONS, calls.T, strict=True)],
        samples,
    )
    table = pd.DataFrame({"sample_id": samples, "response": 2.0 * copies.sum(axis=1)})
    noise = random.normal(0, 0.1, (2, 60))
    both = pd.concat(
        [table.assign(drug_id=drug, response=table["response"] + noise[at]) for at, drug in enumerate("DE")]
    )
    both.to_csv(tmp_path / "responses", sep="\t", index=False)
    vcf(tmp_path / "absent", [f"1 {at} . A G . . . GT 0/1" for at in POSITIONS[:3]], ["P"])
    block = "1 350 . C <NON_REF> . . END=450 GT 0/0"
    vcf(tmp_path / "called", [f"1 {at} . A G . . . GT 0/1" for at in POSITIONS[:3]] + [block], ["P"])
    pd.DataFrame({"sample_id": ["P"], "drug_id": ["D"], "response": [6.0]}).to_csv(
        tmp_path / "pilot", sep="\t", index=False
    )
    train(
        TrainSettings(
            genotypes=[tmp_path / "train"],
            responses=tmp_path / "responses",
            model=tmp_path / "model",
            learner="ridge",
            folds=3,
        )
    )
    return tmp_path


@pytest.mark.parametrize(("file", "means"), [("absent", "reference"), ("called", None)])
def test_commands__sites_without_a_variant_are_the_reference(cohort, file, means):
    given = {"model": cohort / "model", "genotypes": [cohort / file], "absent_means": means}
    predict(PredictSettings(**given, predictions=cohort / "predicted"))
    adapt(AdaptSettings(**given, responses=cohort / "pilot", predictions=cohort / "adapted"))
    prepare(PrepareSettings(genotypes=[cohort / "train"], dataset=cohort / "like"))
    prepare(
        PrepareSettings(genotypes=[cohort / file], dataset=cohort / "new", like=cohort / "like", absent_means=means)
    )
    predict(PredictSettings(model=cohort / "model", genotypes=[cohort / "new"], predictions=cohort / "prepared"))
    for name in ("predicted", "adapted", "prepared"):
        table = pd.read_table(cohort / name)
        assert table.columns[-1] == "sites_filled"
        assert (table["sites_filled"] == (name != "prepared" and means == "reference")).all(), name
        assert (table["features_found"] == 1).all(), name
        np.testing.assert_allclose(table["prediction"], 6, atol=0.5)
    model = dr.load_model(cohort / "model")
    np.testing.assert_allclose(
        model.predict(read_genotypes(cohort / file, absent_means=means))["prediction"], 6, atol=0.5
    )


@pytest.mark.parametrize("named", ["vcf", "ids alone"])
def test_predict__a_patient_with_a_third_of_the_sites_as_prepared_like_the_training(tmp_path, caplog, named):
    """A germline cohort and the variants of one of its patients: both ways give one number."""
    simulate(SimulateSettings(directory=tmp_path, preset="germline", n_samples=100, n_features=50))
    lines = [line.split("\t") for line in (tmp_path / "genotypes.vcf").read_text().splitlines()]
    records = [line for line in lines if not line[0].startswith("#")]
    listed = [line for line in records if line[9] in ("0/1", "1/1", "0|1", "1|0", "1|1")][:18]
    assert (len(records), len(listed)) == (50, 18)
    vcf(tmp_path / "patient", [" ".join([*line[:5], ". . . GT", line[9]]) for line in listed], ["NEW"])
    cohort = tmp_path / ("genotypes.vcf" if named == "vcf" else "genotypes.tsv")
    model = tmp_path / "model"
    train(
        TrainSettings(genotypes=[cohort], responses=tmp_path / "responses.tsv", model=model, learner="ridge", folds=0)
    )
    prepare(PrepareSettings(genotypes=[cohort], dataset=tmp_path / "trained"))
    patient = {"genotypes": [tmp_path / "patient"], "absent_means": "reference"}
    predict(PredictSettings(model=model, predictions=tmp_path / "direct", **patient))
    with pytest.raises(InputError, match=r"give `absent_means` reference: what they lack is the reference then\."):
        predict(PredictSettings(model=model, predictions=tmp_path / "refused", genotypes=patient["genotypes"]))
    direct = pd.read_table(tmp_path / "direct", keep_default_na=False).iloc[0]
    assert (direct["features_found"], direct["sites_filled"], direct["flag"]) == (1, 32, "many-sites-filled")
    for like in (tmp_path / "trained", model):
        caplog.clear()
        prepare(PrepareSettings(dataset=tmp_path / "new", like=like, **patient))
        assert "in 1 sample more than half of the sites of the training are absent" in caplog.text
        assert read_genotypes(tmp_path / "new").shape == (1, 50)
        predict(PredictSettings(model=model, genotypes=[tmp_path / "new"], predictions=tmp_path / "prepared"))
        assert pd.read_table(tmp_path / "prepared")["prediction"].item() == pytest.approx(direct["prediction"])


def test_explain__sites_without_a_variant_are_the_reference(cohort):
    lines = (cohort / "train").read_text().splitlines()
    (cohort / "fewer").write_text("\n".join(line for line in lines if "\t400\t" not in line) + "\n")
    trained = read_genotypes(cohort / "train").features
    assert in_terms_of(read_genotypes(cohort / "fewer"), trained)[1].shape == (60, 3)
    known = in_terms_of(read_genotypes(cohort / "fewer", absent_means="reference"), trained)[1]
    np.testing.assert_array_equal(known.dense()[:, known.features.index.get_loc("1:400:A:G")], 0)
    explain(
        ExplainSettings(
            model=cohort / "model",
            genotypes=[cohort / "fewer"],
            responses=cohort / "responses",
            attributions=cohort / "told",
            absent_means="reference",
            refits=0,
        )
    )
    assert pd.read_table(cohort / "told")["feature_id"].nunique() == 4


def test_prepare__a_file_without_any_variant(cohort):
    vcf(cohort / "none", [f"1 {at} . A . . . . GT 0/0" for at in POSITIONS], ["P"])
    with pytest.raises(InputError, match="genotypes: found no variant"):
        prepare(PrepareSettings(genotypes=[cohort / "none"], dataset=cohort / "out"))
    predict(PredictSettings(model=cohort / "model", genotypes=[cohort / "none"], predictions=cohort / "predicted"))
    np.testing.assert_allclose(pd.read_table(cohort / "predicted")["prediction"], 0, atol=0.5)


@pytest.mark.parametrize(
    ("regions", "filled", "outside"),
    [("1:90-250", 0, 1), ("1:90-450", 1, 0), ("2:90-450", 0, 1)],
)
def test_commands__absent_sites_are_the_reference_in_callable_regions_alone(cohort, caplog, regions, filled, outside):
    (cohort / "callable").write_text(f"{regions}\n")
    given = {"genotypes": [cohort / "absent"], "callable": cohort / "callable"}
    predict(PredictSettings(model=cohort / "model", predictions=cohort / "predicted", **given))
    said = [line for line in caplog.messages if "callable regions" in line]
    assert said == [
        f"genotypes: of the calls at sites of the model that are not listed, {filled} in the callable regions are the "
        f"reference, and {outside} outside them stay missing."
    ]
    table = pd.read_table(cohort / "predicted")
    assert (table["sites_filled"] == filled).all()
    assert ((table["features_found"] == 1) == (filled == 1)).all()
    prepare(PrepareSettings(dataset=cohort / "new", like=cohort / "model", **given))
    assert np.isnan(read_genotypes(cohort / "new").dense()).sum() == outside
    predict(PredictSettings(model=cohort / "model", genotypes=[cohort / "new"], predictions=cohort / "prepared"))
    np.testing.assert_allclose(pd.read_table(cohort / "prepared")["prediction"], table["prediction"])


def test_read_genotypes__a_missing_call_outside_callable_regions_stays_missing(cohort):
    file = vcf(cohort / "merged", [f"1 {at} . A G . . . GT ./. 0/1 ./1" for at in POSITIONS[:2]], ["P", "Q", "R"])
    read = read_genotypes(file, callable="1:100-199")
    np.testing.assert_array_equal(read.dense(), [[0, np.nan], [1, 1], [np.nan, np.nan]])


def test_read_genotypes__callable_regions_that_nothing_looks_at(cohort):
    table = cohort / "table"
    table.write_text("Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nKRAS\tP\tMissense_Mutation\n")
    with pytest.raises(InputError, match="`callable`: found List of alterations"):
        read_genotypes(table, callable="1:1-9")
    with pytest.raises(InputError, match="beside `absent_means` missing"):
        read_genotypes(cohort / "absent", callable="1:1-9", absent_means="missing")
