"""Learners of authors who were not done."""

from __future__ import annotations

import drugresponse as dr
from drugresponse_example.learner import PlainRidge


class Unfinished(dr.PairRegressor):
    """Without a single method."""


class Failing(PlainRidge):
    """Whose fit goes wrong."""

    def fit(self, *_: object) -> Failing:
        raise LookupError("a mistake of its authors")


class Learners:
    """A place within a class."""

    Ridge = PlainRidge
