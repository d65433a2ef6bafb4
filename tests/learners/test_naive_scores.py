from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from drugresponse.learners.baselines import AdditiveMean, NaiveEffects
from drugresponse.learners.naive_scores import NaiveScores, shrunken_effects
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs
from tests.learners.losses.made_losses import made_loss

TISSUES = ("lung", "skin", "colon", "")
OF_DRUGS = np.array([-1.5, -0.5, 0.5, 1.5])
OF_TISSUES = np.array([-1.0, 0.0, 1.0, 0.0])


def made_rows(kind: str, of_samples: float = 0.0, n_samples: int = 400) -> tuple:
    rng = np.random.default_rng(0)
    tissue = np.arange(n_samples) % 4
    pairs = made_pairs(draw_calls(n_samples, 3, rng), 4, tissues=[TISSUES[at] for at in tissue])
    own = of_samples * rng.normal(size=n_samples)
    scores = OF_DRUGS[pairs.drug_index] + OF_TISSUES[tissue][pairs.sample_index] + own[pairs.sample_index]
    pairs, y = draw_outcome(pairs, scores, kind, rng)
    return pairs, y, own


@pytest.mark.parametrize("kind", KINDS)
def test_naive_effects__of_tissues_and_drugs_are_on_the_links_scale(kind):
    pairs, y, _ = made_rows(kind)
    predicted = NaiveEffects.fit(pairs, y, scheme="new-samples").predict(pairs)
    assert set(predicted) == {"overall mean", "drug mean", "tissue-drug mean"}
    drug = np.array([predicted["drug mean"][pairs.drug_index == number].mean() for number in range(4)])
    joint = predicted["tissue-drug mean"] - predicted["drug mean"]
    tissue = pairs.covariates["tissue"].to_numpy()[pairs.sample_index]
    apart = np.array([joint[tissue == each].mean() for each in TISSUES])
    if kind == "time-to-event":
        assert not drug.any()
        assert not predicted["overall mean"].any()
    else:
        np.testing.assert_allclose(drug - drug.mean(), OF_DRUGS, atol=0.4)
    np.testing.assert_allclose(apart[2] - apart[0], 2.0, atol=0.4)
    assert not joint[tissue == ""].any()


@pytest.mark.parametrize("kind", KINDS)
def test_naive_effects__of_seen_samples_are_found_and_shrunken(kind):
    pairs, y, own = made_rows(kind, of_samples=2.0)
    effects = NaiveEffects.fit(pairs, y, scheme="random-pairs")
    assert np.corrcoef(effects.sample_effects, own)[0, 1] > 0.6
    assert effects.sample_effects.std() < own.std()
    again = NaiveEffects.from_state(effects.get_state())
    for name, values in effects.predict(pairs).items():
        np.testing.assert_array_equal(again.predict(pairs)[name], values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-drugs", "new-samples-and-drugs"])
def test_additive_mean__predicts_any_pair(kind, scheme):
    pairs, y, _ = made_rows(kind, n_samples=40)
    rows = np.flatnonzero((pairs.drug_index < 3) & (pairs.sample_index < 30))
    learner = AdditiveMean(scheme).fit(pairs[rows], y[rows])
    predicted = learner.predict(replace(pairs, observed=None))
    assert np.isfinite(predicted).all()
    new = (pairs.drug_index == 3) & (pairs.sample_index >= 30)
    np.testing.assert_array_equal(predicted[new], learner.effects_.overall)


def test_naive_scores__of_yes_or_no_are_log_odds():
    pairs, y, _ = made_rows("binary")
    scores = NaiveScores.fit(pairs, y, None)
    shares = [y[pairs.drug_index == drug].mean() for drug in range(4)]
    np.testing.assert_allclose(scores.levels, logit(shares), atol=0.02)
    assert scores.overall == pytest.approx(logit(y.mean()), abs=0.01)


@pytest.mark.parametrize("kind", ["binary", "ordinal", "interval", "time"])
def test_shrunken_effects__of_noise_are_as_good_as_nothing(kind):
    loss = made_loss(kind, 900, 1)
    groups = np.random.default_rng(0).integers(0, 90, 900)
    effects = shrunken_effects(loss, loss.start()[loss.drug_index], groups)
    assert effects.std() < 0.35 * loss.unit
