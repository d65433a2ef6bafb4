"""What training keeps for pilot measurements: covariances, intervals, nothing of a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from drugresponse.data.joining import JoinLoss, TrainingRows
from drugresponse.errors import ModelFileError
from drugresponse.model.adaptation import PilotAdaptation
from drugresponse.model.held_out import HeldOut
from tests.learners.cohorts import made_pairs

N_DRUGS = 8
LOADINGS = np.random.default_rng(5).normal(0.6, 0.6, (N_DRUGS, 2))


def draw_errors(n_samples: int, seed: int) -> NDArray[np.float64]:
    """Errors of a prediction that go together over drugs, with long tails."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_samples, 2)) @ LOADINGS.T + rng.standard_t(5, (n_samples, N_DRUGS))


def held_out(
    n_samples: int = 300,
    *,
    scheme: str = "new-samples",
    share: float = 0.8,
    n_folds: int = 3,
    n_tissues: int = 6,
    subjects: list[str] | None = None,
) -> HeldOut:
    rng = np.random.default_rng(1)
    keep = rng.random((n_samples, N_DRUGS)) < share
    pairs = made_pairs(
        np.zeros((n_samples, 1)),
        N_DRUGS,
        keep=keep,
        tissues=[f"t{i % n_tissues}" for i in range(n_samples)],
        subjects=subjects,
    )
    base = rng.normal(size=N_DRUGS)[pairs.drug_index]
    y = base + draw_errors(n_samples, 2)[pairs.sample_index, pairs.drug_index]
    rows = TrainingRows(pairs, y, np.ones(len(y)), JoinLoss(n_samples, N_DRUGS, len(y), 0, 0, 0, 0))
    fold = pairs.sample_index % n_tissues % n_folds if scheme == "new-tissues" else pairs.sample_index % n_folds
    return HeldOut(rows, scheme, fold.astype(np.intp), base, {"drug mean": base + 0.5, "overall mean": 0 * base})


def test_learn__corrected_errors_are_smaller_and_more_pilots_help_more():
    correction = PilotAdaptation.learn(held_out(), 0).corrections["model"]
    assert correction.pilots.tolist() == [1, 3, 5]
    before, after = correction.errors.T
    assert (after < before).all()
    assert after[2] < after[1] < after[0]


@pytest.mark.parametrize("n_pilots", [1, 2, 4])
def test_learn__bounds_hold_what_they_claim_in_fresh_samples(n_pilots):
    correction = PilotAdaptation.learn(held_out(500), 0).corrections["model"]
    errors = draw_errors(3000, 9)
    weights = np.zeros(errors.shape)
    weights[:, :n_pilots] = 1.0
    posterior = correction.covariance.update(errors, weights)
    half = correction.reach_after(np.full(len(errors), n_pilots))[:, None] * np.sqrt(posterior.variance)
    inside = (np.abs(errors - posterior.shift) <= half)[:, n_pilots:]
    assert 0.88 < inside.mean() < 0.92
    assert inside.mean(axis=0).min() > 0.86


def test_learn__rows_of_a_subject_count_as_one_group():
    twins = [f"p{i // 2}" for i in range(300)]
    assert PilotAdaptation.learn(held_out(subjects=twins), 0).n_groups == 150


def test_learn__one_fold_is_cut_into_parts():
    held = held_out()
    once = replace(held, fold=np.where(held.fold == 0, 0, -1))
    found = PilotAdaptation.learn(once, 0)
    assert found.n_groups == 100
    assert np.isfinite(found.corrections["model"].reach).all()


@pytest.mark.parametrize("scheme", ["random-pairs", "new-drugs", "new-samples-and-drugs"])
def test_learn__nothing_where_samples_are_known_or_drugs_are_new(scheme):
    assert PilotAdaptation.learn(replace(held_out(), scheme=scheme), 0) is None


def test_learn__nothing_where_hardly_any_sample_has_two_drugs():
    held = held_out(share=1.0)
    first = held.rows.pairs.drug_index == 0
    assert PilotAdaptation.learn(replace(held, fold=np.where(first, held.fold, -1)), 0) is None


def test_learn__few_samples_give_a_correction_but_no_bounds():
    found = PilotAdaptation.learn(held_out(12, share=1.0), 0, coverage=0.95)
    assert not np.isfinite(found.corrections["model"].reach).any()
    assert np.isnan(found.corrections["model"].reach_after(np.array([3]))).all()
    assert found.summary()["bounds"] is False


@pytest.mark.parametrize(("n_tissues", "bounds"), [(6, False), (30, True)])
def test_learn__new_tissues_need_many_of_them_for_bounds(n_tissues, bounds):
    found = PilotAdaptation.learn(held_out(scheme="new-tissues", n_tissues=n_tissues), 0)
    assert found.summary()["bounds"] is bounds
    assert found.n_groups == n_tissues


def test_learn__does_not_depend_on_the_number_of_threads():
    one, two = (PilotAdaptation.learn(held_out(), 0, n_jobs).get_state() for n_jobs in (1, 2))
    for key in ("model", "drug"):
        assert all(np.array_equal(one[key][name], two[key][name]) for name in one[key])


def test_state__holds_no_row_of_a_person_and_comes_back_whole():
    found = PilotAdaptation.learn(held_out(), 0)
    state = found.get_state()
    arrays = [each for part in (state, state["model"], state["drug"]) for each in part.values()]
    assert all(300 not in each.shape for each in arrays if isinstance(each, np.ndarray))
    again = PilotAdaptation.from_state(state)
    assert again.summary() == found.summary()
    assert set(again.corrections) == {"model", "drug mean"}


def test_from_state__refuses_arrays_of_other_lengths():
    state = PilotAdaptation.learn(held_out(), 0).get_state()
    with pytest.raises(ModelFileError, match='the array "centre" has shape'):
        PilotAdaptation.from_state({**state, "centre": np.zeros(2)})
    with pytest.raises(ModelFileError, match='the array "reach" has shape'):
        PilotAdaptation.from_state({**state, "model": {**state["model"], "reach": np.zeros(9)}})


def test_summary__names_the_drugs_to_measure_first():
    summary = PilotAdaptation.learn(held_out(), 0).summary()
    assert len(set(summary["first_drugs"])) == 5
    assert [each["pilots"] for each in summary["tried"]] == [1, 3, 5]
    assert 0.2 < summary["explained"] < 0.9
