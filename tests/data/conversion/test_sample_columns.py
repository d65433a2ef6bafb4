from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.conversion.sample_columns import feature_columns
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes

SAMPLES = ["s1", "s2", "s3"]
TOLD = {"PHENOTYPE": [1.5, 2.5, 3.5], "Sex": [1, 2, 1], "age": [61, 50, 44], "ln_IC50": [0.1, 0.2, 0.3]}
MARKERS = {"rs1": [0, 1, 2], "AGER": [2, 1, 0], "MAT": [0, 0, 1]}


def frame():
    return pd.DataFrame({**TOLD, **MARKERS}, index=pd.Index(SAMPLES, name="sample_id"))


def test_read_genotypes__columns_about_the_sample_are_no_features(tmp_path, caplog):
    frame().to_csv(tmp_path / "text", sep="\t")
    frame().T.to_csv(tmp_path / "turned", index_label="feature_id")
    frame().to_parquet(tmp_path / "parquet")
    anndata.AnnData(frame().astype(float)).write_h5ad(tmp_path / "h5ad")
    for name in ("text", "turned", "parquet", "h5ad"):
        caplog.clear()
        found = read_genotypes(tmp_path / name)
        assert sorted(found.features.index) == sorted(MARKERS), name
        assert 'left out are columns that tell of the sample and not of its genotype: "PHENOTYPE", "Sex"' in caplog.text
    for data in (frame(), anndata.AnnData(frame().astype(float))):
        assert sorted(as_genotypes(data).features.index) == sorted(MARKERS)


def test_read_genotypes__a_feature_that_is_listed_is_one(tmp_path):
    frame().to_csv(tmp_path / "text", sep="\t")
    (tmp_path / "features").write_text("feature_id\tgene\nage\tAGE\nrs1\tX\n")
    found = read_genotypes(tmp_path / "text", features=tmp_path / "features", kind="score")
    assert sorted(found.features.index) == ["AGER", "MAT", "age", "rs1"]


def test_read_genotypes__words_beside_the_genotype_do_not_stop_it(tmp_path):
    frame().assign(gender=["m", "f", "m"]).to_csv(tmp_path / "text", sep="\t")
    assert read_genotypes(tmp_path / "text").shape == (3, 3)


@pytest.mark.parametrize("name", ["TP53", "AGER", "PAT1", "SEXL", "IC50R", "TIMELESS", "MAT", "rs9", "EVENT_HORIZON"])
def test_feature_columns__names_of_genes_are_kept(name):
    assert feature_columns([name], "table").all()


def test_feature_columns__pedigree_columns_together():
    found = feature_columns(["FID", "PAT", "MAT", "SEX", "rs1"], "table")
    np.testing.assert_array_equal(found, [False] * 4 + [True])


def test_read_genotypes__a_table_without_any_feature_is_refused(tmp_path):
    (tmp_path / "responses").write_text("sample_id\tdrug_id\tresponse\ns1\td1\t0.5\ns2\td1\t0.7\n")
    with pytest.raises(
        InputError, match=r'tell of the sample and not of its genotype: "drug_id", "response" \(expected'
    ):
        read_genotypes(tmp_path / "responses")


@pytest.mark.parametrize("name", ["fold", "PHENO1", "case_control", "Group"])
def test_read_genotypes__a_table_of_folds_or_groups_is_none(tmp_path, name):
    (tmp_path / "folds").write_text(f"sample_id\t{name}\ns1\t0\ns2\t1\ns3\t2\n")
    with pytest.raises(InputError, match=f'tell of the sample and not of its genotype: "{name}"'):
        read_genotypes(tmp_path / "folds")
