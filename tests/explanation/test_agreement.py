from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.explanation._agreement import AGREEMENT_COLUMNS, agreement


def found(*rows: tuple) -> pd.DataFrame:
    """Associations: feature, effect, q, rank, group."""
    table = pd.DataFrame(rows, columns=["feature_id", "effect", "q", "rank", "group"])
    return table.assign(drug_id="d", block="m", gene="G" + table["feature_id"], p=table["q"] / 10)


def told(*rows: tuple) -> pd.DataFrame:
    """Attributions: feature, effect, rank, stability, above noise."""
    table = pd.DataFrame(rows, columns=["feature_id", "effect", "rank", "stability", "above_noise"])
    return table.assign(drug_id="d", block="m", gene="T", kind="genotype", arm="")


def verdicts(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["feature_id"], table["verdict"], strict=True))


def test_agreement__names_by_q_and_by_rank_above_noise():
    associations = found(("A", 1.0, 0.01, 1, 1), ("B", 1.0, 0.05, 2, 2), ("C", 1.0, 0.2, 3, 3), ("D", 1.0, 0.9, 4, 4))
    attributions = told(
        ("A", 0.5, 10, 0.8, True), ("B", 0.5, 11, 0.0, True), ("C", -0.5, 1, 1.0, True), ("D", 0.5, 2, 1.0, False)
    )
    table = agreement(associations, attributions)
    assert list(table.columns) == list(AGREEMENT_COLUMNS)
    assert verdicts(table) == {"A": "both", "B": "association only", "C": "model only"}
    assert table["same_direction"].tolist() == [True, True, False]
    first = table.iloc[0]
    assert (first["association_rank"], first["attribution_rank"], first["gene"]) == (1, 10, "GA")
    assert (first["effect_association"], first["effect_attribution"]) == (1.0, 0.5)


def test_agreement__without_a_noise_refit_the_rank_alone_counts():
    attributions = told(("A", 0.5, 1, np.nan, pd.NA), ("B", 0.5, 11, np.nan, pd.NA))
    assert verdicts(agreement(found(("A", 1.0, 0.9, 1, 1)), attributions)) == {"A": "model only"}


def test_agreement__linked_features_count_as_one():
    associations = found(("A", 1.0, 0.001, 1, "g1"), ("B", -0.9, 0.3, 1, "g1"), ("C", 0.1, 0.8, 2, "g2"))
    attributions = told(("A", 0.1, 40, 0.2, False), ("B", -0.7, 2, 1.0, True), ("C", 0.1, 30, 0.1, False))
    table = agreement(associations, attributions)
    assert verdicts(table) == {"A": "both"}
    row = table.iloc[0]
    assert (row["attribution_rank"], row["stability"], row["effect_attribution"]) == (2, 1.0, 0.1)


def test_agreement__a_group_holds_for_a_drug_in_which_a_member_was_not_tested():
    other = found(("A", 1.0, 0.9, 1, "g1"), ("B", 1.0, 0.9, 2, "g1")).assign(drug_id="other")
    associations = pd.concat([found(("A", 1.0, 0.001, 1, "g1")), other])
    table = agreement(associations, told(("B", 0.7, 1, 1.0, True)))
    assert verdicts(table) == {"A": "both"}
    assert pd.isna(table["effect_attribution"][0])
    assert pd.isna(table["same_direction"][0])


def test_agreement__features_without_a_group_and_of_another_block_stay_apart():
    associations = found(("A", 1.0, 0.001, 1, ""), ("B", 1.0, 0.001, 2, None))
    attributions = told(("A", 0.7, 1, 1.0, True)).assign(block="other")
    assert sorted(agreement(associations, attributions)["verdict"]) == [
        "association only",
        "association only",
        "model only",
    ]


def test_agreement__both_and_stable_lead():
    smallest_first = enumerate({"A": 1e-9, "B": 1e-4, "C": 1e-3, "D": 1e-6}.items())
    associations = found(*((name, 1.0, q, at, at) for at, (name, q) in smallest_first))
    attributions = told(("A", 1.0, 50, 1.0, False), ("B", 1.0, 1, 0.6, True), ("C", 1.0, 2, 1.0, True))
    attributions = pd.concat([attributions, told(("D", 1.0, 3, 0.6, True), ("E", 1.0, 4, 1.0, True))])
    table = agreement(associations, attributions)
    assert table["feature_id"].tolist() == ["C", "D", "B", "A", "E"]
    assert table["verdict"].tolist() == ["both"] * 3 + ["association only", "model only"]


def test_agreement__covariates_and_arms_are_left_out():
    attributions = told(("A", 1.0, 1, 1.0, True), ("B", 1.0, 2, 1.0, True))
    attributions.loc[0, "kind"], attributions.loc[1, "arm"] = "covariate", "arm=b"
    assert agreement(found(("C", 1.0, 0.5, 1, 1)), attributions).empty
    assert verdicts(agreement(found(("C", 1.0, 0.01, 1, 1)), attributions.iloc[:0])) == {"C": "association only"}


def test_agreement__drugs_do_not_mix():
    associations = pd.concat([found(("A", 1.0, q, 1, 1)).assign(drug_id=drug) for drug, q in (("x", 0.01), ("y", 0.9))])
    attributions = pd.concat([told(("A", 1.0, 1, 1.0, True)).assign(drug_id=drug) for drug in ("x", "y")])
    table = agreement(associations, attributions)
    assert dict(zip(table["drug_id"], table["verdict"], strict=True)) == {"x": "both", "y": "model only"}
