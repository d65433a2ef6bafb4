"""Positions of another genome build are refused by every command that takes new genotypes, with both names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.settings import AdaptSettings, ExplainSettings, PredictSettings, TrainSettings
from drugresponse.workflows import adapt, explain, predict, train

LENGTHS = {"GRCh37": 249250621, "GRCh38": 248956422, "of no name": 5000, "of no name either": 6000}
POSITIONS = [100, 200, 300, 400]


def vcf(file, build, samples, calls):
    contig = f"##contig=<ID=chr1,length={LENGTHS[build]}>" if build else "##contig=<ID=chr1>"
    columns = "\t".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".replace(" ", "\t"), *samples])
    records = [
        "\t".join(["chr1", str(at), ".", "A", "G", ".", ".", ".", "GT", *row])
        for at, row in zip(POSITIONS, calls, strict=True)
    ]
    file.write_text("\n".join(["##fileformat=VCFv4.2", contig, columns, *records]) + "\n")
    return file


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A model of GRCh38, and one patient's variants in each build."""
    folder = tmp_path_factory.mktemp("builds")
    copies = np.random.default_rng(3).choice(3, size=(4, 40))
    calls, samples = np.array(["0/0", "0/1", "1/1"])[copies], [f"T{at}" for at in range(40)]
    for build in LENGTHS:
        vcf(folder / build, build, ["P"], [["0/1"]] * 4)
    vcf(folder / "untold", "", ["P"], [["0/1"]] * 4)
    table = pd.DataFrame({"sample_id": samples, "drug_id": "D", "response": 2.0 * copies.sum(axis=0)})
    both = pd.concat([table, table.assign(drug_id="E", response=table["response"] + copies[0])])
    both.to_csv(folder / "responses", sep="\t", index=False)
    table.assign(sample_id="P").iloc[:1].to_csv(folder / "pilot", sep="\t", index=False)
    for build in ("GRCh38", "of no name"):
        train(
            TrainSettings(
                genotypes=[vcf(folder / "train", build, samples, calls)],
                responses=folder / "responses",
                model=folder / f"model {build}",
                learner="ridge",
                folds=3,
            )
        )
    return folder


def test_train__the_build_is_in_the_manifest(cohort):
    model = dr.load_model(cohort / "model GRCh38")
    assert model.manifest_["genome"] == {"name": "GRCh38", "lengths": {"1": 248956422}}


@pytest.mark.parametrize("command", ["predict", "adapt", "explain"])
def test_commands__another_build_is_refused_with_both_names(cohort, command):
    def run(model, build):
        given = {"model": cohort / f"model {model}", "genotypes": [cohort / build]}
        if command == "predict":
            predict(PredictSettings(**given, predictions=cohort / "out"))
        elif command == "adapt":
            adapt(AdaptSettings(**given, responses=cohort / "pilot", predictions=cohort / "out"))
        else:
            out = {"attributions": cohort / "out", "refits": 0}
            explain(ExplainSettings(**given, responses=cohort / "pilot", **out))

    for model, build, words in (
        ("GRCh38", "GRCh37", "positions of GRCh37, and the model has those of GRCh38"),
        ("of no name", "of no name either", "chromosome 1 has 6,000 bases, .*chromosome 1 has 5,000 bases"),
    ):
        with pytest.raises(InputError, match=words):
            run(model, build)
    if command == "predict":
        run("GRCh38", "GRCh38")
        run("GRCh38", "untold")


def test_model__another_build_is_refused_in_python(cohort):
    model = dr.load_model(cohort / "model GRCh38")
    with pytest.raises(InputError, match="positions of GRCh37"):
        model.predict(read_genotypes(cohort / "GRCh37"))


def test_read_genotypes__files_of_two_builds(cohort):
    with pytest.raises(InputError, match="GRCh38: found positions of GRCh38, and GRCh37 has those of GRCh37"):
        read_genotypes([cohort / "GRCh37", cohort / "GRCh38"])


def test_predict__a_build_that_only_the_user_tells(cohort):
    given = {"model": cohort / "model GRCh38", "predictions": cohort / "out"}
    predict(PredictSettings(**given, genotypes=[cohort / "untold"], genome_build="hg38"))
    for file, build, words in (
        ("untold", "hg19", "positions of GRCh37, and the model has those of GRCh38"),
        ("GRCh38", "hg19", "positions of GRCh38, and `genome_build` has those of GRCh37"),
        ("untold", "hg19 hg38", "positions of hg19 hg38, and the model"),
    ):
        with pytest.raises(InputError, match=words):
            predict(PredictSettings(**given, genotypes=[cohort / file], genome_build=build))


def test_read_genotypes__a_build_is_of_positions_alone(tmp_path):
    (tmp_path / "genes").write_text("sample_id\tTP53_lof\ns1\t1\ns2\t0\n")
    assert not read_genotypes(tmp_path / "genes", genome_build="hg19").genome
