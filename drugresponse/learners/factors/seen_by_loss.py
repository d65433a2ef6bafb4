"""What a seen sample's own outcomes tell beyond its tokens, where they are no plain numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from drugresponse.learners.factors.embeddings import SeenFactors
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit
from drugresponse.learners.state import Array

__all__ = ["seen_by_loss"]

_MOST = 5.0
"""Units of the loss at which a residual is cut: of an unlikely event the first step goes too far."""
_SHARES = np.arange(0.0, 2.01, 0.25)
"""How much of the factors is tried; none may be best."""


def seen_by_loss(problem: ScoreProblem, fit: ScoreFit, sample_ids: pd.Index) -> tuple[SeenFactors, Array, Array]:
    """As `SeenFactors.learn`, of the first Newton step that each row asks for beyond its left-out score.

    How much of that is added is what suits each row best where its own outcome is not looked at.

    Parameters
    ----------
    sample_ids
        `(n_samples,)`.
    """
    scores = problem.of_rows(fit.left_out)
    loss = problem.loss.adjusted(scores)
    slope, curvature = loss.derivatives(scores)
    at = problem.sample_index, problem.drug_index
    residuals, weights = np.zeros(problem.shape), np.zeros(problem.shape)
    residuals[at] = np.clip(-slope / curvature, -_MOST * loss.unit, _MOST * loss.unit)
    weights[at] = curvature / curvature.mean()
    seen, loadings, shift = SeenFactors.learn(residuals, weights, sample_ids)
    beyond = problem.of_rows(shift)
    losses = [loss.adjusted(scores + share * beyond).total(scores + share * beyond) for share in _SHARES]
    share = float(_SHARES[int(np.argmin(losses))])
    return replace(seen, factors=share * seen.factors), loadings, share * shift
