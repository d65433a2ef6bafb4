from __future__ import annotations

import logging

import numpy as np
import pytest
from scipy.optimize import minimize

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.baselines import AdditiveMean
from drugresponse.learners.registry import CANDIDATES, NAIVE, learner_class, make_learner
from drugresponse.learners.stack._weights import combine, stack_weights, weigh_learners
from drugresponse.learners.stack.stack import AutoLearner, candidates_for
from tests.learners.cohorts import draw_calls, made_pairs, rmse

FAST = {"trees": 10, "epochs": 4, "rank": 3}


@pytest.fixture(scope="module")
def one_gene() -> tuple[Pairs, np.ndarray]:
    """One gene that acts on all drugs alike."""
    rng = np.random.default_rng(0)
    calls = draw_calls(100, 8, rng)
    pairs = made_pairs(calls, 3)
    return pairs, 3 * calls[pairs.sample_index, 2] + rng.normal(size=len(pairs))


@pytest.fixture(scope="module")
def noise() -> tuple[Pairs, np.ndarray]:
    """Responses that no genotype tells."""
    rng = np.random.default_rng(1)
    pairs = made_pairs(draw_calls(80, 10, rng), 3)
    return pairs, rng.normal(0, 2, 3)[pairs.drug_index] + rng.normal(size=len(pairs))


@pytest.mark.parametrize("seed", [0, 1])
def test_auto__takes_the_naive_model_where_genotype_is_noise(seed):
    rng = np.random.default_rng(seed)
    pairs = made_pairs(draw_calls(80, 10, rng), 3)
    y = rng.normal(0, 2, 3)[pairs.drug_index] + rng.normal(size=len(pairs))
    auto = AutoLearner(random_state=seed, **FAST).fit(pairs, y)
    assert auto.weights_ == {}
    assert list(auto.members_) == [NAIVE]
    assert auto.notes()["weights"] == {}
    assert auto.notes()["learners"] == {}
    np.testing.assert_allclose(auto.predict(pairs), AdditiveMean().fit(pairs, y).predict(pairs), rtol=1e-9, atol=1e-10)
    assert auto.feature_weights()[0] == []


def test_auto__weighs_something_better_where_there_is_signal(one_gene):
    pairs, y = one_gene
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    auto = AutoLearner(**FAST).fit(pairs[train], y[train])
    naive = AdditiveMean().fit(pairs[train], y[train])
    assert 0.7 < sum(auto.weights_.values()) <= 1 + 1e-12
    assert min(auto.weights_.values()) > 0
    assert set(auto.members_) == {NAIVE, *auto.weights_}
    assert all(isinstance(member, learner_class(name)) for name, member in auto.members_.items())
    assert rmse(auto.predict(pairs[test]), y[test]) < 0.85 * rmse(naive.predict(pairs[test]), y[test])
    names, weights = auto.feature_weights()
    assert names[int(np.argmax(weights))] == ("mutation", "g002")
    assert weights.sum() == pytest.approx(1)


def test_auto__predicts_the_weighted_sum_of_its_members(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST).fit(pairs, y)
    naive = auto.members_[NAIVE].predict(pairs)
    expected = naive + sum(
        share * (auto.members_[name].predict(pairs) - naive) for name, share in auto.weights_.items()
    )
    np.testing.assert_allclose(auto.predict(pairs), expected)


def test_auto__tells_weights_errors_and_what_its_learners_tell(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST).fit(pairs, y)
    notes = auto.notes()
    assert notes["weights"] == {name: round(share, 6) for name, share in auto.weights_.items()}
    assert set(notes["inner_rmse"]) == {NAIVE, *candidates_for(pairs), "auto"}
    assert notes["not_tried"] == []
    assert notes["learners"] == {name: auto.members_[name].notes() for name in auto.weights_}
    folds = make_folds(pairs, "new-samples", 3, 0)
    for name in (NAIVE, "ridge"):
        held_out = make_learner(name, FAST).fit_holding_out(pairs, y, None, folds)
        assert notes["inner_rmse"][name] == pytest.approx(rmse(held_out, y), abs=1e-5)


