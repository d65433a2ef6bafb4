from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse import cli
from drugresponse.data import stored_values
from drugresponse.model.loading import load_model
from drugresponse.readers import read_genotypes
from tests.galaxy_tools import TEST_DATA
from tests.test_cli import one_line

DATA = TEST_DATA / "prepare"
VCF = DATA / "annotated.vcf"


def run(folder: Path, genotypes: Path | list[Path] = VCF, *words: str) -> int:
    files = genotypes if isinstance(genotypes, list) else [genotypes]
    return cli.main(["prepare", f"--dataset={folder}/g.h5ad", *words, "--genotypes", *map(str, files)])


def kept(folder: Path, *words: str, genotypes: Path = VCF) -> pd.DataFrame:
    """The features that are left."""
    assert run(folder, genotypes, "-q", *words) == 0
    return anndata.read_h5ad(folder / "g.h5ad").var.astype({"chromosome": str})


def test_prepare__dataset_summary_and_report(tmp_path, capsys):
    words = [f"--samples={DATA}/samples.tsv", f"--summary={tmp_path}/s.tsv", f"--report={tmp_path}/r.html"]
    assert run(tmp_path, VCF, *words) == 0
    told = capsys.readouterr().out
    assert "40 samples and 240 features (240 dosage); 3.65% of the calls are missing." in told
    assert "1 pair of samples is closer than chance" in told
    assert told.endswith(f"To train on them: --genotypes {tmp_path}/g.h5ad\n")
    assert read_genotypes(tmp_path / "g.h5ad").equals(read_genotypes(VCF))
    summary = pd.read_table(tmp_path / "s.tsv", keep_default_na=False).set_index(["level", "id", "other_id", "metric"])
    assert summary.loc[("pair", "S01", "S40", "kinship"), "value"] == pytest.approx(0.5)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "principal components that follow batch" in page
    assert "annotated.vcf: 40 samples, 240 alternate alleles" in page


def test_prepare__file_says_where_it_comes_from(tmp_path):
    assert run(tmp_path, VCF, "-q", f"--samples={DATA}/samples.tsv", "--minimum-frequency=0.05") == 0
    found = anndata.read_h5ad(tmp_path / "g.h5ad")
    assert found.obs["batch"].value_counts().to_dict() == {"first": 20, "second": 20}
    about = json.loads(found.uns["drugresponse"])
    assert about["sources"] == [{"file": "annotated.vcf", "format": "vcf", "build": ""}]
    assert about["choices"] == ["Only dosages with a minor allele frequency of 0.05 or more."]
    assert (about["n_samples"], about["n_features"]) == found.shape
    assert str(tmp_path) not in found.uns["drugresponse"]


