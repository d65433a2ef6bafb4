"""Bounds of few studies are as wide as the next study asks for."""

from dataclasses import replace

import numpy as np

from drugresponse.data.pairs import Pairs
from drugresponse.model.intervals.intervals import IntervalTable
from tests.data.studies.test_study_folds import pairs_of


def share_inside(n_studies: int, studies_told: bool) -> float:
    """Of the rows of a new study, over many draws of studies that are off by as much as single rows are."""
    rng, inside = np.random.default_rng(0), []
    pairs = pairs_of([(at, f"study {at % n_studies}") for at in range(100 * n_studies)], n_drugs=1)
    known = pairs if studies_told else replace(pairs, studies=None)
    at = np.arange(len(pairs)) % n_studies
    for _ in range(150):
        residuals = rng.normal(0, 1, n_studies)[at] + rng.normal(0, 1, len(pairs))
        lower, upper = _bounds(known, residuals)
        told = rng.normal(0, 1) + rng.normal(0, 1, 200)
        inside.append(((told >= lower) & (told <= upper)).mean())
    return float(np.mean(inside))


def _bounds(pairs: Pairs, residuals: np.ndarray) -> tuple[float, float]:
    table = IntervalTable.calibrate(pairs, residuals, np.zeros(len(pairs)), scheme="new-studies")
    lower, upper = table.bounds(pairs[:1], np.zeros(1))
    return float(lower[0]), float(upper[0])


def test_bounds__cover_a_study_that_was_not_seen() -> None:
    assert share_inside(4, studies_told=True) > 0.83


def test_bounds__of_two_studies_are_wider_than_their_rows_alone_would_have_them() -> None:
    assert share_inside(2, studies_told=True) > share_inside(2, studies_told=False) + 0.05
