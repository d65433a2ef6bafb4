"""The interval of a skill on held-out rows: over groups, of every kind, as wide as few groups leave it."""

from __future__ import annotations

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.data.scores.labels import skill
from drugresponse.model.judging.judgement import judge
from drugresponse.model.judging.skill_interval import skill_interval

ROWS = np.arange(120)


def losses_of(rng, n_groups=40, gain=0.0):
    """Of a model and a naive prediction, three rows a group whose differences go together, and their groups."""
    group = ROWS % n_groups
    naive = rng.gamma(4.0, 0.25, len(ROWS))
    return naive * (1 - gain) + (0.3 * rng.normal(size=n_groups))[group], naive[None], group


@pytest.mark.parametrize("kind", ["continuous", "binary", "interval"])
def test_skill_interval__holds_the_truth_as_often_as_it_says(kind):
    """Of 400 draws of groups 5 % may miss it; rows taken for independent would miss it in a third."""
    rng = np.random.default_rng(0)
    true = float(skill(kind, 0.8, 1.0))
    missed = {"groups": 0, "rows": 0}
    for _ in range(400):
        model, naive, group = losses_of(rng, gain=0.2)
        for name, groups in (("groups", group), ("rows", ROWS)):
            lower, upper = skill_interval(kind, model, naive, [ROWS], [groups])
            missed[name] += not lower <= true <= upper
    assert 8 <= missed["groups"] <= 34
    assert missed["rows"] > 60


def test_skill_interval__averages_folds_each_against_its_best_naive():
    rng = np.random.default_rng(1)
    model, naive, group = losses_of(rng)
    folds = [ROWS[group < 20], ROWS[group >= 20]]
    both = np.concatenate([naive, np.where(group < 20, 2.0, 0.9) * naive])
    lower, upper = skill_interval("continuous", model, both, folds, [group])
    expected = np.mean([skill("continuous", model[at].sum(), both[best, at].sum()) for best, at in enumerate(folds)])
    assert (lower + upper) / 2 == pytest.approx(expected)


def test_skill_interval__the_widest_grouping_counts():
    model, naive, group = losses_of(np.random.default_rng(2))
    fine, coarse, both = (skill_interval("binary", model, naive, [ROWS], g) for g in ([ROWS], [group], [ROWS, group]))
    assert both == coarse
    assert both[0] < fine[0]


def test_skill_interval__few_groups_have_none_and_exact_naive_predictions_neither():
    model, naive, group = losses_of(np.random.default_rng(3), n_groups=4)
    assert np.isnan(skill_interval("continuous", model, naive, [ROWS], [group])).all()
    assert np.isnan(skill_interval("continuous", model, 0 * naive, [ROWS], [ROWS])).all()
    assert np.isnan(skill_interval("continuous", model, naive, [], [ROWS])).all()


def test_train__interval_is_near_that_of_an_evaluation_of_the_same_folds():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20)
    tables = {"drugs": cohort.drugs, "samples": cohort.samples}
    model = dr.DrugResponseModel("ridge", folds=3).fit(cohort.genotypes, cohort.responses, **tables)
    summary = dr.evaluate(
        cohort.genotypes, cohort.responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1, **tables
    )
    columns, rows = ["value", "lower", "upper"], "learner == 'ridge' and metric == 'skill' and fold == 'all'"
    trained = model.metrics_.query(rows).set_index(["level", "id"])[columns].dropna()
    evaluated = summary.metrics.query(rows).set_index(["level", "id"])[columns].loc[trained.index]
    assert len(trained) == 3
    assert trained["value"].to_numpy() == pytest.approx(evaluated["value"].to_numpy())
    widths = [table["upper"] - table["lower"] for table in (trained, evaluated)]
    assert ((widths[0] / widths[1]).between(0.8, 1.25)).all()


@pytest.mark.parametrize(
    ("skill", "bounds", "judged"),
    [
        (0.2, (0.01, 0.39), "better"),
        (0.2, (-0.01, 0.41), "same"),
        (0.2, (np.nan, np.nan), "same"),
        (0.005, (0.004, 0.006), "same"),
        (-0.2, (-0.3, -0.1), "worse"),
        (np.nan, (0.1, 0.2), "unknown"),
    ],
)
def test_judge__by_the_whole_interval(skill, bounds, judged):
    assert judge(skill, *bounds) == judged
