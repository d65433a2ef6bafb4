"""Associations with outcomes that are no numbers: the field's own fits agree, and chance stays chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from drugresponse.association.associations import associate_pairs
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import join_training_rows
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.simulation.cohort import simulate_cohort

BINARY = Outcome("binary", ("S", "R"))


def _pairs(calls: np.ndarray, observed: Observed, age: np.ndarray | None = None) -> Pairs:
    ids = [f"s{i:04d}" for i in range(len(calls))]
    genotypes = Genotypes.from_dense(calls, ids, [f"f{i}" for i in range(calls.shape[1])])
    side = pd.DataFrame(index=genotypes.sample_ids) if age is None else pd.DataFrame({"age": age}, genotypes.sample_ids)
    pairs = Pairs.grid(genotypes, side, pd.DataFrame(index=pd.Index(["d"], name="drug_id")))
    return replace(pairs, observed=observed)


def _carriers(n: int, n_features: int, rng: np.random.Generator, share: float = 0.3) -> np.ndarray:
    return (rng.random((n, n_features)) < share).astype(np.float32)


def test_odds_ratios_are_those_of_logistic_regression() -> None:
    rng = np.random.default_rng(1)
    calls, age = _carriers(1500, 4, rng), rng.normal(size=1500)
    y = (rng.random(1500) < 1 / (1 + np.exp(-(0.9 * calls[:, 0] + 0.7 * age - 1)))).astype(float)
    table = associate_pairs(_pairs(calls, Observed(BINARY), age), y).table.set_index("feature_id")
    fit = sm.Logit(y, sm.add_constant(np.column_stack([calls[:, 0], age]))).fit(disp=False)
    lower, upper = fit.conf_int()[1]
    assert table.loc["f0", "effect"] == pytest.approx(fit.params[1], abs=0.02)
    assert table.loc["f0", ["lower", "upper"]].tolist() == pytest.approx([lower, upper], abs=0.03)
    assert table.loc["f0", "method"] == "score"
    assert np.log(table.loc["f0", "p"]) == pytest.approx(np.log(fit.pvalues[1]), rel=0.05)


def test_hazard_ratios_are_those_of_cox() -> None:
    rng = np.random.default_rng(2)
    calls, age = _carriers(1200, 3, rng), rng.normal(size=1200)
    event = rng.exponential(size=1200) * np.exp(-(0.8 * calls[:, 0] + 0.5 * age))
    end = rng.exponential(2.0, size=1200)
    time, happened = np.minimum(event, end), event <= end
    observed = Observed(Outcome("time-to-event"), happened=happened, entry=np.zeros(1200))
    table = associate_pairs(_pairs(calls, observed, age), time).table.set_index("feature_id")
    fit = PHReg(time, np.column_stack([calls[:, 0], age]), status=happened.astype(int)).fit()
    assert table.loc["f0", "effect"] == pytest.approx(fit.params[0], abs=0.03)
    assert (table.loc["f0", "upper"] - table.loc["f0", "effect"]) / 1.96 == pytest.approx(fit.bse[0], rel=0.1)
    # a score test and a Wald test of the same strong effect
    assert abs(table.loc["f0", "statistic"]) == pytest.approx(abs(fit.tvalues[0]), rel=0.15)


@pytest.mark.parametrize("outcome", ["binary", "ordinal", "interval", "time-to-event"])
def test_chance_is_called_as_often_as_it_says(outcome: str) -> None:
    cohort = simulate_cohort(n_samples=400, n_drugs=4, n_features=20, outcome=outcome, random_state=4)
    rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    # others' genotypes say nothing
    rng = np.random.default_rng(5)
    calls = np.hstack([_carriers(400, 150, rng, share) for share in (0.02, 0.3)])
    genotypes = Genotypes.from_dense(calls, list(rows.pairs.genotypes.sample_ids), [f"f{i}" for i in range(300)])
    table = associate_pairs(replace(rows.pairs, genotypes=genotypes), rows.y).table
    assert set(table["method"]) == {"score", "permutation"}
    for method, of_method in table.groupby("method"):
        for level in (0.05, 0.2):
            spread = np.sqrt(level * (1 - level) / len(of_method))
            # the drugs share their samples
            assert (of_method["p"] < level).mean() < level + 6 * spread, method
            assert (of_method["p"] < level).mean() > level / 4, method


@pytest.mark.parametrize("outcome", ["binary", "ordinal", "interval", "time-to-event"])
def test_what_is_planted_comes_first(outcome: str) -> None:
    cohort = simulate_cohort(n_samples=400, n_drugs=4, n_features=60, outcome=outcome, random_state=4)
    rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    table = associate_pairs(rows.pairs, rows.y).table
    planted = cohort.truth[cohort.truth["mechanism_of_effect"] == "targeted"]
    joined = table.merge(planted, on=["drug_id", "feature_id"], suffixes=("", "_true"))
    assert (joined["rank"] <= 5).all()
    assert (np.sign(joined["effect"]) == np.sign(joined["effect_true"])).all()


def test_a_feature_that_separates_the_classes_has_a_finite_effect() -> None:
    rng = np.random.default_rng(3)
    calls = _carriers(200, 2, rng)
    table = associate_pairs(_pairs(calls, Observed(BINARY)), calls[:, 0].astype(float)).table.set_index("feature_id")
    assert np.isfinite(table[["effect", "lower", "upper"]].to_numpy()).all()
    assert table.loc["f0", "effect"] > 5
    assert table.loc["f0", "lower"] > 0


def test_a_drug_without_an_event_is_not_tested() -> None:
    calls = _carriers(50, 2, np.random.default_rng(3))
    assert associate_pairs(_pairs(calls, Observed(BINARY)), np.zeros(50)).table.empty


def test_the_mean_over_drugs_is_of_numbers() -> None:
    calls = _carriers(50, 2, np.random.default_rng(3))
    with pytest.raises(InputError, match=r"`adjust_sensitivity`: the outcome is binary"):
        associate_pairs(_pairs(calls, Observed(BINARY)), calls[:, 0].astype(float), adjust_sensitivity=True)
