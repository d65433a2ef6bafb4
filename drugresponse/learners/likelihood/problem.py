"""What a penalised likelihood is made of, beside the inputs: rows and their loss, levels of drugs, and folds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import deal_folds, groups_of_samples
from drugresponse.learners.base import relative_weights
from drugresponse.learners.likelihood.alike import alike_numbers, rows_alike
from drugresponse.learners.likelihood.likeness import drug_likeness, working_table
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.state import Array

__all__ = ["ScoreProblem"]

_FOLDS, _MORE_FOLDS = 5, 10
_FEW_GROUPS = 400
"""Up to so many groups are left out in more folds: each of them costs little, and counts."""
_PRIOR_ROWS = 2.0
"""Rows of the greatest curvature that draw a drug's level to its start, which leans on all drugs."""
_ALONE = 1e-3
"""The same where there is one drug, whose level has nothing to lean on: enough to keep it finite."""


@dataclass(frozen=True, eq=False)
class ScoreProblem:
    """Rows of samples and drugs, and the loss of one score for each.

    Attributes
    ----------
    loss
        Of the rows.
    sample_index, drug_index
        `(n_rows,)` row and column of each in the table of scores.
    shape
        Samples and drugs.
    levels, precision
        `(n_drugs,)` score of each drug to start from, and how hard its level is drawn to that.
    folds
        `(n_samples,)` number of the fold in which each sample is left out; a subject is in one.
    working
        `(n_samples, n_drugs)` what the rows lack at the start, in standard deviations; 0 where not measured.
    likeness
        `(n_drugs, n_drugs)` prior covariance over drugs of an input's effects, of mean variance 1.
    n_samples
        Samples, each counted, of which `shape` may count one for several that are alike.
    """

    loss: RowLoss
    sample_index: NDArray[np.intp]
    drug_index: NDArray[np.intp]
    shape: tuple[int, int]
    levels: Array
    precision: Array
    folds: NDArray[np.intp]
    working: Array
    likeness: Array
    n_samples: int

    @classmethod
    def of(cls, pairs: Pairs, y: Array, sample_weight: Array | None, scheme: str, random_state: int) -> ScoreProblem:
        """The problem of training pairs, compact.

        Parameters
        ----------
        scheme
            Whether whole lineages are left out; else it is subjects.
        random_state
            Seed of the folds.
        """
        loss = loss_of(pairs, y, relative_weights(sample_weight, len(y)))
        shape = pairs.genotypes.shape[0], len(pairs.drugs)
        levels, at = loss.start(), (pairs.sample_index, pairs.drug_index)
        slope, curvature = loss.derivatives(levels[pairs.drug_index])
        working, measured = working_table(slope, curvature, *at, shape)
        greatest = np.zeros(shape[1])
        np.maximum.at(greatest, pairs.drug_index, loss.derivatives(np.zeros(len(y)))[1] / loss.weights)
        precision = greatest * (_PRIOR_ROWS if shape[1] > 1 else _ALONE)
        folds = _deal(pairs, scheme, random_state)
        return cls(loss, *at, shape, levels, precision, folds, working, drug_likeness(working, measured), shape[0])

    def of_rows(self, table: Array) -> Array:
        """`(n_rows,)` entries of `(n_samples, n_drugs)`."""
        return np.asarray(table[self.sample_index, self.drug_index], dtype=np.float64)

    def fold_rows(self) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Numbers of the rows that each fold learns from, and of the samples that it leaves out."""
        of_row = self.folds[self.sample_index]
        return [
            (np.flatnonzero(of_row != fold), np.flatnonzero(self.folds == fold)) for fold in range(self.folds.max() + 1)
        ]

    def take(self, rows: NDArray[np.intp]) -> ScoreProblem:
        """The problem of some rows; levels and likeness stay."""
        return replace(
            self,
            loss=self.loss.take(rows),
            sample_index=self.sample_index[rows],
            drug_index=self.drug_index[rows],
        )

    def merged(self, scores: Array) -> tuple[ScoreProblem, NDArray[np.intp], NDArray[np.intp]]:
        """The same problem, in which samples of the same inputs in the same fold are one, as are their equal rows.

        Isolates of a clone, or patients with the same few mutations, ask for the same scores: a step costs what is
        different among the rows. Where hardly any rows are alike, or the loss of a row looks at others, all stay.

        Parameters
        ----------
        scores
            `(n_samples, n_axes)` the samples' inputs in any axes.

        Returns
        -------
        problem : ScoreProblem
        firsts : (n_merged,) intp
            A sample for each of the problem's.
        place : (n_samples,) intp
            Which of them each sample is.
        """
        firsts, place = alike_numbers(scores, self.folds)
        of_row = place[self.sample_index]
        different = rows_alike(self.loss, of_row)
        if different is None:
            each = np.arange(len(self.folds))
            return self, each, each
        rows, loss = different
        problem = replace(
            self,
            loss=loss,
            sample_index=of_row[rows],
            drug_index=self.drug_index[rows],
            shape=(len(firsts), self.shape[1]),
            folds=self.folds[firsts],
            working=self.working[firsts],
        )
        return problem, firsts, place


def _deal(pairs: Pairs, scheme: str, random_state: int) -> NDArray[np.intp]:
    """Number of a fold for each sample, that of its group."""
    folds = np.zeros(len(pairs.subjects), dtype=np.intp)
    n_groups = len(np.unique(groups_of_samples(pairs, scheme).astype(str)))
    if n_groups < 2:
        return np.random.default_rng(random_state).permutation(len(folds)) % _FOLDS
    n_folds = min(n_groups, _MORE_FOLDS if n_groups <= _FEW_GROUPS else _FOLDS)
    held_out = "new-lineages" if scheme == "new-lineages" else "new-samples"
    folds[pairs.sample_index] = deal_folds(pairs, held_out, n_folds, random_state)["sample"]
    return folds