def test_prepare__the_same_bytes_twice(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        words = [
            f"--samples={DATA}/samples.tsv",
            f"--summary={tmp_path / name}/s.tsv",
            f"--report={tmp_path / name}/r.html",
        ]
        assert run(tmp_path / name, VCF, "-q", *words) == 0
    for file in ("g.h5ad", "s.tsv", "r.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_prepare__filters_by_place(tmp_path):
    features = kept(tmp_path, f"--regions={DATA}/regions.bed", "--within=chr1:10000-20000,3:400000")
    places = features.groupby("chromosome")["position"].agg(["min", "max", "size"])
    assert places.loc["1"].tolist() == [10_000, 20_000, 2]
    assert places.loc["2"].tolist() == [100_000, 200_000, 11]
    assert places.loc["3"].tolist() == [400_000, 400_000, 1]
    assert places.loc["6"].tolist() == [10_000, 150_000, 15]


def test_prepare__filters_by_gene(tmp_path):
    listed = kept(tmp_path, "--genes=TPMT,EGFR")
    assert set(listed["gene"]) == {"TPMT", "EGFR"}
    assert kept(tmp_path, f"--gene-list={DATA}/genes.txt").equals(listed)
    assert kept(tmp_path, f"--gene-list={DATA}/genes.txt", "--genes=DPYD")["gene"].nunique() == 3
    # EGFR is no pharmacogene of CPIC's
    assert set(kept(tmp_path, "--genes=pharmacogenes")["gene"]) == {"CYP2C19", "CYP2D6", "DPYD", "SLCO1B1", "TPMT"}


def test_prepare__filters_by_calls_and_quality(tmp_path):
    genotypes = read_genotypes(VCF)
    dense = genotypes.dense()
    missing = np.isnan(dense).mean(axis=0)
    allele = np.nanmean(dense, axis=0) / 2
    ids = genotypes.features.index
    assert set(kept(tmp_path, "--maximum-missing=0.3").index) == set(ids[missing <= 0.3])
    frequent = np.minimum(allele, 1 - allele) >= 0.2
    assert set(kept(tmp_path, "--minimum-frequency=0.2").index) == set(ids[frequent])
    lines = [line.split("\t") for line in VCF.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    good = sum(float(line[7].split(";")[0].removeprefix("R2=")) >= 0.8 for line in lines)
    assert 0 < len(kept(tmp_path, "--minimum-quality=0.8")) == good < 240


def test_prepare__what_filters_left_out_is_told(tmp_path):
    assert run(tmp_path, VCF, "-q", "--maximum-missing=0.3", f"--report={tmp_path}/r.html") == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Only features that at most 30% of the samples lack." in page
    assert "230 of 240" in page


def test_prepare__calls_taken_as_the_reference_are_told(tmp_path):
    assert run(tmp_path, VCF, "-q", "--absent-means=reference") == 0
    found = anndata.read_h5ad(tmp_path / "g.h5ad")
    assert json.loads(found.uns["drugresponse"])["choices"] == ["A missing call was taken as the reference."]
    assert not np.isnan(found.X.data).any()


def test_prepare__variants_of_one_gene_together(tmp_path):
    features = kept(tmp_path, "--by-gene=any", "--maximum-missing=0.3")
    assert set(features["kind"]) == {"altered"}
    assert features["gene"].tolist() == sorted({"CYP2C19", "CYP2D6", "DPYD", "EGFR", "SLCO1B1", "TPMT"})
    by_effect = kept(tmp_path, "--by-gene=effect", "--maximum-missing=0.3")
    assert {"lof", "missense", "splice"} <= set(by_effect["effect"])


def new_sample(folder: Path, wanted: Callable[[str], bool]) -> Path:
    """The wanted variants of a single sample."""
    lines = VCF.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line.startswith("#") or wanted(line)]
    file = folder / "new.vcf"
    file.write_text(
        "".join(line + "\n" if line.startswith("##") else "\t".join(line.split("\t")[:10]) + "\n" for line in lines),
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize("by_gene", ["effect", "no"])
def test_prepare__new_samples_keep_what_none_of_them_bears(tmp_path, by_gene):
    shared = ["-q", f"--by-gene={by_gene}"]
    assert run(tmp_path, VCF, *shared, "--maximum-missing=0.3") == 0
    (tmp_path / "g.h5ad").rename(tmp_path / "trained.h5ad")
    trained = read_genotypes(tmp_path / "trained.h5ad")
    new = new_sample(tmp_path, lambda line: "TPMT" not in line and "DPYD" not in line)
    shared += [f"--like={tmp_path}/trained.h5ad", f"--report={tmp_path}/r.html"]
    lost = trained.features["gene"].isin(["TPMT", "DPYD"]).to_numpy()
    assert 0 < lost.sum() < len(lost)
    expected = trained.dense()[:1]
    for words, absent in (([], np.nan), (["--absent-means=reference"], 0)):
        assert run(tmp_path, new, *shared, *words) == 0
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        found = read_genotypes(tmp_path / "g.h5ad")
        assert found.features.equals(trained.features)
        np.testing.assert_array_equal(found.dense()[:, lost], np.full((1, lost.sum()), absent))
        known = ~lost & ~np.isnan(expected[0])
        np.testing.assert_array_equal(found.dense()[:, known], expected[:, known])
        warned = f"absent are {lost.sum()} of the {len(lost)} features of the training"
        assert (warned in page) == (not words)
        assert "The features are those of trained.h5ad" in page


def test_prepare__new_samples_with_one_class_of_effect(tmp_path):
    assert run(tmp_path, VCF, "-q", "--by-gene=effect") == 0
    (tmp_path / "g.h5ad").rename(tmp_path / "trained.h5ad")
    new = new_sample(tmp_path, lambda line: "missense" in line and "CYP2C19" in line)
    assert run(tmp_path, new, "-q", "--by-gene=effect", f"--like={tmp_path}/trained.h5ad") == 0
    found = read_genotypes(tmp_path / "g.h5ad")
    told = pd.Series(found.dense()[0], index=found.features.index).dropna()
    assert told.index.tolist() == ["CYP2C19_missense", "CYP2C19_mutation"]
    assert told.nunique() == 1


def test_prepare__new_samples_with_the_features_of_a_model(tmp_path):
    model, new = TEST_DATA / "germline/model.safetensors", TEST_DATA / "germline/chromosome_19.vcf"
    renamed = tmp_path / "dataset_1.dat"
    renamed.write_bytes(model.read_bytes())
    assert run(tmp_path, new, "-q", f"--like={renamed}", "--absent-means=reference", f"--report={tmp_path}/r.html") == 0
    found = read_genotypes(tmp_path / "g.h5ad")
    assert set(found.features.index) == set(load_model(model).parts_.features.index)
    assert found.shape[1] > read_genotypes(new).shape[1]
    assert "The features are those of dataset_1.dat" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_prepare__a_model_that_is_cut_short_or_another_file(tmp_path, capsys):
    (tmp_path / "cut").write_bytes((TEST_DATA / "germline/model.safetensors").read_bytes()[:5000])
    assert run(tmp_path, VCF, "-q", f"--like={tmp_path}/cut") == 3
    assert "the file ends early" in one_line(capsys.readouterr().err)
    assert run(tmp_path, VCF, "-q", f"--like={TEST_DATA}/broken/foreign.safetensors") == 3
    assert "is not a drugresponse model" in one_line(capsys.readouterr().err)


def test_prepare__builds_that_differ_are_refused(tmp_path, capsys):
    text = VCF.read_text(encoding="utf-8")
    for build, length in (("GRCh37", 249250621), ("GRCh38", 248956422)):
        (tmp_path / build).write_text(text.replace("<ID=chr1>", f"<ID=chr1,length={length}>"), encoding="utf-8")
    assert run(tmp_path, tmp_path / "GRCh37", "-q", f"--report={tmp_path}/r.html") == 0
    assert "GRCh37: vcf, GRCh37" in (tmp_path / "r.html").read_text(encoding="utf-8")
    (tmp_path / "g.h5ad").rename(tmp_path / "trained.h5ad")
    like = f"--like={tmp_path}/trained.h5ad"
    assert run(tmp_path, tmp_path / "GRCh37", "-q", like) == 0
    assert run(tmp_path, tmp_path / "GRCh38", "-q", like) == 2
    assert "positions of GRCh38, and trained.h5ad has those of GRCh37" in one_line(capsys.readouterr().err)


def test_prepare__new_samples_of_a_list_of_alterations(tmp_path):
    head = "sample_id\tgene\talteration\n"
    (tmp_path / "old").write_text(head + "s1\tTP53\tp.R175H\ns2\tKRAS\tp.G12D\n", encoding="utf-8")
    (tmp_path / "new").write_text(head + "n1\tTP53\tp.R175H\nn2\tMYC\tp.A1T\n", encoding="utf-8")
    assert run(tmp_path, tmp_path / "old", "-q") == 0
    (tmp_path / "g.h5ad").rename(tmp_path / "trained.h5ad")
    assert run(tmp_path, tmp_path / "new", "-q", f"--like={tmp_path}/trained.h5ad") == 0
    found = read_genotypes(tmp_path / "g.h5ad")
    trained = read_genotypes(tmp_path / "trained.h5ad")
    assert found.features.equals(trained.features)
    np.testing.assert_array_equal(found.dense(), [trained.dense()[0], np.zeros(found.shape[1])])


def test_prepare__filters_reach_formats_without_sites_of_their_own(tmp_path):
    genotypes = TEST_DATA / "germline" / "genotypes.tsv"
    options = [f"--features={TEST_DATA}/germline/features.tsv", "--genes=VKORC1,TPMT"]
    assert set(kept(tmp_path, *options, genotypes=genotypes)["gene"]) == {"VKORC1", "TPMT"}


def test_prepare__aliases_reach_every_format(tmp_path):
    matrix = tmp_path / "matrix.tsv"
    matrix.write_text("sample_id\tp53_mut\tKRAS_mut\ns1\t1\t0\ns2\t0\t1\n", encoding="utf-8")
    aliases = f"--aliases={TEST_DATA}/cell_lines/gene_aliases.tsv"
    assert kept(tmp_path, aliases, genotypes=matrix).index.tolist() == ["KRAS_mut", "TP53_mut"]
    maf = TEST_DATA / "cell_lines" / "mutations.maf"
    assert "HER2" not in set(kept(tmp_path, aliases, genotypes=maf)["gene"])


def test_prepare__samples_without_alterations_were_assayed(tmp_path):
    (tmp_path / "maf").write_text(
        "sample_id\tgene\talteration\ns1\tTP53\tp.R175H\ns2\tKRAS\tp.G12D\n", encoding="utf-8"
    )
    (tmp_path / "samples").write_text("sample_id\ttissue\ns1\tlung\ns2\tskin\ns3\tskin\n", encoding="utf-8")
    assert run(tmp_path, tmp_path / "maf", "-q", f"--samples={tmp_path}/samples") == 0
    found = read_genotypes(tmp_path / "g.h5ad")
    assert found.sample_ids.tolist() == ["s1", "s2", "s3"]
    assert not found.dense()[2].any()


def test_prepare__a_layer_is_read(tmp_path):
    kept(tmp_path, "--layer=calls", genotypes=DATA / "layers.h5ad")
    assert np.nansum(read_genotypes(tmp_path / "g.h5ad").values.data) > 0


def test_prepare__training_reads_what_it_wrote(tmp_path):
    folder = TEST_DATA / "germline"
    assert run(tmp_path, folder / "genotypes.vcf", "-q") == 0
    shared = [f"--responses={folder}/responses.tsv", "--learner=ridge", "--folds=0", "--threads=1", "-q"]
    for name, file in (("a", folder / "genotypes.vcf"), ("b", tmp_path / "g.h5ad")):
        assert cli.main(["train", f"--genotypes={file}", f"--model={tmp_path}/{name}", *shared]) == 0
    from safetensors.numpy import load_file

    one, other = load_file(tmp_path / "a"), load_file(tmp_path / "b")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--genes=/etc/hosts"], '--genes: found "/etc/hosts" (expected no file here). Give files with --gene-list.'),
        (["--within=../regions.bed"], "--within: found"),
        (["--within=chr1:7-3"], "chr10:94762681-94855547"),
        (["--within=chr9:1-2"], "check that the regions are of the same genome build"),
        (["--genes=BRCA1"], "keep none of its"),
        (["--minimum-frequency=0.7"], "--minimum-frequency: found 0.7 (expected a number from 0 to 0.5)"),
        (["--by-gene=each"], '--by-gene: "each" is none of the choices'),
        ([f"--samples={TEST_DATA}/germline/samples.tsv"], "samples: none of the 120 samples is among the 40 of the"),
        ([f"--like={DATA}/layers.h5ad"], "found none of the 12 features of the training"),
        ([f"--like={DATA}/layers.h5ad", "--minimum-frequency=0.1"], "--like: found a limit of frequency or missing"),
        ([f"--samples={DATA}/samples.tsv", "--sample-column=id"], 'found no column "id"'),
    ],
)
def test_prepare__refused_and_nothing_written(tmp_path, capsys, words, message):
    assert run(tmp_path, VCF, "-q", f"--summary={tmp_path}/s.tsv", *words) == 2
    error = one_line(capsys.readouterr().err)
    assert error.startswith("drugresponse prepare: error: ")
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_prepare__an_input_is_never_overwritten(tmp_path, capsys):
    file = tmp_path / "g.h5ad"
    file.write_bytes((DATA / "layers.h5ad").read_bytes())
    assert run(tmp_path, file, "-q") == 2
    assert "is also an input" in one_line(capsys.readouterr().err)
    assert file.read_bytes() == (DATA / "layers.h5ad").read_bytes()


def test_prepare__awkward_names(tmp_path):
    assert run(tmp_path, TEST_DATA / "awkward" / "genotypes.tsv", "-q", f"--report={tmp_path}/r.html") == 0
    found = read_genotypes(tmp_path / "g.h5ad")
    assert found.equals(read_genotypes(TEST_DATA / "awkward" / "genotypes.tsv"))
    assert 'O\'Brien "2"' in found.sample_ids


def test_prepare__sites_outside_the_regions_are_not_the_reference(tmp_path):
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1"
    records = [f"1 {place} . A C . . . GT 1/1" for place in (100, 200)]
    text = "\n".join(line.replace(" ", "\t") for line in (columns, *records))
    (tmp_path / "new.vcf").write_text(f"##fileformat=VCFv4.2\n{text}\n")
    assert run(tmp_path, tmp_path / "new.vcf", "-q") == 0
    (tmp_path / "g.h5ad").rename(tmp_path / "trained.h5ad")
    options = [f"--like={tmp_path}/trained.h5ad", "--absent-means=reference", "--within=chr1:150-250"]
    assert run(tmp_path, tmp_path / "new.vcf", "-q", *options) == 0
    np.testing.assert_array_equal(read_genotypes(tmp_path / "g.h5ad").dense(), [[np.nan, 2]])


@pytest.mark.parametrize("words", [[], ["--by-gene=effect"], ["--minimum-frequency=0.1"]])
def test_prepare__genotypes_that_stay_stored(tmp_path, monkeypatch, words):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    assert run(tmp_path / "here", VCF, "-q", f"--summary={tmp_path}/here/s.tsv", *words) == 0
    monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 1000)
    assert run(tmp_path / "there", VCF, "-q", f"--summary={tmp_path}/there/s.tsv", *words) == 0
    there = read_genotypes(tmp_path / "there" / "g.h5ad")
    assert there.is_stored and there.equals(read_genotypes(tmp_path / "here" / "g.h5ad"))
    summaries = [pd.read_table(tmp_path / each / "s.tsv", keep_default_na=False) for each in ("here", "there")]
    pd.testing.assert_frame_equal(*summaries, rtol=1e-4)


