"""Axes of ancestry: simulated populations are told apart, and new samples lie where those of the training do."""

from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.features.ancestry import AncestryAxes
from tests.features.populations import drawn, frequencies

TWO, OTHER = (0, 1), (2,)


@pytest.fixture(scope="module")
def populations():
    return frequencies(n_features=2500, n_populations=3)


@pytest.fixture(scope="module")
def fitted(populations):
    genotypes, of = drawn(populations, 120, TWO, seed=1)
    axes, scores = AncestryAxes.fit(genotypes, 3)
    return axes, scores, of


def values_of(axes: AncestryAxes, genotypes: Genotypes) -> np.ndarray:
    return genotypes.dense(genotypes.features.index.get_indexer(axes.features.index)).astype(float)


def test_fit__the_first_axis_tells_the_populations_apart(fitted):
    axes, scores, of = fitted
    assert list(scores.columns) == axes.names == ["ancestry PC1", "ancestry PC2", "ancestry PC3"]
    assert np.allclose(scores.std(ddof=0), 1, atol=0.05)
    means = [scores["ancestry PC1"][of == number].mean() for number in TWO]
    assert abs(means[0] - means[1]) > 1.9


def test_project__new_samples_lie_with_those_of_their_population(fitted, populations):
    axes, scores, of = fitted
    new, of_new = drawn(populations, 60, TWO, seed=2)
    projected = axes.project(values_of(axes, new), np.ones(60, dtype=bool))
    for number in TWO:
        trained = scores["ancestry PC1"][of == number]
        assert projected[of_new == number, 0].mean() == pytest.approx(trained.mean(), abs=0.1)
    # on an axis of chance alone the training lies far out; unstretched, new samples would all lie near 0
    assert axes.stretch[0] < 1.3 < 3 < axes.stretch[1]
    assert 0.6 < projected[:, 1].std() < 1.6


def test_project__samples_of_the_training_lie_where_they_lay(fitted, populations):
    axes, scores, _ = fitted
    genotypes, _ = drawn(populations, 120, TWO, seed=1)
    again = axes.project(values_of(axes, genotypes), np.zeros(120, dtype=bool))
    assert np.allclose(again, scores, atol=1e-6)


def test_project__missing_calls_move_nothing_far_and_too_many_say_nothing(fitted, populations):
    axes, _, _ = fitted
    new, _ = drawn(populations, 20, TWO, seed=3)
    whole, is_new = values_of(axes, new), np.ones(20, dtype=bool)
    few, many = whole.copy(), whole.copy()
    few[:, ::5] = np.nan
    many[:, 1::2] = many[:, ::4] = np.nan
    assert np.allclose(axes.project(few, is_new)[:, 0], axes.project(whole, is_new)[:, 0], atol=0.25)
    assert np.isnan(axes.project(many, is_new)).all()
    assert not axes.outside(many).any()


def test_outside__another_population_is_outside_and_the_same_ones_are_not(fitted, populations):
    axes, _, _ = fitted
    same, other = (values_of(axes, drawn(populations, 40, of, seed=4)[0]) for of in (TWO, OTHER))
    assert axes.outside(same).sum() <= 1
    assert axes.outside(other).all()


@pytest.mark.parametrize(("n_samples", "n_features", "n_axes"), [(12, 2500, 7), (120, 4, 5)])
def test_fit__too_few_for_so_many(populations, n_samples, n_features, n_axes):
    genotypes, _ = drawn(populations[:, :n_features], n_samples, TWO, seed=1)
    with pytest.raises(InputError, match=r"`ancestry_components`: found \d+ samples and \d+ features .* Ask for fewer"):
        AncestryAxes.fit(genotypes, n_axes)
