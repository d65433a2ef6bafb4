"""Boosters of few drugs grown by a loss: of each drug, and of all together, as far as held-out groups gain by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array
from drugresponse.learners.trees._boosters import Boosters, Growth, grow_by_loss
from drugresponse.learners.trees._rounds import checkpoints, choose_rounds, held_out_steps
from drugresponse.learners.trees._shared_booster import SharedBooster, with_drugs
from drugresponse.threads import run_in_order

__all__ = ["LossGrowth", "rows_of_own_trees"]

_FEWEST_ROWS = 40
_FEWEST_EVENTS = 10
"""A drug with fewer rows, or fewer that had the event or are another answer than its usual one, has no booster."""
_ROUNDS_TOGETHER = 2
"""Most rounds of the booster that drugs share, in rounds of a drug's own."""


@dataclass(frozen=True, eq=False)
class LossGrowth:
    """Training rows, and what is to be grown on them.

    Attributes
    ----------
    inputs
        `(n_rows, n_inputs)`, NaN where missing.
    n_tokens
        How many of them, the first ones, the booster sees that drugs share.
    drug_index
        `(n_rows,)` from 0.
    loss
        Of the rows.
    base, ridge
        `(n_rows,)` scores that boosters add to, and those of drugs without one of their own.
    rows
        Row numbers of each drug that has a booster of its own, by drug id.
    growth
        Of a drug's own booster; the number of rounds is the largest.
    folds
        Row numbers of held-out groups.
    """

    inputs: NDArray[np.float32]
    n_tokens: int
    drug_index: NDArray[np.intp]
    loss: RowLoss
    base: Array
    ridge: Array
    rows: Mapping[str, NDArray[np.intp]]
    growth: Growth
    folds: Sequence[Fold]

    def grow(self, *, shares: bool) -> tuple[Boosters, SharedBooster | None]:
        """The boosters of drugs, and the shared one, after the rounds that leave their mean the least loss.

        None are grown where no groups can be held out: the ridge stays. That it might do better than boosters is not
        asked here, since its left-out scores were chosen on the same groups and flatter it.

        Parameters
        ----------
        shares
            Whether drugs share a booster.
        """
        if not any(len(train) and len(test) for train, test in self.folds):
            return Boosters({}, 0.0, self.loss.unit, self.growth.forest), None
        own, together = self._own_held_out(), self._together_held_out() if shares else []
        ways = list(product(range(len(own)), range(max(len(together), 1))))

        def scores() -> Iterator[Array]:
            for mine, ours in ways:
                yield (own[mine] + together[ours]) / 2 if shares else own[mine]

        mine, ours = ways[choose_rounds(self.loss, scores(), self.folds)]
        grown = replace(self.growth, rounds=self._numbers[mine])
        boosters = Boosters.fit_by_loss(self.inputs, self.loss, self.base, self.rows, grown)
        everything = np.arange(len(self.inputs))
        return boosters, self._share(everything, self._numbers_together[ours]) if shares else None

    @property
    def _numbers(self) -> list[int]:
        return checkpoints(self.growth.rounds)

    @property
    def _numbers_together(self) -> list[int]:
        return checkpoints(_ROUNDS_TOGETHER * self.growth.rounds)

    def _own_held_out(self) -> list[Array]:
        """`(n_rows,)` held-out scores after each number of rounds; those of other drugs are the ridge's."""
        growth, folds = self.growth, self.folds

        def of_drug(at: NDArray[np.intp]) -> Array:
            def grow(train: NDArray[np.intp]) -> Any:
                some, drawn, seed = at[train], growth.parameters, growth.random_state
                loss, base = self.loss.take(some), self.base[some]
                return grow_by_loss(self.inputs[some], loss, base, drawn, growth.rounds, random_state=seed)

            cut = [(np.flatnonzero(np.isin(at, train)), np.flatnonzero(np.isin(at, test))) for train, test in folds]
            return self.base[at] + self.loss.unit * held_out_steps(self.inputs[at], grow, cut, self._numbers)

        scores = np.repeat(self.ridge[None, :], len(self._numbers), axis=0)
        units = self.rows.values()
        for at, of_rows in zip(units, run_in_order(of_drug, units, growth.n_jobs), strict=True):
            scores[:, at] = of_rows
        return list(scores)

    def _together_held_out(self) -> list[Array]:
        """`(n_rows,)` held-out scores of the shared booster after each number of rounds."""
        numbers = self._numbers_together
        seen = with_drugs(self._tokens, self.drug_index, self._n_drugs)
        steps = held_out_steps(seen, lambda at: self._share(at, numbers[-1]).booster, self.folds, numbers)
        return list(self.base + self.loss.unit * steps)

    def _share(self, at: NDArray[np.intp], rounds: int) -> SharedBooster:
        return SharedBooster.fit_by_loss(
            self._tokens[at],
            self.drug_index[at],
            self._n_drugs,
            self.loss.take(at),
            self.base[at],
            replace(self.growth, rounds=rounds),
        )

    @property
    def _tokens(self) -> NDArray[np.float32]:
        return self.inputs[:, : self.n_tokens]

    @property
    def _n_drugs(self) -> int:
        return int(self.drug_index.max()) + 1


def rows_of_own_trees(pairs: Pairs, y: Array) -> dict[str, NDArray[np.intp]]:
    """Row numbers of each drug whose rows say enough for a booster of its own, by drug id.

    Parameters
    ----------
    pairs, y
        Training pairs, compact, of an outcome that is not continuous, and their responses.
    """
    observed, rows = pairs.observed, {}
    for number, drug in enumerate(pairs.drugs.index):
        at = np.flatnonzero(pairs.drug_index == number)
        if observed is not None and observed.happened is not None:
            n_events = int(observed.happened[at].sum())
        else:
            answers = y if observed is None or observed.lower is None else np.c_[observed.lower, observed.upper]
            counts = np.unique(answers[at], axis=0, return_counts=True)[1]
            n_events = int(counts.sum() - counts.max())
        if len(at) >= _FEWEST_ROWS and n_events >= _FEWEST_EVENTS:
            rows[str(drug)] = at
    return rows
