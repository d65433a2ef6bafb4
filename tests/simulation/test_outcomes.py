"""Simulated outcomes carry the effects that their truth tells, and are written as a laboratory would."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from drugresponse.errors import InputError
from drugresponse.simulation.cohort import Cohort, simulate_cohort
from drugresponse.simulation.files import write_cohort


def _design(cohort: Cohort) -> pd.DataFrame:
    """Planted dosages of the one drug, the pair's product, and what else moves the response."""
    calls = pd.DataFrame(cohort.genotypes.dense(), cohort.genotypes.sample_ids, cohort.genotypes.features.index)
    calls = calls.fillna(calls.mean())
    columns = {
        row.feature_id: calls[row.feature_id]
        if not row.partner
        else ((calls[row.feature_id] > 0.5) & (calls[row.partner] > 0.5)).astype(float)
        for row in cohort.truth.itertuples()
    }
    sides = pd.get_dummies(cohort.samples[["sex", "ancestry"]], drop_first=True).astype(float)
    return pd.concat([pd.DataFrame(columns), cohort.samples["age"], sides], axis=1)


def test_planted_odds_ratios_are_those_of_the_truth() -> None:
    cohort = simulate_cohort("germline", n_samples=6000, n_features=20, outcome="binary", random_state=3)
    fit = sm.Logit(cohort.responses.table["response"].to_numpy(), sm.add_constant(_design(cohort))).fit(disp=False)
    for row in cohort.truth.itertuples():
        assert fit.params[row.feature_id] == pytest.approx(row.effect, abs=0.3)
    assert cohort.responses.table["response"].mean() == pytest.approx(0.3, abs=0.001)


def test_planted_hazard_ratios_are_those_of_the_truth() -> None:
    cohort = simulate_cohort("germline", n_samples=6000, n_features=20, outcome="time-to-event", random_state=3)
    table = cohort.responses.table
    times, events = table["response"].to_numpy(), table["happened"].to_numpy(dtype=int)
    fit = PHReg(times, _design(cohort).to_numpy(), status=events).fit()
    effects = dict(zip(_design(cohort).columns, fit.params, strict=True))
    for row in cohort.truth.itertuples():
        assert effects[row.feature_id] == pytest.approx(row.effect, abs=0.2)
    assert 0.3 < table["happened"].mean() < 0.8


def test_dilutions_hold_the_value_and_end_with_the_panel() -> None:
    table = simulate_cohort(n_samples=300, n_drugs=4, outcome="interval").responses.table
    inside = np.isfinite(table["lower"]) & np.isfinite(table["upper"])
    assert (table.loc[inside, "upper"] - table.loc[inside, "lower"] == 1).all()
    assert (table.loc[inside, "upper"] - table.loc[inside, "response"] == 0.5).all()
    for _, of_drug in table.groupby("drug_id"):
        lowest, highest = of_drug["upper"].min(), of_drug["lower"].max()
        assert (of_drug.loc[np.isinf(of_drug["lower"]), "upper"] == lowest).all()
        assert (of_drug.loc[np.isinf(of_drug["upper"]), "lower"] == highest).all()
        assert 0.2 < np.isinf(of_drug["lower"]).mean() < 0.6


def test_a_laboratory_reads_what_is_written(tmp_path) -> None:
    written = {}
    for outcome in ("binary", "ordinal", "interval", "time-to-event"):
        cohort = simulate_cohort(n_samples=60, n_drugs=4, n_features=20, outcome=outcome)
        paths = write_cohort(cohort, tmp_path / outcome)
        written[outcome] = pd.read_table(paths["responses.tsv"], dtype=str)
    assert set(written["binary"]["response"]) == {"S", "R"}
    assert set(written["ordinal"]["response"]) == {"S", "I", "R"}
    assert written["interval"]["response"].str.fullmatch(r"(<=|>)?\d+(\.\d+)?").all()
    assert list(written["time-to-event"].columns) == ["sample_id", "drug_id", "time", "event"]
    assert set(written["time-to-event"]["event"]) == {"0", "1"}


def test_an_unknown_outcome_is_named() -> None:
    with pytest.raises(InputError, match=r'"binari" is unknown.*binary'):
        simulate_cohort(outcome="binari")
