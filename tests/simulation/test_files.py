from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cyvcf2
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.simulation.cohort import PRESETS, Cohort, simulate_cohort
from drugresponse.simulation.files import COHORT_FILES, write_cohort


def small(preset: str) -> Cohort:
    if preset == "germline":
        return simulate_cohort(preset, n_samples=50, n_features=60)
    return simulate_cohort(preset, n_samples=50, n_drugs=14, n_features=40)


@pytest.fixture(params=PRESETS)
def cohort(request) -> Cohort:
    return small(request.param)


def read(path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def test_write_cohort__writes_every_file_and_nothing_else(cohort, tmp_path):
    paths = write_cohort(cohort, tmp_path / "new")
    assert tuple(paths) == COHORT_FILES
    assert sorted(COHORT_FILES) == sorted(each.name for each in (tmp_path / "new").iterdir())
    assert all(path == tmp_path / "new" / name for name, path in paths.items())


def test_write_cohort__rerun_gives_the_same_bytes(cohort, tmp_path):
    first = {name: path.read_bytes() for name, path in write_cohort(cohort, tmp_path).items()}
    again = {name: path.read_bytes() for name, path in write_cohort(cohort, tmp_path).items()}
    assert first == again
    assert all(b"\r" not in each for each in first.values())


def test_write_cohort__held_out_samples_and_drugs_are_in_no_training_file(cohort, tmp_path):
    tables = {name: read(path) for name, path in write_cohort(cohort, tmp_path).items() if name.endswith(".tsv")}
    old, new = tables["samples.tsv"]["sample_id"], tables["new_samples.tsv"]["sample_id"]
    assert (len(old), len(new)) == (40, 10)
    assert set(old).isdisjoint(new)
    assert tables["genotypes.tsv"]["sample_id"].tolist() == old.tolist()
    assert tables["new_genotypes.tsv"]["sample_id"].tolist() == new.tolist()
    assert set(tables["responses.tsv"]["sample_id"]) == set(old)
    assert set(tables["new_responses.tsv"]["sample_id"]) == set(new)
    assert set(tables["responses.tsv"]["drug_id"]) == set(tables["drugs.tsv"]["drug_id"])
    vcf = cyvcf2.VCF(str(tmp_path / "genotypes.vcf"))
    assert vcf.samples == old.tolist()


def test_write_cohort__new_drugs_keep_a_drug_of_their_mechanism_in_training(tmp_path):
    paths = write_cohort(small("cell-lines"), tmp_path)
    old, new = read(paths["drugs.tsv"]), read(paths["new_drugs.tsv"])
    assert (len(old), len(new)) == (12, 2)
    assert set(old["drug_id"]).isdisjoint(new["drug_id"])
    assert set(new["mechanism"]) <= set(old["mechanism"])
    assert set(new["drug_id"]) <= set(read(paths["new_responses.tsv"])["drug_id"])
    assert set(old["drug_id"]) <= set(read(paths["new_responses.tsv"])["drug_id"])


def test_write_cohort__only_drug_is_in_both_tables(tmp_path):
    paths = write_cohort(small("germline"), tmp_path)
    assert read(paths["drugs.tsv"])["drug_id"].tolist() == ["warfarin"]
    assert read(paths["new_drugs.tsv"])["drug_id"].tolist() == ["warfarin"]


def test_write_cohort__nothing_held_out(tmp_path):
    cohort = small("cell-lines")
    paths = write_cohort(cohort, tmp_path, new_samples_share=0, new_drugs=0)
    assert len(read(paths["responses.tsv"])) == len(cohort.responses)
    assert len(read(paths["new_responses.tsv"])) == 0
    assert list(read(paths["new_genotypes.tsv"]).columns) == list(read(paths["genotypes.tsv"]).columns)


def test_write_cohort__tables_hold_the_cohort_exactly(cohort, tmp_path):
    paths = write_cohort(cohort, tmp_path, new_samples_share=0, new_drugs=0)
    matrix = pd.read_table(paths["genotypes.tsv"], index_col="sample_id")
    np.testing.assert_array_equal(matrix.to_numpy(np.float32), cohort.genotypes.dense())
    assert set(read(paths["genotypes.tsv"]).iloc[:, 1:].to_numpy().ravel()) <= {"0", "1", "2", ""}
    responses = pd.read_table(paths["responses.tsv"])
    expected = cohort.responses.table[["sample_id", "drug_id", "response"]]
    pd.testing.assert_frame_equal(responses, expected, check_exact=True)
    truth = pd.read_table(paths["truth.tsv"], keep_default_na=False, dtype={"effect": float})
    pd.testing.assert_frame_equal(truth, cohort.truth, check_exact=True)


def test_write_cohort__vcf_has_the_calls_of_the_matrix(cohort, tmp_path):
    paths = write_cohort(cohort, tmp_path)
    matrix, features = pd.read_table(paths["genotypes.tsv"], index_col="sample_id"), read(paths["features.tsv"])
    records = list(cyvcf2.VCF(str(paths["genotypes.vcf"]), gts012=True))
    assert [str(each.POS) for each in records] == features["position"].tolist()
    assert [each.CHROM for each in records] == features["chromosome"].tolist()
    assert [each.INFO.get("GENEINFO", ":0") for each in records] == [f"{gene}:0" for gene in features["gene"]]
    # 3 is how cyvcf2 writes a missing call here
    calls = np.array([each.gt_types for each in records], dtype=float).T
    np.testing.assert_array_equal(np.where(calls == 3, np.nan, calls), matrix.to_numpy(dtype=float))


def test_write_cohort__vcf_is_read_without_a_complaint(cohort, tmp_path):
    path = write_cohort(cohort, tmp_path)["genotypes.vcf"]
    program = f"import cyvcf2; print(sum(len(each.gt_types) for each in cyvcf2.VCF({str(path)!r})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stderr == ""
    assert int(done.stdout) == 40 * cohort.genotypes.shape[1]


def test_write_cohort__germline_vcf_and_matrix_read_as_equal_genotypes(tmp_path):
    from drugresponse.readers.genotypes import read_genotypes

    cohort = simulate_cohort("germline", n_samples=80, n_features=150)
    paths = write_cohort(cohort, tmp_path)
    from_vcf = read_genotypes(paths["genotypes.vcf"])
    from_matrix = read_genotypes(paths["genotypes.tsv"], features=paths["features.tsv"])
    in_memory = cohort.genotypes.take(np.arange(64))
    assert isinstance(from_vcf, Genotypes)
    assert from_matrix.equals(in_memory)
    assert from_vcf.equals(in_memory)


def test_write_cohort__altered_matrix_reads_as_the_cohort(tmp_path):
    from drugresponse.readers.genotypes import read_genotypes

    cohort = small("cell-lines")
    paths = write_cohort(cohort, tmp_path, new_samples_share=0)
    assert read_genotypes(paths["genotypes.tsv"], features=paths["features.tsv"]).equals(cohort.genotypes)


def test_write_cohort__failure_leaves_nothing(tmp_path):
    cohort = small("cell-lines")
    features = cohort.genotypes.features.assign(gene=7)  # not text: the VCF, written last, cannot be
    broken = Cohort(
        Genotypes(cohort.genotypes.values, cohort.genotypes.sample_ids, features),
        cohort.samples,
        cohort.drugs,
        cohort.responses,
        cohort.truth,
    )
    with pytest.raises(TypeError):
        write_cohort(broken, tmp_path / "made")
    with pytest.raises(TypeError):
        write_cohort(broken, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_write_cohort__run_that_is_killed_while_it_writes_leaves_no_part_of_a_new_folder(tmp_path):
    cohort, renamed = small("cell-lines"), Path.rename

    def rename_and_die(path, target):
        renamed(path, target)
        if Path(target).name != "lock":
            os._exit(9)

    pid = os.fork()
    if pid == 0:
        Path.rename = Path.replace = rename_and_die
        write_cohort(cohort, tmp_path / "made")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert sorted(each.name for each in (tmp_path / "made").iterdir()) == sorted(COHORT_FILES)


@pytest.mark.parametrize(
    ("directory", "settings", "message"),
    [
        ("none/deeper", {}, r'^directory: ".*deeper" is no folder and cannot be made one\. Name a'),
        ("file", {}, r'^directory: ".*file" is no folder and cannot be made one\. Name a'),
        (".", {"new_samples_share": 1.0}, r"found 1\.0 as share of new samples \(expected 0 to 0\.9\)"),
        (".", {"new_drugs": 9}, r"found 9 new drugs \(expected 0 to 8: each mechanism keeps a drug\)"),
    ],
)
def test_write_cohort__bad_setting(tmp_path, directory, settings, message):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        write_cohort(small("cell-lines"), tmp_path / directory, **settings)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
