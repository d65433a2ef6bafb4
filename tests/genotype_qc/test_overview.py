from __future__ import annotations

import numpy as np

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc.overview import overview_of
from drugresponse.outputs import write_table


def cohort() -> Genotypes:
    rng = np.random.default_rng(0)
    dosages = rng.binomial(2, 0.4, (20, 300)).astype(float)
    dosages[19] = dosages[4]
    dosages[0, :30] = np.nan
    ids = [f"s{i:02d}" for i in range(20)], [f"rs{i}" for i in range(300)]
    return Genotypes.from_dense(dosages, *ids, kind="dosage")


def test_table__one_number_a_row():
    overview = overview_of(cohort())
    table = overview.table()
    assert table.columns.tolist() == ["level", "id", "other_id", "metric", "value"]
    assert table["level"].unique().tolist() == ["cohort", "block", "component", "sample", "pair"]
    assert not table.duplicated(["level", "id", "other_id", "metric"]).any()
    value = table.set_index(["level", "id", "metric"])["value"].sort_index()
    assert value["cohort", "", "n_samples"] == 20
    assert value["cohort", "", "missing"] == overview.missing == 0.005
    assert value["sample", "s00", "missing"] == 0.1
    assert value["block", "dosage", "dosage frequency 0.4-0.5"] == (overview.summary.frequency > 0.4).sum()
    assert value["sample", "s05", "PC1"] == overview.components.scores.loc["s05", "PC1"]
    assert table[table["level"] == "pair"][["id", "other_id", "metric"]].to_numpy().tolist() == [
        ["s04", "s19", "kinship"]
    ]


def test_table__the_same_bytes_twice(tmp_path):
    for name in "ab":
        write_table(overview_of(cohort()).table(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_table__no_metric_without_any_value():
    scores = Genotypes.from_dense(np.random.default_rng(0).normal(size=(5, 3)), list("abcde"), list("xyz"))
    assert "heterozygosity" not in set(overview_of(scores).table()["metric"])