def test_prepare__like_a_training_of_genotypes_that_stay_stored(tmp_path, monkeypatch):
    assert run(tmp_path, VCF, "-q", "--minimum-frequency=0.1") == 0
    training = tmp_path / "g.h5ad"
    training.rename(tmp_path / "training.h5ad")
    words = [f"--like={tmp_path}/training.h5ad", "-q"]
    assert run(tmp_path, VCF, *words) == 0
    here = read_genotypes(tmp_path / "g.h5ad")
    monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
    assert run(tmp_path, VCF, *words) == 0
    assert read_genotypes(tmp_path / "g.h5ad").equals(here)


def test_train__suggests_to_unpack_a_large_vcf_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
    samples = read_genotypes(VCF).sample_ids
    responses = pd.DataFrame({"sample_id": samples, "response": np.arange(len(samples)) % 7 * 0.5})
    responses.to_csv(tmp_path / "r.tsv", sep="\t", index=False)
    words = [
        "train",
        f"--genotypes={VCF}",
        f"--responses={tmp_path}/r.tsv",
        "--learner=ridge",
        "--absent-means=reference",
    ]
    assert cli.main([*words, f"--model={tmp_path}/m"]) == 0
    command = f"drugresponse prepare --genotypes {VCF} --dataset genotypes.h5ad --absent-means reference"
    told = capsys.readouterr().err
    assert f"annotated.vcf: unpacked anew by every run. Once for all: {command}; then give genotypes.h5ad" in told
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command.split()[1:], "-q"]) == 0
    assert read_genotypes(tmp_path / "genotypes.h5ad").is_stored
