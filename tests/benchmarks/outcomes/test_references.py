"""The references of outcomes learn what is planted, and their likelihood has its own slopes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from benchmarks.outcomes.measures import FIGURES
from benchmarks.outcomes.references import REFERENCES_OF_KIND, _partial
from benchmarks.outcomes.running import _over_folds
from tests.benchmarks.outcomes.test_measures import held_of, once

_FIGURES = {"binary": "AUROC", "ordinal": "weighted kappa", "interval": "agreement", "time-to-event": "Harrell's C"}
_LEARNED = [
    (kind, name)
    for kind, references in REFERENCES_OF_KIND.items()
    for name in references
    if name not in ("drug mean", "Nelson-Aalen")
]
_CHANCE = {"binary": 0.5, "ordinal": 0.0, "time-to-event": 0.5}


@pytest.mark.parametrize(("kind", "name"), _LEARNED)
def test_reference__is_better_than_what_knows_no_genotype(kind, name):
    held = held_of(kind, 200, 1 if kind == "time-to-event" else 3)
    figures = FIGURES[kind](held, _over_folds(REFERENCES_OF_KIND[kind][name], held), once(held))
    if kind == "interval":
        naive = FIGURES[kind](held, _over_folds(REFERENCES_OF_KIND[kind]["drug mean"], held), once(held))
        assert figures["RMSE"][0] < naive["RMSE"][0]
    else:
        assert figures[_FIGURES[kind]][0] > _CHANCE[kind] + 0.1


def test_partial_likelihood__slopes_are_those_of_its_differences():
    rng = np.random.default_rng(0)
    X, time, happened = rng.normal(size=(40, 3)), rng.integers(1, 9, 40).astype(float), rng.random(40) < 0.6
    beta = rng.normal(size=3)
    off = check_grad(
        lambda b: _partial(b, X, time, happened, 2.0)[0], lambda b: _partial(b, X, time, happened, 2.0)[1], beta
    )
    assert off < 1e-4
