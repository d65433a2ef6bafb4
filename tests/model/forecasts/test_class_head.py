from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts._fold_levels import without_fold_levels
from drugresponse.model.forecasts.heads import cross_fitted, fit_head, head_from_state, head_state
from tests.model.forecasts.made_rows import MadeRows, class_rows, grid

LEVELS = [-2.0, -1.0, -0.5, 0.5]


@dataclass(frozen=True)
class _Learned:
    pairs: Pairs
    y: np.ndarray
    scores: np.ndarray
    fold: np.ndarray


def _learned_scores(n_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray, _Learned]:
    """Log odds by logistic regressions of five folds; and of new samples by one of all, with what is true of these.

    What is true on average of a score is that of the effects that were learned, as the columns are independent and
    normal: a weighted mean of the true log odds, and a rest that is integrated.
    """
    rng = np.random.default_rng(seed)
    effects = np.array([1.2, 0.8, 0.0, 0.0, 0.0, 0.0])
    columns, new = rng.normal(size=(n_samples, 6)), rng.normal(size=(1500, 6))
    y = (rng.random(n_samples) < expit(columns @ effects - 0.8)).astype(np.float64)
    fold = np.arange(n_samples) % 5
    scores = np.empty(n_samples)
    for at in range(5):
        seen = fold != at
        scores[~seen] = LogisticRegression(C=0.3).fit(columns[seen], y[seen]).decision_function(columns[~seen])
    last = LogisticRegression(C=0.3).fit(columns, y)
    coefficients = last.coef_[0]
    along = effects @ coefficients / (coefficients @ coefficients)
    rest = np.sqrt(max(effects @ effects - along**2 * (coefficients @ coefficients), 0.0))
    nodes, shares = np.polynomial.hermite_e.hermegauss(21)
    truth = expit((along * (new @ coefficients) - 0.8)[:, None] + rest * nodes) @ (shares / shares.sum())
    pairs = replace(grid(n_samples, 1), observed=Observed(Outcome("binary", ("S", "R"))))
    return last.decision_function(new), truth, _Learned(pairs, y, scores, fold)


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


@pytest.mark.parametrize("classes", [("S", "R"), ("S", "I", "R")])
def test_class_head__what_is_called_is_in_the_set(classes: tuple[str, ...]) -> None:
    # few major errors are allowed, so that what is more probably R is called S
    held, new = class_rows(400, LEVELS, classes), class_rows(1000, LEVELS, classes, seed=1)
    forecast = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").forecast(new.pairs, new.scores)

    called = forecast.columns["class"] if len(classes) == 2 else forecast.prediction

    told = forecast.columns["class_set"]
    assert all(each in words.split(";") for each, words in zip(called, told, strict=True))
    assert forecast.sets is not None
    assert [len(words.split(";")) for words in told] == forecast.sets.sum(axis=1).tolist()


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

    assert np.mean(covered) > 0.88


@pytest.mark.parametrize("n_samples", [60, 200])
def test_class_head__the_interval_holds_what_is_true_of_new_samples_of_a_learned_score(n_samples: int) -> None:
    covered, widths = [], []
    for seed in range(16):
        score, truth, rows = _learned_scores(n_samples, seed)
        forecast = fit_head(rows.pairs, rows.y, rows.scores, scheme="new-samples", fold=rows.fold).forecast(
            grid(len(score), 1), score
        )
        covered.append(np.mean((truth >= forecast.lower) & (truth <= forecast.upper)))
        widths.append(np.mean(forecast.upper - forecast.lower))

    assert np.mean(covered) > 0.88
    assert np.mean(widths) < {60: 0.5, 200: 0.35}[n_samples]


def test_class_head__levels_of_folds_do_not_flatten_the_slope() -> None:
    off = []
    for seed in range(16):
        score, truth, rows = _learned_scores(60, seed)
        heads = [fit_head(rows.pairs, rows.y, rows.scores, scheme="new-samples", fold=of) for of in (None, rows.fold)]
        told = [np.asarray(head.distribution(grid(len(score), 1), score).shares)[:, 1] for head in heads]
        off.append([np.mean((share - truth) ** 2) for share in told])

    flat, levelled = np.mean(off, axis=0)
    assert levelled < 0.9 * flat


def test_class_head__a_drift_between_folds_alone_says_nothing_of_a_row() -> None:
    """Scores that are the prevalence of the other folds are no evidence, however little they differ."""
    held = class_rows(300, [-1.5])
    fold = held.pairs.sample_index % 5
    prevalence = np.array([held.y[fold != at].mean() for at in range(5)])[fold]

    head = fit_head(held.pairs, held.y, logit(prevalence), scheme="new-samples", fold=fold)
    told = np.asarray(head.distribution(held.pairs, logit(prevalence)).shares)[:, 1]

    assert np.ptp(logit(told)) < 0.1
    assert told.mean() == pytest.approx(held.y.mean(), abs=0.02)


def test_fold_levels__scores_of_new_drugs_keep_theirs() -> None:
    held = class_rows(100, LEVELS)
    fold, weights = held.pairs.drug_index, np.ones(len(held.y))

    kept, apart = without_fold_levels(held.pairs, held.scores, fold, weights, "new-drugs")

    assert kept.tolist() == held.scores.tolist()
    assert apart == 0.0


def test_fold_levels__what_folds_differ_by_is_taken_away_and_told() -> None:
    held = class_rows(400, [0.0, -1.0])
    fold, weights = held.pairs.sample_index % 5, np.ones(len(held.y))
    drift = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])

    same, of_none = without_fold_levels(held.pairs, held.scores, fold, weights, "new-samples")
    levelled, apart = without_fold_levels(held.pairs, held.scores + drift[fold], fold, weights, "new-samples")

    assert levelled == pytest.approx(same)
    assert of_none < 0.5
    assert apart == pytest.approx(np.std(drift, ddof=1), rel=0.3)


def test_fold_levels__a_fold_of_one_tissue_keeps_its_level() -> None:
    held = class_rows(40, [0.0])
    fold = held.pairs.sample_index // 10
    pairs = replace(held.pairs, covariates=pd.DataFrame({"tissue": [f"t{at // 10}" for at in range(40)]}))

    assert without_fold_levels(pairs, held.scores, fold, np.ones(40), "new-tissues")[1] == 0.0

    assert without_fold_levels(held.pairs, held.scores, fold, np.ones(40), "new-samples")[0][:10].mean() == (
        pytest.approx(held.scores.mean())
    )


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

    assert np.mean(covered) > 0.88


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
