from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts.naive import NaiveForecasts, naive_from_state
from tests.model.forecasts.made_rows import MadeRows, class_rows


def _with_tissues(rows: MadeRows) -> Pairs:
    tissues = pd.Series(["lung", "skin"] * (rows.pairs.genotypes.shape[0] // 2), index=rows.pairs.genotypes.sample_ids)
    return replace(rows.pairs, covariates=pd.DataFrame({"tissue": tissues.astype(object)}))


def test_naive_forecasts__shares_are_those_of_drug_and_of_tissue() -> None:
    rows = class_rows(400, [-2.0, 1.0])
    pairs = _with_tissues(rows)
    lung, second = pairs.sample_index % 2 == 0, pairs.drug_index == 1

    told = NaiveForecasts.fit(pairs, rows.y, scheme="new-samples").predict(pairs)

    assert list(told) == ["overall mean", "drug mean", "tissue-drug mean"]
    for name, at in (("overall mean", slice(None)), ("drug mean", second), ("tissue-drug mean", second & lung)):
        shares = told[name].shares
        assert shares is not None
        assert shares[at, 1].mean() == pytest.approx(rows.y[at].mean(), abs=0.01)
        assert np.ptp(shares[at, 1]) == 0
        assert shares.sum(axis=1) == pytest.approx(1)


def test_naive_forecasts__a_drug_of_one_class_has_no_share_of_0() -> None:
    rows = class_rows(30, [0.0, 0.0])
    y = np.where(rows.pairs.drug_index == 0, 0.0, rows.y)

    shares = NaiveForecasts.fit(rows.pairs, y, scheme="new-samples").finest(rows.pairs).shares

    assert shares is not None
    assert (shares > 0).all()


def test_naive_forecasts__an_unknown_drug_takes_the_share_of_all() -> None:
    rows = class_rows(100, [-2.0, 1.0])
    naive = NaiveForecasts.fit(rows.pairs, rows.y, scheme="new-samples")
    unknown = replace(rows.pairs, drugs=rows.pairs.drugs.rename(index={"d0": "other"}))[:1]

    shares = naive.finest(unknown).shares

    assert shares is not None
    assert shares[0, 1] == pytest.approx(rows.y.mean(), abs=0.01)


def test_naive_from_state__keeps_every_number_and_refuses_damage() -> None:
    rows = class_rows(100, [-2.0, 1.0], ("S", "I", "R"))
    pairs = _with_tissues(rows)
    naive = NaiveForecasts.fit(pairs, rows.y, scheme="new-samples")
    state = naive.get_state()

    again = naive_from_state(state, naive.outcome).finest(pairs).shares
    assert np.array_equal(again, naive.finest(pairs).shares)

    state["tables"]["drug mean"]["numbers"] = np.full((2, 3), 0.5)
    with pytest.raises(ModelFileError, match="add up"):
        naive_from_state(state, naive.outcome)
    del state["tables"]["drug mean"]
    with pytest.raises(ModelFileError, match="falls back"):
        naive_from_state(state, naive.outcome)