def test_auto__state_round_trip(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST, most_fits=16).fit(pairs, y)
    loaded = AutoLearner.from_state(auto.get_state(), **FAST)
    np.testing.assert_allclose(loaded.predict(pairs), auto.predict(pairs), rtol=1e-5, atol=1e-6)
    assert loaded.weights_ == auto.weights_
    assert loaded.errors_ == auto.errors_
    notes, again = auto.notes(), loaded.notes()
    assert notes["not_tried"]
    assert {**again, "learners": {}} == {**notes, "learners": {}}
    np.testing.assert_allclose(loaded.feature_weights()[1], auto.feature_weights()[1], rtol=1e-5, atol=1e-6)


def test_auto__jobs_do_not_matter():
    rng = np.random.default_rng(0)
    calls = draw_calls(40, 5, rng)
    pairs = made_pairs(calls, 2)
    y = 2 * calls[pairs.sample_index, 0] + rng.normal(size=len(pairs))
    one, two = (AutoLearner(n_jobs=jobs, **FAST).fit(pairs, y) for jobs in (1, 2))
    assert one.weights_ == two.weights_ != {}
    assert one.errors_ == two.errors_
    np.testing.assert_array_equal(one.predict(pairs), two.predict(pairs))


def test_auto__too_few_groups_to_compare(caplog):
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 5, rng), 2, tissues=["lung"] * 30)
    y = rng.normal(size=len(pairs))
    auto = AutoLearner("new-tissues", **FAST).fit(pairs, y)
    assert auto.weights_ == {}
    np.testing.assert_allclose(
        auto.predict(pairs), AdditiveMean("new-tissues").fit(pairs, y).predict(pairs), rtol=1e-9, atol=1e-10
    )
    assert auto.notes()["inner_rmse"] == {}
    assert "auto cannot compare the learners and takes the naive model: responses: found 1 tissue to" in caplog.text


def test_auto__work_budget_leaves_the_costly_learners_out(one_gene, caplog):
    pairs, y = one_gene
    # three folds and the last fit on all rows: room for two learners
    with caplog.at_level(logging.INFO):
        auto = AutoLearner(**FAST, most_fits=11).fit(pairs, y)
    assert auto.tried_ == ["covariates", "ridge"]
    notes = auto.notes()
    assert notes["not_tried"] == ["boosted-trees", "gaussian", "random-forest", "neural"]
    assert set(notes["inner_rmse"]) == {NAIVE, "covariates", "ridge", "auto"}
    assert set(auto.weights_) == {"ridge"}
    assert "auto weighs ridge" in caplog.text
    plenty = AutoLearner(**FAST, most_fits=4 * len(CANDIDATES)).fit(pairs, y)
    assert plenty.notes()["not_tried"] == []
    np.testing.assert_allclose(
        plenty.predict(pairs), AutoLearner(**FAST).fit(pairs, y).predict(pairs), rtol=1e-5, atol=1e-6
    )


def test_auto__budget_for_no_learner_takes_the_naive_model(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST, most_fits=3).fit(pairs, y)
    assert auto.weights_ == {}
    assert auto.notes()["not_tried"] == list(candidates_for(pairs))
    np.testing.assert_allclose(auto.predict(pairs), AdditiveMean().fit(pairs, y).predict(pairs), rtol=1e-9, atol=1e-10)


def test_auto__no_learner_is_begun_after_its_time(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST, most_minutes=1e-9).fit(pairs, y)
    assert auto.weights_ == {}
    assert auto.notes()["not_tried"] == list(candidates_for(pairs))
    ample = AutoLearner(**FAST, most_minutes=1e9).fit(pairs, y)
    assert ample.weights_ == AutoLearner(**FAST).fit(pairs, y).weights_


def test_fit_holding_out__rows_that_no_fold_tests_are_nan(one_gene):
    pairs, y = one_gene
    folds = make_folds(pairs, "new-samples", 4, 0)[:2]
    auto = AutoLearner(**FAST)
    held_out = auto.fit_holding_out(pairs, y, None, folds)
    tested = np.concatenate([test for _, test in folds])
    assert np.isfinite(held_out[tested]).all()
    assert np.isnan(np.delete(held_out, tested)).all()
    assert rmse(held_out[tested], y[tested]) == pytest.approx(auto.errors_["auto"] ** 0.5)
    assert "ridge" in auto.errors_
    assert np.isfinite(auto.predict(pairs)).all()


def test_fit_holding_out__single_fold_is_held_out_of_all_of_it(one_gene):
    pairs, y = one_gene
    folds = make_folds(pairs, "new-samples", 4, 0)[:1]
    train, test = folds[0]
    auto = AutoLearner(**FAST)
    held_out = auto.fit_holding_out(pairs, y, None, folds)
    np.testing.assert_allclose(held_out[test], AutoLearner(**FAST).fit(pairs[train], y[train]).predict(pairs[test]))
    assert np.isnan(held_out[train]).all()
    # and the model itself is weighed on folds of its own, of all rows
    assert auto.weights_ == AutoLearner(**FAST).fit(pairs, y).weights_


