from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts.heads import cross_fitted, fit_head, head_from_state, head_state
from tests.model.forecasts.made_rows import MadeRows, class_rows, grid

LEVELS = [-2.0, -1.0, -0.5, 0.5]


def _off(rows: MadeRows, probability: np.ndarray) -> float:
    """The largest difference between the mean true and the mean told probability of the last class, over tenths."""
    tenths = np.array_split(np.argsort(probability), 10)
    return max(abs(float(probability[at].mean() - rows.truth[at, -1].mean())) for at in tenths)


@pytest.mark.parametrize("n_samples", [400, 3000])
def test_class_head__probabilities_hold_whatever_the_scale_of_the_scores(n_samples: int) -> None:
    held, new = class_rows(n_samples, LEVELS), class_rows(4000, LEVELS, seed=1)

    shares = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").distribution(new.pairs, new.scores).shares

    assert shares is not None
    assert _off(new, 1 / (1 + np.exp(-new.scores))) > 0.05
    assert _off(new, shares[:, 1]) < (0.05 if n_samples < 1000 else 0.02)
    for drug in range(len(LEVELS)):
        at = new.pairs.drug_index == drug
        assert abs(shares[at, 1].mean() - new.truth[at, 1].mean()) < 0.04


@pytest.mark.parametrize("classes", [("S", "R"), ("S", "I", "R"), ("poor", "low", "normal", "rapid")])
def test_class_head__sets_hold_each_class(classes: tuple[str, ...]) -> None:
    held, new = class_rows(1500, LEVELS, classes), class_rows(3000, LEVELS, classes, seed=1)

    forecast = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").forecast(new.pairs, new.scores)

    assert forecast.sets is not None
    covered = forecast.covers(new.pairs.observed, new.y)
    assert covered is not None
    assert covered.mean() >= 0.88
    assert all(covered[new.y == number].mean() >= 0.85 for number in range(len(classes)))
    assert forecast.sets.any(axis=1).all()
    assert 1 < forecast.size().mean() < len(classes)


def test_class_head__ordered_classes_are_calibrated_each() -> None:
    classes = ("S", "I", "R")
    held, new = class_rows(3000, LEVELS, classes), class_rows(4000, LEVELS, classes, seed=1)

    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
    forecast = head.forecast(new.pairs, new.scores)

    shares = forecast.distribution.shares
    assert shares is not None
    assert np.abs(shares - new.truth).mean() < 0.02
    assert forecast.prediction.tolist() == [classes[at] for at in shares.argmax(axis=1)]
    # the ends of the set of each row, lowest and highest
    at = {name: number for number, name in enumerate(classes)}
    assert all(at[low] <= at[high] for low, high in zip(forecast.lower, forecast.upper, strict=True))


def test_class_head__rows_of_one_subject_count_as_one() -> None:
    held = class_rows(600, [0.0], seed=3)
    # every sample five times over, as five isolates of one clone
    copies = np.repeat(np.arange(600), 5)
    pairs = replace(grid(3000, 1, per_subject=5), observed=held.pairs[copies].observed)

    alone = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").forecast(held.pairs, held.scores)
    many = fit_head(pairs, held.y[copies], held.scores[copies], scheme="new-samples").forecast(held.pairs, held.scores)

    width, width_of_many = np.mean(alone.upper - alone.lower), np.mean(many.upper - many.lower)
    assert width_of_many == pytest.approx(width, rel=0.15)


def test_class_head__the_interval_holds_the_true_probability() -> None:
    covered = []
    for seed in range(6):
        held, new = class_rows(300, LEVELS, seed=seed), class_rows(500, LEVELS, seed=100 + seed)
        forecast = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").forecast(new.pairs, new.scores)
        covered.append(np.mean((new.truth[:, 1] >= forecast.lower) & (new.truth[:, 1] <= forecast.upper)))
        assert (forecast.lower <= forecast.prediction).all()
        assert (forecast.prediction <= forecast.upper).all()

    assert np.mean(covered) > 0.8


def test_class_head__the_interval_counts_that_levels_were_learned_too() -> None:
    prevalence, covered = np.array([0.05, 0.5, 0.9, 0.15]), []
    for seed in range(40):
        rng, pairs = np.random.default_rng(seed), grid(80, 4)
        y = (rng.random(320) < prevalence[pairs.drug_index]).astype(np.float64)
        scores, fold = np.empty(320), pairs.sample_index % 4
        for at in range(4):
            events = np.bincount(pairs.drug_index[fold != at], y[fold != at])
            scores[fold == at] = logit((events + 0.5) / 61)[pairs.drug_index[fold == at]]
        pairs = replace(pairs, observed=Observed(Outcome("binary", ("S", "R"))))
        forecast = fit_head(pairs, y, scores, scheme="new-samples").forecast(pairs, scores)
        truth = prevalence[pairs.drug_index]
        covered.append(np.mean((truth >= forecast.lower) & (truth <= forecast.upper)))

    assert np.mean(covered) > 0.75


