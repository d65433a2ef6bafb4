"""Planted shifts between studies are recovered within their error, and said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.joining import join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.learners.studies.shifts import StudyShifts, study_words
from drugresponse.learners.studies.study_learner import on_one_scale
from drugresponse.simulation.cohort import simulate_cohort
from tests.data.studies.test_study_folds import pairs_of

LEVELS = {"A": 0.0, "B": 0.8, "C": -0.5}


def measured(pairs: Pairs, noise: float = 0.2, seed: int = 0) -> np.ndarray:
    """Responses with drug and sample effects and the levels above."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, (len(pairs.subjects), len(pairs.drugs)))[pairs.sample_index, pairs.drug_index]
    return truth + np.array([LEVELS[name] for name in pairs.studies]) + rng.normal(0, noise, len(pairs))


def chained() -> Pairs:
    """A shares samples with B, B with C, A none with C."""
    home = [(at, "ABC"[at // 20]) for at in range(60)]
    return pairs_of(home + [(at, "B") for at in range(10)] + [(at, "C") for at in range(20, 28)], n_drugs=4)


def test_shifts__are_recovered_within_their_error_also_through_another_study() -> None:
    pairs = chained()
    fits = [StudyShifts.fit(pairs, measured(pairs, seed=seed), "A") for seed in range(20)]
    z = np.array([(fit.level[1:] - [0.8, -0.5]) / fit.error[1:] for fit in fits])
    assert fits[0].source == ("reference", "shared pairs", "shared pairs")
    assert np.abs(np.mean([fit.level for fit in fits], axis=0) - [0.0, 0.8, -0.5]).max() < 0.05
    assert 0.5 < np.sqrt((z**2).mean()) < 2
    assert fits[0].error[2] > fits[0].error[1]


def test_shifts__by_the_pairs_of_one_sample_are_as_unsure_as_they_are() -> None:
    home = [(at, "AB"[at // 20]) for at in range(40)]
    fits = []
    for seed in range(20):
        pairs = pairs_of([*home, (0, "B")], n_drugs=8)
        fits.append(StudyShifts.fit(pairs, measured(pairs, seed=seed), "A"))
    z = np.array([(fit.level[1] - 0.8) / fit.error[1] for fit in fits])
    assert min(fit.error[1] for fit in fits) > 0.05 and np.abs(z).max() < 3


def test_shifts__of_a_simulated_cohort_are_those_that_were_planted() -> None:
    cohort = simulate_cohort(n_samples=200, n_drugs=8, n_features=20, studies=3, random_state=3)
    rows = join_training_rows(cohort.genotypes, cohort.responses, None, None, scheme="new-studies")
    shifts = StudyShifts.fit(rows.pairs, rows.y, "S1")
    planted = np.array([cohort.truth.attrs["study_levels"][name] for name in shifts.studies])
    assert (np.abs(shifts.level - planted)[1:] < 3 * shifts.error[1:]).all()


def test_shifts__are_not_moved_by_a_tenth_of_wild_repeats() -> None:
    pairs = chained()
    y = measured(pairs)
    again = np.flatnonzero(pd.Series(pairs.sample_index * 10 + pairs.drug_index).duplicated())
    y[again[::10]] += 30
    assert np.abs(StudyShifts.fit(pairs, y, "A").level - [0.0, 0.8, -0.5]).max() < 0.3


def test_shifts__of_single_drugs_are_told_where_pairs_are_enough_and_shrunken_else() -> None:
    pairs = pairs_of([(at, name) for at in range(40) for name in "AB"], n_drugs=6)
    y = measured(pairs)
    of_drug = np.array([0.6, -0.6, 0.3, -0.3, 0.2, -0.2])
    in_b = pairs.studies == "B"
    apart = StudyShifts.fit(pairs, y + in_b * of_drug[pairs.drug_index], "A")
    assert np.abs(apart.level[1] + apart.of_drug[1] - 0.8 - of_drug).max() < 0.2
    assert np.abs(StudyShifts.fit(pairs, y, "A").of_drug).max() < 0.1


def test_shifts__without_shared_pairs_come_from_the_drugs_in_common_and_say_so() -> None:
    pairs = pairs_of([(at, "AB"[at % 2]) for at in range(80)], n_drugs=5)
    shifts = StudyShifts.fit(pairs, measured(pairs), "A")
    assert shifts.source == ("reference", "drugs in common")
    assert abs(shifts.level[1] - 0.8) < 3 * shifts.error[1]
    assert "by the drugs in common" in study_words(shifts.to_dict())[1]


def test_shifts__of_a_study_with_nothing_in_common_are_left_and_say_so() -> None:
    pairs = pairs_of([(at, "AB"[at % 2]) for at in range(40)], n_drugs=4)
    rows = np.flatnonzero((pairs.studies == "A") == (pairs.drug_index < 2))
    pairs = pairs[rows]
    shifts = StudyShifts.fit(pairs, measured(pairs), "A")
    assert shifts.source == ("reference", "none") and shifts.level[1] == 0 and np.isnan(shifts.error[1])
    assert "shares neither pairs nor drugs with A" in study_words(shifts.to_dict())[1]


def test_reference__is_the_largest_study_or_the_one_asked_for() -> None:
    pairs = chained()
    y = measured(pairs)
    assert StudyShifts.fit(pairs, y).reference == "B"
    above_c = StudyShifts.fit(pairs, y, "C")
    assert above_c.reference == "C" and above_c.level[0] == pytest.approx(-StudyShifts.fit(pairs, y, "A").level[2])


def test_on_one_scale__joins_repeats_over_studies_after_the_shift() -> None:
    pairs = chained()
    y, weights = measured(pairs, noise=0.0), np.arange(1.0, len(pairs) + 1)
    censor = np.zeros(len(pairs), dtype=np.int8)
    joined, z, total = on_one_scale(replace(pairs, censor=censor), y, weights, "A")
    cells = joined.sample_index * 4 + joined.drug_index
    assert len(np.unique(cells)) == len(joined) == 240 and joined.studies is None
    assert total.sum() == pytest.approx(weights.sum())
    home = np.flatnonzero(pairs.studies == "A")
    at = pd.Index(cells).get_indexer(pairs.sample_index[home] * 4 + pairs.drug_index[home])
    assert z[at] == pytest.approx(y[home])
