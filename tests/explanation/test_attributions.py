from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.explanation._attributions import attribute
from drugresponse.explanation._reasons import REASON_COLUMNS
from tests.explanation.made_contributions import made_contributions, made_pairs, made_parts


def additive(n_samples: int = 60, n_drugs: int = 3, seed: int = 0):
    """Contributions of a plain linear model in centred features."""
    rng = np.random.default_rng(seed)
    calls = rng.integers(0, 3, (n_samples, 4)).astype(float)
    calls[0, 1] = np.nan
    pairs = made_pairs(calls, n_drugs, {"tissue": ["lung", "skin"] * (n_samples // 2)})
    slopes = rng.normal(size=(n_drugs, 4))
    centred = np.nan_to_num(calls - np.nanmean(calls, axis=0))
    lung = (np.arange(n_samples) % 2 == 0) - 0.5
    tables = [np.column_stack([np.full(n_samples, 5.0), lung, centred * each]) for each in slopes]
    return pairs, made_parts(4, ["tissue=lung"]), tables, slopes


def test_attribute__effect_is_the_slope_on_the_feature_and_missing_calls_do_not_count():
    pairs, parts, tables, slopes = additive()
    effects, reasons = attribute(parts, made_contributions(pairs, tables), pairs)
    assert effects.parts["feature_id"].tolist() == ["f0", "f1", "f2", "f3", "tissue=lung"]
    np.testing.assert_allclose(effects.effect[:, :4], slopes, rtol=1e-12)
    np.testing.assert_allclose(effects.effect[:, 4], 1.0)
    assert reasons.empty


def test_attribute__of_a_feature_of_0_and_1_the_effect_is_carriers_less_others():
    calls = np.array([[0.0], [0.0], [1.0], [1.0], [1.0]])
    pairs = made_pairs(calls, 1)
    contributed = np.array([-1.0, -2.0, 3.0, 5.0, 1.0])
    table = np.column_stack([np.zeros(5), contributed])
    effects, _ = attribute(made_parts(1), made_contributions(pairs, [table]), pairs)
    assert effects.effect[0, 0] == pytest.approx(3.0 - -1.5)
    assert effects.importance[0, 0] == pytest.approx(np.sqrt(((contributed - contributed.mean()) ** 2).mean()))
    assert effects.n_carriers[0, 0] == 3


def test_attribute__a_feature_that_does_not_vary_has_no_effect_to_tell():
    pairs = made_pairs(np.column_stack([np.full(5, 0.1), np.arange(5.0)]), 1)
    table = np.column_stack([np.zeros(5), np.arange(5.0), np.arange(5.0)])
    effects, _ = attribute(made_parts(2), made_contributions(pairs, [table]), pairs)
    assert np.isnan(effects.effect[0, 0])
    assert effects.effect[0, 1] == pytest.approx(1.0)


def test_attribute__drugs_may_be_asked_for_different_samples():
    pairs, parts, tables, slopes = additive()
    whole = made_contributions(pairs, tables)
    kept = np.flatnonzero((pairs.drug_index != 1) | (pairs.sample_index >= 20))
    cut = pairs[kept]
    some = made_contributions(cut, [tables[0], tables[1][20:], tables[2]])
    effects, _ = attribute(parts, some, cut)
    all_effects, _ = attribute(parts, whole, pairs)
    np.testing.assert_allclose(effects.effect[:, :4], slopes, rtol=1e-12)
    np.testing.assert_allclose(effects.importance[[0, 2]], all_effects.importance[[0, 2]], rtol=1e-9, atol=1e-10)
    carriers = (pairs.genotypes.dense()[20:, 0] != _mode(pairs.genotypes.dense()[:, 0])).sum()
    assert effects.n_carriers[1, 0] == carriers


def test_ranks__by_importance_within_each_kind_ties_by_name():
    pairs, parts, tables, _ = additive(n_drugs=1)
    tables[0][:, 2:] = np.outer(np.where(np.arange(60) < 30, 1.0, -1.0), [1.0, 3.0, 3.0, 0.5])
    effects, _ = attribute(parts, made_contributions(pairs, tables), pairs)
    assert effects.ranks().tolist() == [[3, 1, 2, 4, 1]]


def test_attribute__interaction_effect_is_the_difference_of_slopes_between_arms():
    rng = np.random.default_rng(1)
    calls = rng.integers(0, 2, (400, 1)).astype(float)
    treated = rng.integers(0, 2, 400)
    pairs = made_pairs(calls, 1, {"arm": np.array(["a", "b"], dtype=object)[treated]})
    product = (calls[:, 0] - calls.mean()) * (treated - treated.mean())
    table = np.column_stack([np.zeros(400), 0.5 * (calls[:, 0] - calls.mean()), 2.0 * product])
    effects, _ = attribute(made_parts(1, arm="arm=b"), made_contributions(pairs, [table]), pairs)
    np.testing.assert_allclose(effects.effect, [[0.5, 2.0]])
    assert effects.n_carriers.tolist() == [[(calls == 1).sum(), ((calls[:, 0] == 1) & (treated == 1)).sum()]]


def test_reasons__sum_to_the_prediction_and_name_the_strongest_parts():
    pairs, parts, tables, _ = additive()
    asked = np.zeros(len(pairs), dtype=bool)
    asked[[4, 3, 20]] = True
    _, reasons = attribute(parts, made_contributions(pairs, tables, gap=0.25), pairs, selected=asked, n_strongest=2)
    assert list(reasons.columns) == list(REASON_COLUMNS)
    told = list(zip(reasons["sample_id"], reasons["drug_id"], strict=True))
    assert list(dict.fromkeys(told)) == [("s001", "d0"), ("s001", "d1"), ("s006", "d2")]
    for (sample, drug), rows in reasons.groupby(["sample_id", "drug_id"]):
        own = tables[int(drug[1:])][int(sample[1:])]
        assert rows["kind"].tolist() == ["mean", "covariate", "genotype", "genotype", "other", "gap"]
        assert rows["place"].tolist() == [1, 2, 3, 4, 5, 6]
        np.testing.assert_allclose(rows["prediction"], own.sum() + 0.25)
        assert rows["contribution"].sum() == pytest.approx(own.sum() + 0.25)
        strongest = np.argsort(-np.abs(own[2:]), kind="stable")
        assert rows["feature_id"].tolist()[2:5] == [*(f"f{j}" for j in strongest[:2]), "2 other features"]
        np.testing.assert_allclose(rows["contribution"].iloc[4], own[2:][strongest[2:]].sum())
        shown = pairs.genotypes.dense()[int(sample[1:]), strongest[:2]]
        np.testing.assert_array_equal(rows["value"].iloc[2:4], shown)


def test_reasons__more_places_than_parts_leave_an_empty_rest():
    pairs, parts, tables, _ = additive(n_drugs=1)
    asked = np.arange(len(pairs)) == 0
    _, reasons = attribute(parts, made_contributions(pairs, tables), pairs, selected=asked, n_strongest=10)
    assert reasons["kind"].tolist() == ["mean", "covariate", *["genotype"] * 4, "other", "gap"]
    assert reasons["contribution"].iloc[-2] == 0.0


def test_reasons__what_a_structure_and_own_responses_add_are_rows_of_their_own():
    pairs = made_pairs(np.array([[0.0], [1.0]]), 1)
    parts = pd.concat([made_parts(0), made_parts(0), made_parts(1)], ignore_index=True).iloc[[0, 1, 2, 3]]
    parts = parts.assign(kind=["mean", "structure", "measured", "genotype"])
    table = np.array([[1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0, 16.0]])
    asked = np.array([False, True])
    _, reasons = attribute(parts, made_contributions(pairs, [table]), pairs, selected=asked)
    told = dict(zip(reasons["kind"], reasons["contribution"], strict=True))
    assert told == {"mean": 1.0, "structure": 2.0, "measured": 4.0, "genotype": 16.0, "other": 0.0, "gap": 0.0}
    assert reasons["feature_id"].tolist()[1:3] == ["chemical structure", "own responses"]
    assert reasons["value"].tolist()[3] == 1.0


def _mode(column):
    levels, counts = np.unique(column, return_counts=True)
    return levels[np.argmax(counts)]
