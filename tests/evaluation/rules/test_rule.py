from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.evaluation.rules.rule import Rule

SIR = Outcome("ordinal", ("S", "I", "R"))


def _pairs() -> Pairs:
    values = [[1.0, 0.0, 2.0], [0.0, 1.0, np.nan], [0.0, 0.0, 0.0]]
    genotypes = Genotypes.from_dense(values, ["s1", "s2", "s3"], ["a", "b", "c"])
    return Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d", "e"])))


def _said(rule: Rule) -> dict[tuple[str, str], float]:
    pairs = _pairs()
    return dict(zip(zip(pairs.sample_ids, pairs.drug_ids, strict=True), rule.scores(pairs), strict=True))


def test_scores__are_summed_over_carried_features_of_the_drug() -> None:
    table = pd.DataFrame({"drug_id": ["d", "d", "e", ""], "feature_id": ["a", "c", "b", "a"], "score": [1, 10, 5, 100]})
    said = _said(Rule.build(table.astype(str), CONTINUOUS))
    # two copies are carried once, a missing call not at all, and what holds for every drug adds to its own
    assert said == {
        ("s1", "d"): 111,
        ("s1", "e"): 100,
        ("s2", "d"): 0,
        ("s2", "e"): 5,
        ("s3", "d"): 0,
        ("s3", "e"): 0,
    }


def test_classes__the_highest_carried_is_called() -> None:
    table = pd.DataFrame({"drug_id": ["d", "d"], "feature_id": ["a", "c"], "class": ["intermediate", "Resistant"]})
    rule = Rule.build(table, SIR)
    assert _said(rule)["s1", "d"] == 2
    called = rule.called(_pairs())
    assert called is not None
    assert called.tolist() == [2, 0, 0, 0, 0, 0]
    assert Rule.build(table.iloc[:1], SIR).scores(_pairs())[0] == 1


def test_samples__what_another_program_said() -> None:
    table = pd.DataFrame({"drug_id": ["d", "e"], "sample_id": ["s2", "s3"], "class": ["R", "R"]})
    assert {key for key, value in _said(Rule.build(table, SIR)).items() if value} == {("s2", "d"), ("s3", "e")}


def test_samples__of_which_nothing_was_said_are_named(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame({"drug_id": ["d", "e"], "sample_id": ["s2", "s3"], "class": ["R", "S"]})
    Rule.build(table, SIR).tell_of_unknown(_pairs())
    assert 'says nothing of 1 of 3 samples ("s1"), which count as the lowest class' in caplog.text


def test_classes__are_those_of_the_responses_also_where_these_are_joined_or_turned() -> None:
    table = pd.DataFrame({"feature_id": ["a", "c"], "class": ["R", "intermediate"]})
    assert _said(Rule.build(table, Outcome("binary", ("S", "I=R"))))["s1", "d"] == 1
    # what carries nothing is called the lowest class, which would be R here
    with pytest.raises(InputError, match=r'all its features are of the class "R", which is the lowest.*"S<R"'):
        Rule.build(table.iloc[:1], Outcome("binary", ("R", "S")))


def test_unknown_features__are_named(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame({"drug_id": ["d", "d"], "feature_id": ["a", "blaNDM"], "score": ["1", "2"]})
    with caplog.at_level(logging.WARNING):
        Rule.build(table, CONTINUOUS).tell_of_unknown(_pairs())
    assert "blaNDM" in caplog.text
    assert '"e"' in caplog.text
    with pytest.raises(InputError, match="none of its 1 feature"):
        Rule.build(table.iloc[1:], CONTINUOUS).tell_of_unknown(_pairs())
    other = table.assign(drug_id="x")
    with pytest.raises(InputError, match="none of its drugs"):
        Rule.build(other, CONTINUOUS).tell_of_unknown(_pairs())


@pytest.mark.parametrize(
    ("table", "outcome", "message"),
    [
        ({"feature_id": ["a"], "class": ["X"]}, SIR, 'the class "x"'),
        ({"feature_id": ["a"], "class": ["R"]}, CONTINUOUS, "expected scores"),
        ({"feature_id": ["a"], "score": ["high"]}, SIR, "score"),
        ({"feature_id": ["a"]}, SIR, "score or class"),
        ({"feature_id": [""], "score": ["1"]}, SIR, "no row"),
    ],
)
def test_tables_that_are_no_rule__are_refused(table: dict[str, list[str]], outcome: Outcome, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Rule.build(pd.DataFrame(table), outcome)


def test_repr__tells_rules_apart() -> None:
    table = pd.DataFrame({"drug_id": ["d"], "feature_id": ["a"], "score": ["1"]})
    assert repr(Rule.build(table, SIR)) != repr(Rule.build(table.assign(score="2"), SIR))
