"""The network's own slopes and steps, beside those of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drugresponse.learners.neural._network import Batch, Shape, TiedNetwork
from drugresponse.learners.neural._place import GraphicsPlace, Place


@pytest.mark.parametrize("place", [Place(), GraphicsPlace("cpu")], ids=["numpy", "torch"])
def test_network__slopes_and_steps_are_those_of_torch(place):
    rng = np.random.default_rng(0)
    loadings, inputs, slopes = rng.normal(size=(5, 4)), rng.normal(size=(6, 7)), rng.normal(size=(8, 3))
    samples, drugs = np.array([0, 0, 1, 2, 3, 4, 5, 5]), np.array([0, 1, 2, 3, 4, 0, 1, 1])
    network = TiedNetwork(Shape(7, 9, 3, 4), loadings, dropout=0.3, rng=np.random.default_rng(1), place=place)
    own = {name: torch.nn.Parameter(torch.from_numpy(array)) for name, array in network.arrays().items()}
    shown = torch.from_numpy(inputs)[None] * own["adapter"][:, None]
    first = torch.relu(shown @ own["tower_in"] + own["tower_in_bias"][:, None])
    second = torch.relu(first @ own["tower_out"] + own["tower_out_bias"][:, None])
    embedded = second @ own["head"] + own["head_bias"][:, None]
    expected = (embedded @ torch.from_numpy(loadings).T)[:, samples, drugs].T
    scores = network.scores(Batch(place.put(inputs), samples, drugs), dropped=False)
    np.testing.assert_allclose(place.fetch(scores), expected.detach().numpy(), atol=1e-5)
    (expected * torch.from_numpy(slopes)).sum().backward()
    network.step_back(place.put(slopes))
    for name, array in network.slopes_by_name().items():
        np.testing.assert_allclose(array, own[name].grad.numpy(), atol=1e-5, err_msg=name)
    shared = [own[name] for name in ("tower_in", "tower_out", "head")]
    others = [each for each in own.values() if not any(each is one for one in shared)]
    optimizer = torch.optim.AdamW([{"params": shared}, {"params": others, "weight_decay": 0.0}], 0.01, weight_decay=0.5)
    for _ in range(3):
        optimizer.step()
        network.move(0.01, 0.5)
    for name, array in network.arrays().items():
        np.testing.assert_allclose(array, own[name].detach().numpy(), atol=1e-5, err_msg=name)


def test_network__drops_as_many_units_as_it_is_told_and_keeps_their_mean():
    rng = np.random.default_rng(0)
    network = TiedNetwork(Shape(5, 400, 2, 1), np.ones((1, 1)), dropout=0.6, rng=rng, place=Place())
    values = np.ones((30, 2, 5), dtype=np.float32)
    plain, whole = network._units(values, "tower_in", "tower_in_bias", dropped=False)
    units, slopes = network._units(values, "tower_in", "tower_in_bias", dropped=True)
    assert (slopes[whole] > 0).mean() == pytest.approx(0.4, abs=0.03)
    assert units.mean() == pytest.approx(plain.mean(), rel=0.1)
