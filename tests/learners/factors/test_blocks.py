"""Scales of blocks: what all of them predict is never worse than the best single one by more than noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.blocks import joined_blocks
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.learners.ridge.linear import FactorRidge

N, DRUGS = 80, [f"d{at}" for at in range(5)]
IDS = [f"s{at}" for at in range(N)]


def block(rng: np.random.Generator, width: int) -> Genotypes:
    return Genotypes.from_dense(rng.normal(size=(N, width)), IDS, [f"g{at}" for at in range(width)], kind="score")


def signal(rng: np.random.Generator, table: Genotypes) -> np.ndarray:
    effects = rng.normal(size=(table.shape[1], 1)) + 0.4 * rng.normal(size=(table.shape[1], len(DRUGS)))
    made = table.dense() @ effects
    return made / made.std()


def error(blocks: dict[str, Genotypes], responses: np.ndarray) -> tuple[float, dict[str, float]]:
    """Root mean square error of samples that were left out, by that of drug means; and the scales."""
    genotypes = joined_blocks(blocks)
    nothing = pd.DataFrame(index=genotypes.sample_ids)
    drugs = pd.DataFrame({"smiles": ""}, index=pd.Index(DRUGS, name="drug_id"))
    pairs = Pairs.grid(genotypes, nothing, drugs)
    y = responses[pairs.sample_index, pairs.drug_index]
    fold, predicted, means = pairs.sample_index % 3, np.empty(len(y)), np.empty(len(y))
    for number in range(3):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        learner = FactorRidge().fit(pairs[train].compact(), y[train])
        predicted[test] = learner.predict(pairs[test])
        means[test] = responses[np.unique(pairs.sample_index[train])].mean(axis=0)[pairs.drug_index[test]]
    return float(np.sqrt(((y - predicted) ** 2).mean() / ((y - means) ** 2).mean())), learner.block_scales_


@pytest.mark.parametrize("seed", [0, 1])
def test_block_scales__a_large_block_of_noise_costs_nothing_beside_a_small_one_that_tells(seed):
    rng = np.random.default_rng(seed)
    tells, noise = block(rng, 15), block(rng, 400)
    responses = signal(rng, tells) + 0.6 * rng.normal(size=(N, len(DRUGS)))
    alone, _ = error({"tells": tells}, responses)
    both, scales = error({"noise": noise, "tells": tells}, responses)
    assert alone < 0.75
    assert both < alone + 0.02
    assert scales["noise"] < scales["tells"]


def test_block_scales__two_blocks_that_tell_are_better_than_either():
    rng = np.random.default_rng(2)
    one, other = block(rng, 12), block(rng, 30)
    responses = signal(rng, one) + signal(rng, other) + 0.6 * rng.normal(size=(N, len(DRUGS)))
    single = min(error({"one": one}, responses)[0], error({"other": other}, responses)[0])
    assert error({"one": one, "other": other}, responses)[0] < single - 0.1
