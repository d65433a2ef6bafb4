from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from drugresponse.learners.baselines import AdditiveMean, NaiveEffects, shrinkage
from tests.learners.cohorts import draw_calls, made_pairs, rmse

TISSUES = ["lung", "skin", "colon"] * 10


@pytest.fixture
def rows() -> tuple:
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 4, rng), 5, keep=rng.random((30, 5)) < 0.7, tissues=TISSUES)
    return pairs, rng.normal(3, 2, len(pairs)), rng.uniform(0.1, 4, len(pairs))


def frame(pairs, y, weights) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample": pairs.sample_ids,
            "drug": pairs.drug_ids,
            "tissue": pairs.covariates["tissue"].to_numpy()[pairs.sample_index],
            "wy": y * weights,
            "w": weights,
        }
    )


def grouped(table: pd.DataFrame, keys: list[str]) -> np.ndarray:
    sums = table.groupby(keys)[["wy", "w"]].transform("sum")
    return (sums["wy"] / sums["w"]).to_numpy()


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("random-pairs", {"drug mean": ["drug"], "sample mean": ["sample"], "tissue-drug mean": ["tissue", "drug"]}),
        ("new-samples", {"drug mean": ["drug"], "tissue-drug mean": ["tissue", "drug"]}),
        ("new-tissues", {"drug mean": ["drug"], "tissue-drug mean": ["tissue", "drug"]}),
        ("new-drugs", {"sample mean": ["sample"]}),
        ("new-samples-and-drugs", {}),
    ],
)
def test_naive_effects__are_weighted_means_of_what_the_scheme_has(rows, scheme, expected):
    pairs, y, weights = rows
    predicted = NaiveEffects.fit(pairs, y, weights, scheme=scheme).predict(pairs)
    mean_effects = predicted.pop("mean effects", None)
    assert (mean_effects is not None) == (scheme == "random-pairs")
    table = frame(pairs, y, weights)
    np.testing.assert_allclose(predicted.pop("overall mean"), np.average(y, weights=weights))
    assert set(predicted) == set(expected)
    for name, keys in expected.items():
        np.testing.assert_allclose(predicted[name], grouped(table, keys), err_msg=name)


def test_naive_effects__mean_effects_recover_planted_ones_through_holes():
    rng = np.random.default_rng(1)
    pairs = made_pairs(draw_calls(80, 3, rng), 12, keep=rng.random((80, 12)) < 0.5)
    sample, drug = rng.normal(0, 1, 80), rng.normal(0, 3, 12)
    truth = 5 + sample[pairs.sample_index] + drug[pairs.drug_index]
    y = truth + rng.normal(0, 0.2, len(pairs))
    predicted = NaiveEffects.fit(pairs, y, scheme="random-pairs").predict(pairs)
    assert rmse(predicted["mean effects"], truth) < 0.2
    assert rmse(predicted["mean effects"], truth) < 0.5 * min(
        rmse(predicted[n], truth) for n in predicted if n != "mean effects"
    )
    np.testing.assert_allclose(AdditiveMean("random-pairs").fit(pairs, y).predict(pairs), predicted["mean effects"])


def test_naive_effects__unknown_ids_fall_back(rows):
    pairs, y, weights = rows
    known = NaiveEffects.fit(pairs, y, weights, scheme="random-pairs")
    rng = np.random.default_rng(2)
    other = made_pairs(draw_calls(40, 4, rng), 7, tissues=[*TISSUES, *["brain"] * 5, *["lung"] * 5])
    predicted = known.predict(other)
    new_drug, new_sample = other.drug_index >= 5, other.sample_index >= 30
    overall = np.average(y, weights=weights)
    assert all(np.isfinite(column).all() for column in predicted.values())
    np.testing.assert_allclose(predicted["drug mean"][new_drug], overall)
    np.testing.assert_allclose(predicted["sample mean"][new_sample], overall)
    brain = np.flatnonzero((other.sample_index >= 30) & (other.sample_index < 35) & ~new_drug)
    np.testing.assert_allclose(predicted["tissue-drug mean"][brain], predicted["drug mean"][brain])
    finest = known.finest(other)
    lung = np.flatnonzero((other.sample_index >= 35) & ~new_drug)
    np.testing.assert_allclose(finest[lung], predicted["tissue-drug mean"][lung])
    np.testing.assert_allclose(finest[brain], predicted["drug mean"][brain])
    np.testing.assert_allclose(finest[new_drug & ~new_sample], predicted["sample mean"][new_drug & ~new_sample])
    np.testing.assert_allclose(finest[new_drug & new_sample], overall)
    np.testing.assert_allclose(finest[~new_drug & ~new_sample], predicted["mean effects"][~new_drug & ~new_sample])


@pytest.mark.parametrize("scheme", ["new-samples", "new-tissues", "new-samples-and-drugs"])
def test_naive_effects__nothing_of_a_sample_is_kept_where_samples_are_new(rows, scheme):
    effects = NaiveEffects.fit(*rows, scheme=scheme)
    assert effects.sample_means.empty
    assert effects.sample_effects.empty
    assert "s0" not in str(effects.get_state())


def test_naive_effects__one_drug_has_no_sample_effects(rows):
    pairs, y, weights = rows
    one = np.flatnonzero(pairs.drug_index == 0)
    effects = NaiveEffects.fit(pairs[one], y[one], weights[one], scheme="random-pairs")
    assert effects.sample_means.empty
    np.testing.assert_allclose(effects.finest(pairs[one]), effects.predict(pairs[one])["tissue-drug mean"])


def test_naive_effects__sample_without_tissue_takes_the_drug_mean(rows):
    pairs, y, _ = rows
    bare = made_pairs(draw_calls(30, 4, np.random.default_rng(0)), 5, tissues=["", *TISSUES[1:]])
    fitted = NaiveEffects.fit(pairs, y, scheme="new-samples")
    first = bare.sample_index == 0
    np.testing.assert_allclose(fitted.finest(bare)[first], fitted.drug_means.to_numpy())


def test_shrinkage__noise_alone_is_shrunk_away_and_clear_effects_are_not():
    rng = np.random.default_rng(0)
    counts = np.full(200, 5.0)
    noise = rng.normal(0, 1 / np.sqrt(5), 200)
    assert shrinkage(noise, counts, 1.0) > 20
    assert shrinkage(noise + rng.normal(0, 3, 200), counts, 1.0) < 0.5
    assert shrinkage(np.zeros(3), np.ones(3), 1.0) == pytest.approx(1e6)
    assert shrinkage(np.ones(3), np.ones(3), 0.0) == 0


def test_shrinkage__unit_of_the_response_does_not_matter():
    means, counts = np.array([-1.0, 0.2, 1.0]), np.array([3.0, 4.0, 5.0])
    assert shrinkage(means * 1e-9, counts, 1e-18) == pytest.approx(shrinkage(means, counts, 1.0))


def test_additive_mean__not_fitted(rows):
    with pytest.raises(NotFittedError):
        AdditiveMean().predict(rows[0])
