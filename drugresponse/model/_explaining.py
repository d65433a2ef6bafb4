"""A whole model's predictions as sums of named parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions
from drugresponse.shown import Shown
from drugresponse.threads import one_thread

__all__ = ["PredictionParts"]


@dataclass(frozen=True, eq=False, repr=False)
class PredictionParts(Shown):
    """What predictions are made of.

    Attributes
    ----------
    parts
        `(n_parts,)` rows of text `kind, block, feature_id, gene, arm`, as `parts_table` tells of them.
    pairs
        The samples and drugs asked for; rows are numbered as in the table of `predict`.
    by_drug
        The parts' values, drug by drug; can be gone through once.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> attributed = model.contributions(cohort.genotypes)
    >>> sorted(each.drug_id for each in attributed.by_drug) == sorted(cohort.drugs.index)
    True
    """

    parts: pd.DataFrame
    pairs: Pairs
    by_drug: Iterator[Contributions]

    @classmethod
    def of(cls, regressor: PairRegressor, pairs: Pairs) -> PredictionParts:
        """Take a learner's predictions apart."""
        return cls(regressor.contribution_parts(), pairs, _by_drug(regressor, pairs))


def _by_drug(regressor: PairRegressor, pairs: Pairs) -> Iterator[Contributions]:
    """One thread while a drug is worked on, and as many as before while its parts are looked at."""
    with one_thread():
        contributions = regressor.contributions(pairs)
    while True:
        with one_thread():
            of_drug = next(contributions, None)
        if of_drug is None:
            return
        yield of_drug