def test_fit_holding_out__no_fold_takes_the_naive_model(one_gene):
    pairs, y = one_gene
    auto = AutoLearner(**FAST)
    assert np.isnan(auto.fit_holding_out(pairs, y, None, [])).all()
    assert auto.weights_ == {}
    assert auto.errors_ == {}
    np.testing.assert_allclose(auto.predict(pairs), AdditiveMean().fit(pairs, y).predict(pairs), rtol=1e-9, atol=1e-10)


def test_fit_holding_out__a_fold_is_weighed_without_its_own_responses(one_gene):
    pairs, _ = one_gene
    rng = np.random.default_rng(0)
    folds = make_folds(pairs, "new-samples", 3, 0)
    y = 3 * pairs.genotypes.dense()[pairs.sample_index, 2] + rng.normal(size=len(pairs))
    learner = OfOneTable(**FAST, most_fits=11)
    before = learner.fit_holding_out(pairs, y, None, folds)
    for _, test in folds:
        spoilt = y.copy()
        spoilt[test] = rng.permutation(spoilt[test])
        after = learner.fit_holding_out(pairs, spoilt, None, folds)
        np.testing.assert_allclose(after[test], before[test], rtol=1e-5, atol=1e-6)
        # while the rows of the other folds are weighed by it
        others = np.setdiff1d(np.arange(len(y)), test)
        assert (after[others] != before[others]).any()


class OfOneTable(AutoLearner):
    """Keeps the held-out predictions of its first fit, so that other responses change nothing but the weights."""

    def _held_out_table(self, *parts):
        if not hasattr(self, "table_"):
            self.table_ = super()._held_out_table(*parts)
        return self.table_


