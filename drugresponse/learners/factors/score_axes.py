"""Effects on the scores of each drug as embeddings: a general effect, and axes in which drugs differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit
from drugresponse.learners.state import Array

__all__ = ["ScoreAxes"]

_LEAST_GAIN = 1.0
"""What an axis must add to the log likelihood of left-out rows; chance adds some."""


@dataclass(frozen=True, eq=False)
class ScoreAxes:
    """`scores = overall + drug effects + (inputs @ coefficients) @ loadings.T`; column 0 has loading 1 on every drug.

    Attributes
    ----------
    overall, drug_effects
        Mean level, and `(n_drugs,)` what each drug's has beyond it.
    coefficients, loadings
        `(n_inputs, 1 + rank)` and `(n_drugs, 1 + rank)`.
    left_out
        `(n_samples, 1 + rank)` embedding of each sample by the fit without its group's fold; 0 in columns that make
        these scores hardly better, for there they tell what the other rows are like, which is a row's own mirrored.
    """

    overall: float
    drug_effects: Array
    coefficients: Array
    loadings: Array
    left_out: Array

    @classmethod
    def of(cls, inputs: Array, fit: ScoreFit, problem: ScoreProblem, most: int) -> ScoreAxes:
        """Principal axes of the fitted scores beside their mean over drugs; `most` axes at most."""
        overall = float(fit.levels.mean())
        general, beyond = _parted(fit.coefficients)
        outside, apart = _parted(fit.effects_left_out)
        table = inputs @ beyond
        # what only the folds' fits have is an axis too, lest left-out scores be cut
        values, vectors = np.linalg.eigh(table.T @ table + apart.T @ apart)
        kept = np.flatnonzero(values > 1e-12 * max(float(values[-1]), 1e-300))[::-1][:most]
        axes = vectors[:, kept]
        # an axis and its mirror image are one solution: the largest loading is made positive
        large = np.abs(axes) > (1 - 1e-6) * np.abs(axes).max(axis=0, initial=0.0)
        axes = axes * np.sign(axes[large.argmax(axis=0), np.arange(len(kept))])
        coefficients = np.column_stack([general, beyond @ axes])
        loadings = np.column_stack([np.ones(len(axes)), axes])
        left_out = _without_mirrors(np.column_stack([outside, apart @ axes]), loadings, fit.levels, problem)
        return cls(overall, fit.levels - overall, coefficients, loadings, left_out)


def _parted(table: Array) -> tuple[Array, Array]:
    """The mean over columns, and what is left."""
    mean = table.mean(axis=1)
    return mean, table - mean[:, None]


def _without_mirrors(left_out: Array, loadings: Array, levels: Array, problem: ScoreProblem) -> Array:
    """The embedding without columns that do not lessen the loss of the rows that were left out."""
    samples, drugs = problem.sample_index, problem.drug_index
    scores = levels[drugs] + problem.of_rows(left_out @ loadings.T)
    loss = problem.loss.adjusted(scores)
    total, kept = loss.total(scores), left_out.copy()
    for column in range(left_out.shape[1]):
        part = left_out[samples, column] * loadings[drugs, column]
        without = loss.total(scores - part)
        if without <= total + _LEAST_GAIN:
            total, scores, kept[:, column] = without, scores - part, 0.0
    return kept
