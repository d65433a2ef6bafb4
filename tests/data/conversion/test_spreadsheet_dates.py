from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.conversion.spreadsheet_dates import dates_among, shown_dates
from drugresponse.readers import read_genotypes
from drugresponse.readers.genes.names import read_gene_names
from drugresponse.readers.genes.sets import read_gene_sets

DATES = [
    "1-Mar", "01-Mar", "1-mar", "2-SEP", "2-Sept", "1-Dec", "Mar-01", "Sep-02", "Dec-01", "Mar-1", "1.Mar", "1. Mrz",
    "2-Okt", "1-Mar-21", "01-Mar-2021", "2021-09-01", "2021-09-01 00:00:00", "2021-09-01T00:00:00", "9/1/2021",
    "01.09.2021", "X1.Mar", "X2.Sep", "2.31E+13", "44256",
]  # fmt: skip
SYMBOLS = [
    "MARCHF1", "MARCH1", "MARC1", "SEPT2", "SEPTIN2", "DEC1", "DELEC1", "OCT-4", "Oct-4", "SEP-15", "NKX2-1", "HLA-A",
    "MT-ND1", "7SK", "H2AC4", "Mar1", "rs123", "1-8D", "RT_184V", "9-cis", "ERV3-1",
]  # fmt: skip
WARNING = 'turned names of genes into dates: "1-Mar" (MARCHF1 or MTARC1), "2-Sep" (SEPTIN2), "Dec-01" (DELEC1)'
GENES = ["TP53", "2-Sep", "1-Mar", "Dec-01"]


@pytest.mark.parametrize("date", DATES)
def test_dates_among__dates_and_numbers(date):
    assert dates_among([*SYMBOLS, date]) == [date]


def test_dates_among__names_of_genes_are_none():
    assert dates_among(SYMBOLS) == []


def test_dates_among__numbers_of_genes_are_none():
    assert dates_among(["7157", "44256", "3845", "673"]) == []


def test_shown_dates__the_gene_that_each_may_have_been():
    assert shown_dates(["1-Mar", "2021-09-04", "9/1/2021", "Sep-15"]) == (
        '"1-Mar" (MARCHF1 or MTARC1), "2021-09-04" (SEPTIN4), "9/1/2021" and 1 more'
    )


@pytest.fixture
def frame():
    return pd.DataFrame(np.eye(4, dtype=np.float32), index=["s1", "s2", "s3", "s4"], columns=GENES)


def test_read_genotypes__dates_among_columns_of_every_format(tmp_path, caplog, frame):
    named = frame.rename_axis("sample_id")
    named.to_csv(tmp_path / "m.csv")
    named.T.rename_axis("feature_id").to_csv(tmp_path / "turned.csv")
    named.add_suffix("_mut").to_csv(tmp_path / "suffix.csv")
    named.to_parquet(tmp_path / "m.parquet")
    anndata.AnnData(frame).write_h5ad(tmp_path / "m.h5ad")
    rows = [f"s{at}\t{gene}\tlof" for at, gene in enumerate(GENES)]
    (tmp_path / "a.tsv").write_text("\n".join(["sample_id\tgene\talteration", *rows]) + "\n")
    for name in ("m.csv", "turned.csv", "suffix.csv", "m.parquet", "m.h5ad", "a.tsv"):
        caplog.clear()
        read_genotypes(tmp_path / name)
        assert caplog.text.count(WARNING) == 1, name
    for data in (frame, anndata.AnnData(frame)):
        caplog.clear()
        as_genotypes(data)
        assert caplog.text.count(WARNING) == 1


def test_read_genotypes__dates_in_the_table_of_features(tmp_path, caplog, frame):
    ids = [f"probe{at}" for at in range(4)]
    frame.set_axis(ids, axis=1).rename_axis("sample_id").to_csv(tmp_path / "m.csv")
    pd.DataFrame({"feature_id": ids, "gene": GENES}).to_csv(tmp_path / "features.csv", index=False)
    read_genotypes(tmp_path / "m.csv", features=tmp_path / "features.csv")
    assert caplog.text.count(WARNING) == 1


def test_read_gene_sets_and_names__dates(tmp_path, caplog):
    (tmp_path / "sets.gmt").write_text("SET\tmade up\t" + "\t".join(GENES) + "\n")
    read_gene_sets(tmp_path / "sets.gmt")
    assert WARNING in caplog.text
    caplog.clear()
    (tmp_path / "names.tsv").write_text("alias\tgene\nP53\tTP53\nSEPT2\t2-Sep\n")
    read_gene_names(tmp_path / "names.tsv")
    assert '"2-Sep" (SEPTIN2)' in caplog.text
    caplog.clear()
    (tmp_path / "names.tsv").write_text("alias\tgene\n2-Sep\tSEPTIN2\n")
    assert read_gene_names(tmp_path / "names.tsv").current("2-Sep") == "SEPTIN2"
    assert caplog.text == ""
