from __future__ import annotations

import pandas as pd

from drugresponse.explanation._targets import TARGET_COLUMNS, target_ranks
from drugresponse.readers.genes.names import GeneNames
from tests.explanation.made_contributions import made_attributions


def drugs(*targets: str | None) -> pd.DataFrame:
    return pd.DataFrame({"targets": targets}, index=pd.Index([f"d{j}" for j in range(len(targets))], name="drug_id"))


ATTRIBUTIONS = made_attributions(
    pd.DataFrame([[5.0, 4.0, 3.0, 2.0], [1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1]]).to_numpy(), ["A", "B,C", "C", ""]
)
ASSOCIATIONS = pd.DataFrame(
    [("f1", "B,C", 3, 0.5), ("f2", "C", 1, 0.01), ("f0", "A", 2, 0.1)], columns=["feature_id", "gene", "rank", "q"]
).assign(drug_id="d0")


def test_targets__rank_of_the_best_feature_of_any_target():
    table = target_ranks(drugs("C; X", "A|B", ""), ATTRIBUTIONS, ASSOCIATIONS)
    assert list(table.columns) == list(TARGET_COLUMNS)
    assert table["drug_id"].tolist() == ["d0", "d1"]
    first = table.iloc[0]
    assert (first["targets"], first["targets_in_model"]) == ("C,X", "C")
    assert (first["attribution_feature"], first["attribution_rank"]) == ("f1", 2)
    assert (first["association_feature"], first["association_rank"], first["q"]) == ("f2", 1, 0.01)
    assert first["n_features"] == 4
    second = table.iloc[1]
    assert (second["attribution_feature"], second["attribution_rank"]) == ("f1", 3)
    assert second[["association_feature", "association_rank", "q"]].isna().all()


def test_targets__a_target_that_no_feature_names_has_no_rank():
    table = target_ranks(drugs("X", None), ATTRIBUTIONS)
    assert table["targets_in_model"].tolist() == [""]
    assert table["attribution_rank"].isna().all()


def test_targets__older_names_are_renamed():
    table = target_ranks(drugs("OLD"), ATTRIBUTIONS, names=GeneNames({"OLD": "A"}, {}))
    assert table[["targets", "attribution_rank"]].to_numpy().tolist() == [["A", 1]]


def test_targets__nothing_is_told_without_the_column():
    assert target_ranks(drugs("A").rename(columns={"targets": "pathway"}), ATTRIBUTIONS).empty


def test_targets__the_column_may_be_named_in_the_singular():
    table = target_ranks(drugs("A").rename(columns={"targets": "target"}), ATTRIBUTIONS)
    assert table["attribution_rank"].tolist() == [1]
