"""What a seen sample's own outcomes tell beyond its tokens."""

from __future__ import annotations

import numpy as np

from drugresponse.learners.factors.seen_by_loss import seen_by_loss
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit
from tests.learners.cohorts import draw_outcome, made_pairs


def test_seen_by_loss__samples_that_differ_beyond_their_tokens_are_told_apart():
    """Tokens tell nothing; what moves all drugs of a sample is seen in its other outcomes, and adds what suits them."""
    rng = np.random.default_rng(0)
    own = rng.normal(0, 2.0, 80)
    pairs = made_pairs(np.zeros((80, 1)), n_drugs=6)
    pairs, y = draw_outcome(pairs, own[pairs.sample_index], "binary", rng)
    problem = ScoreProblem.of(pairs, y, None, "random-pairs", 0)
    nothing = np.tile(problem.levels, (80, 1))
    fit = ScoreFit(np.zeros((0, 6)), problem.levels, nothing, np.zeros((80, 6)), 1.0)
    seen, _, shift = seen_by_loss(problem, fit, pairs.genotypes.sample_ids)
    assert np.abs(seen.factors).max() > 0
    assert np.corrcoef(shift.mean(axis=1), own)[0, 1] > 0.7
    before, after = problem.of_rows(nothing), problem.of_rows(nothing + shift)
    assert problem.loss.total(after) < 0.85 * problem.loss.total(before)