def test_class_head__a_rare_class_is_in_every_set_and_finite() -> None:
    held, new = class_rows(300, [-6.0]), class_rows(100, [-6.0], seed=1)
    assert 0 < held.y.sum() < 10

    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
    forecast = head.forecast(new.pairs, new.scores)

    assert forecast.sets is not None
    assert forecast.sets[:, 1].all()
    assert head.summary()["always_in_set"] == ["R"]
    assert np.isfinite(forecast.prediction.astype(float)).all()


def test_class_head__perfect_separation_stays_finite() -> None:
    held = class_rows(200, [0.0])
    y = (held.scores > 0.7).astype(float)

    forecast = fit_head(held.pairs, y, 1e3 * held.scores, scheme="new-samples").forecast(held.pairs, 1e3 * held.scores)

    told = np.column_stack([forecast.prediction, forecast.lower, forecast.upper]).astype(float)
    assert ((told >= 0) & (told <= 1)).all()
    assert ((told[:, 0] > 0) & (told[:, 0] < 1)).all()
    assert ((forecast.prediction > 0.5) == (y == 1)).mean() > 0.98


def test_class_head__scores_that_say_nothing_leave_the_prevalence() -> None:
    held = class_rows(500, [-2.0, 1.0])
    noise = np.random.default_rng(77).normal(size=len(held.y))

    shares = fit_head(held.pairs, held.y, noise, scheme="new-samples").distribution(held.pairs, noise).shares

    assert shares is not None
    for drug in (0, 1):
        at = held.pairs.drug_index == drug
        assert np.ptp(shares[at, 1]) < 0.15
        assert shares[at, 1].mean() == pytest.approx(held.y[at].mean(), abs=0.02)


def test_class_head__unknown_drug_takes_what_is_common() -> None:
    held = class_rows(800, [-0.5, 0.0, 0.5])
    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
    new = class_rows(500, [0.0], seed=5)
    unknown = replace(new.pairs, drugs=new.pairs.drugs.rename(index={"d0": "never-seen"}))

    shares = head.distribution(unknown, new.scores).shares

    assert shares is not None
    assert _off(new, shares[:, 1]) < 0.1


def test_class_head__a_file_keeps_every_forecast() -> None:
    for classes in (("S", "R"), ("S", "I", "R")):
        held = class_rows(700, LEVELS, classes)
        head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
        again = head_from_state(head_state(head))

        before, after = head.forecast(held.pairs, held.scores), again.forecast(held.pairs, held.scores)

        assert np.array_equal(before.distribution.shares, after.distribution.shares)
        assert before.columns["class_set"].tolist() == after.columns["class_set"].tolist()
        assert before.lower.tolist() == after.lower.tolist()


def test_class_head__no_number_of_a_single_person_is_kept() -> None:
    held = class_rows(2000, [0.0])
    state = head_state(fit_head(held.pairs, held.y, held.scores, scheme="new-samples"))

    def sizes(part: dict) -> list[int]:
        return [s for value in part.values() for s in (sizes(value) if isinstance(value, dict) else [np.size(value)])]

    assert max(sizes(state)) <= 8


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("parameters", "common"), np.array([np.nan, 0.0])),
        (("parameters", "covariance"), -np.ones((5, 2, 2))),
        (("sets", "limits"), np.full((5, 2), np.nan)),
        (("sets", "limits"), np.zeros((4, 2))),
        (("thresholds", "values"), np.full(5, 1.5)),
        (("thresholds", "rule"), "whatever"),
        (("bent", "drug"), np.array([7])),
        (("levels", "mean"), np.zeros(2)),
        (("outcome", "classes"), ["R"]),
        (("outcome", "kind"), "continuous"),
    ],
)
def test_head_from_state__a_damaged_part_is_refused(path: tuple[str, str], value: object) -> None:
    held = class_rows(200, LEVELS)
    state = head_state(fit_head(held.pairs, held.y, held.scores, scheme="new-samples"))
    state[path[0]] = {**state[path[0]], path[1]: value}

    with pytest.raises(ModelFileError):
        head_from_state(state)


def test_cross_fitted__a_row_has_no_part_in_its_own_forecast() -> None:
    held = class_rows(200, [0.0, -1.0])
    fold = held.pairs.sample_index % 4
    turned = held.y.copy()
    turned[fold == 2] = 1 - turned[fold == 2]

    before = {
        rows[0]: forecast
        for rows, forecast in cross_fitted(held.pairs, held.y, held.scores, fold, scheme="new-samples")
    }
    after = {
        rows[0]: forecast
        for rows, forecast in cross_fitted(held.pairs, turned, held.scores, fold, scheme="new-samples")
    }

    same = [np.array_equal(before[at].prediction, after[at].prediction) for at in sorted(before)]
    assert [before[at].distribution.scores.size for at in sorted(before)] == [100] * 4
    assert same == [False, False, True, False]


def test_cross_fitted__a_single_fold_is_halved_by_subjects() -> None:
    held = class_rows(200, [0.0])
    fold = np.where(held.pairs.sample_index < 100, 0, -1)

    told = cross_fitted(held.pairs, held.y, held.scores, fold, scheme="new-samples")

    assert sorted(np.concatenate([rows for rows, _ in told]).tolist()) == list(range(100))
    assert len(told) == 2
