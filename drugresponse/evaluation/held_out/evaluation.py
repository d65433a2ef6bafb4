"""What an evaluation measured: every held-out prediction of every learner and every naive model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.outcome import Kind
from drugresponse.data.splits import Scheme
from drugresponse.errors import count
from drugresponse.evaluation.held_out.outcome_layer import OutcomeLayer
from drugresponse.shown import Shown

__all__ = ["Evaluation"]


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Shown):
    """Held-out predictions, one layer for each model and repeat.

    Attributes
    ----------
    rows
        Every measured pair with its response and weight.
    scheme
        The deployment question that the folds ask.
    learners, naive
        Names of the learners in the order asked for, and of the naive predictions of the scheme.
    reference
        The naive prediction that normalised scores subtract; one of `naive`.
    fold
        `(n_repeats, n_rows)` int: the fold in which each row was held out, -1 where it was in none.
    predicted
        `(n_learners + n_naive, n_repeats, n_rows)` float64, learners first; NaN exactly where `fold` is -1. Of an
        outcome that is not continuous these are scores on the scale of the link.
    layers
        What was said of the held-out rows of each repeat, of an outcome that is not continuous; empty of one that is.
    rule
        Which of the learners is a rule, that learned nothing; "" where none is.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=30, n_drugs=2, n_features=20)
    >>> options = {"learners": ["additive-mean"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    >>> held_out = dr.evaluate(cohort.genotypes, cohort.responses, **options).evaluation
    >>> held_out.predicted.shape[0] == len(held_out.names), sorted(set(held_out.fold.ravel().tolist()))
    (True, [0, 1])
    """

    rows: TrainingRows
    scheme: Scheme
    learners: tuple[str, ...]
    naive: tuple[str, ...]
    reference: str
    fold: NDArray[np.intp]
    predicted: NDArray[np.float64]
    layers: tuple[OutcomeLayer, ...] = ()
    rule: str = ""

    def _headline(self) -> str:
        n_repeats, n_rows = self.fold.shape
        folds = count(int(self.fold.max(initial=-1)) + 1, "fold")
        repeats = "" if n_repeats == 1 else f" x {n_repeats}"
        return f"Evaluation: {count(n_rows, 'pair')} held out by {self.scheme.name} in {folds}{repeats}"

    @property
    def kind(self) -> Kind:
        """What kind of outcome the responses are."""
        return self.rows.pairs.outcome.kind

    @property
    def names(self) -> tuple[str, ...]:
        """Learners, then naive predictions: the order of `predicted`."""
        return self.learners + self.naive

    @property
    def trained(self) -> tuple[str, ...]:
        """The learners that are no rule."""
        return tuple(name for name in self.learners if name != self.rule)

    def of(self, name: str) -> NDArray[np.float64]:
        """`(n_repeats, n_rows)` held-out predictions of one model."""
        return self.predicted[self.names.index(name)]

    def losses(self, name: str) -> NDArray[np.float64]:
        """`(n_repeats, n_rows)` loss of each held-out row, by which models are compared; NaN where it was not held out.

        The squared error of a continuous outcome, else the proper loss of what was said of the row.
        """
        if not self.layers:
            return np.asarray((self.of(name) - self.rows.y) ** 2)
        losses = np.full(self.fold.shape, np.nan)
        for repeat, layer in enumerate(self.layers):
            losses[repeat, layer.rows] = layer.scores[name].losses
        return losses

    def best_naive(self) -> str:
        """The naive prediction with the least loss over all held-out rows."""
        errors = {name: float(np.nanmean(self.losses(name))) for name in self.naive}
        return min(errors, key=lambda name: (errors[name], name))