def planted_table(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A naive column, three learners that know parts of the truth and one of noise; and the responses."""
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(n, 3))
    y = parts @ [2.0, 1.0, 0.5] + rng.normal(0, 0.5, n) + 10
    learners = [10 + 2 * parts[:, 0], 10 + 1.8 * parts[:, 0] + parts[:, 1], 10 + parts[:, 2], 10 + rng.normal(0, 2, n)]
    return np.column_stack([np.full(n, 10.0), *learners]), y


@pytest.mark.parametrize("seed", range(4))
def test_stack_weights__leave_least_squared_error_on_the_simplex(seed):
    # so many rows that the pull towards equal weights is nothing beside them
    table, y = planted_table(n=10_000, seed=seed)
    weights = np.random.default_rng(seed).uniform(0.2, 2, len(y))
    shares = stack_weights(table, y, weights, np.arange(len(y)))
    assert (shares >= 0).all()
    assert shares.sum() <= 1 + 1e-9
    inputs, target = table[:, 1:] - table[:, :1], y - table[:, 0]

    def loss(shares: np.ndarray) -> float:
        return float(np.average((target - inputs @ shares) ** 2, weights=weights))

    best = minimize(
        loss,
        np.full(4, 0.2),
        bounds=[(0, 1 if kept else 0) for kept in shares > 0],
        constraints={"type": "ineq", "fun": lambda shares: 1 - shares.sum()},
        method="SLSQP",
    )
    assert loss(shares) <= best.fun * 1.001
    np.testing.assert_allclose(shares, best.x, atol=0.04)


def test_stack_weights__what_they_leave_is_the_naive_models():
    rng = np.random.default_rng(0)
    signal = rng.normal(size=500)
    y = signal + rng.normal(0, 0.3, 500)
    # a learner that is right in direction and twice too loud is met half way
    shares = stack_weights(np.column_stack([np.zeros(500), 2 * signal]), y, np.ones(500), np.arange(500))
    assert shares[0] == pytest.approx(0.5, abs=0.03)
    # and one that is too faint is taken whole, not beyond
    shares = stack_weights(np.column_stack([np.zeros(500), signal / 2]), y, np.ones(500), np.arange(500))
    assert shares[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("part", "kept"), [(0.015, False), (0.1, True)])
def test_stack_weights__small_weights_are_given_up(part, kept):
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=(2, 2000))
    y = 0.5 * large + part * small + rng.normal(0, 0.01, 2000)
    table = np.column_stack([np.zeros(2000), large, small])
    shares = stack_weights(table, y, np.ones(2000), np.arange(2000))
    assert shares[0] == pytest.approx(0.5, abs=0.01)
    assert shares[1] == pytest.approx(part if kept else 0, abs=0.002)
    assert (shares[1] > 0) == kept


def test_stack_weights__learners_that_predict_alike_share_equally():
    # three tell the same up to a little noise of their own; the fourth knows what none of them knows
    rng = np.random.default_rng(0)
    signal, other = rng.normal(size=(2, 300))
    alike = signal[:, None] + rng.normal(0, 0.2, (300, 3))
    y = signal + 0.1 * other + rng.normal(0, 2, 300)
    shares = stack_weights(np.column_stack([np.zeros(300), alike, other]), y, np.ones(300), np.arange(300))
    kept = shares[:3][shares[:3] > 0]
    assert len(kept) > 1
    assert np.ptp(kept) < 0.1


def test_stack_weights__rows_of_few_groups_say_less():
    table, y = planted_table()
    many = stack_weights(table, y, np.ones(len(y)), np.arange(len(y)))
    few = stack_weights(table, y, np.ones(len(y)), np.arange(len(y)) // 100)
    kept = many > 0
    assert np.std(few[kept]) < 0.8 * np.std(many[kept])
    assert few.sum() == pytest.approx(many.sum(), abs=0.05)


def thirds(n: int, random_state: int) -> list[np.ndarray]:
    return np.array_split(np.random.default_rng(random_state).permutation(n), 3)


def test_weigh_learners__noise_is_left_to_the_naive_model():
    n_taken = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = np.column_stack([np.zeros(400), rng.normal(0, 0.5, (400, 6))])
        shares, predicted = weigh_learners(table, rng.normal(size=400), np.ones(400), np.arange(400), thirds(400, seed))
        n_taken += shares.any()
        assert np.isfinite(predicted).all()
    assert n_taken <= 3


def test_weigh_learners__gain_of_a_few_samples_is_noise_however_many_rows_they_have():
    groups = np.repeat(np.arange(10), 40)
    # right about one sample, whose rows are many, and wrong about the others
    y = np.where(groups < 1, 2.0, 0.0) + np.random.default_rng(0).normal(0, 0.1, 400)
    table = np.column_stack([np.zeros(400), np.where(groups < 1, 2.0, np.where(groups % 2, 0.3, -0.3))])
    tests = thirds(400, 0)
    assert not weigh_learners(table, y, np.ones(400), groups, tests)[0].any()
    assert weigh_learners(table, y, np.ones(400), np.arange(400), tests)[0].any()


def test_weigh_learners__a_fold_is_weighed_without_its_rows():
    table, y = planted_table()
    tests = thirds(len(y), 0)
    predicted = weigh_learners(table, y, np.ones(len(y)), np.arange(len(y)), tests)[1]
    rest = np.concatenate([tests[0], tests[2]])
    expected = combine(table[tests[1]], stack_weights(table[rest], y[rest], np.ones(len(rest)), rest))
    np.testing.assert_allclose(predicted[tests[1]], expected)


def test_stack_weights__rows_of_no_weight_do_not_matter():
    table, y = planted_table()
    weights = np.where(np.arange(len(y)) < 200, 1.0, 1e-12)
    spoilt = np.where(np.arange(len(y)) < 200, y, -y)
    one, two = (stack_weights(table, responses, weights, np.arange(len(y))) for responses in (y, spoilt))
    np.testing.assert_allclose(one, two, atol=1e-6)
    scaled = stack_weights(table, y, 1e6 * weights, np.arange(len(y)))
    np.testing.assert_allclose(scaled, one, atol=1e-9)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_stack_weights__unit_of_the_response_does_not_matter(unit):
    table, y = planted_table()
    rows = np.arange(len(y))
    expected = stack_weights(table, y, np.ones(len(y)), rows)
    np.testing.assert_allclose(stack_weights(table * unit, y * unit, np.ones(len(y)), rows), expected, rtol=1e-6)


def test_stack_weights__learners_that_say_what_the_naive_model_says():
    y = np.random.default_rng(0).normal(size=50)
    assert stack_weights(np.zeros((50, 3)), y, np.ones(50), np.arange(50)).tolist() == [0, 0]
    assert stack_weights(np.zeros((50, 1)), y, np.ones(50), np.arange(50)).shape == (0,)
