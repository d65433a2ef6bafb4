"""Codes that are no counts are refused of genotypes read in blocks as of those in memory."""

from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.errors import InputError
from drugresponse.model.scales._impossible_values import ImpossibleCalls, refuse_impossible

CARRIED = np.random.default_rng(0).random((30, 8)) < 0.4


def refusal(values: np.ndarray, *, in_blocks: bool) -> str:
    """The words of the refusal, or nothing."""
    ids = [f"s{at}" for at in range(30)], [f"g{at}" for at in range(8)]
    genotypes = Genotypes.from_dense(values, *ids, kind="altered")
    of_training = np.ones(8), np.zeros(8, np.float32), np.ones(8, np.float32)
    try:
        if not in_blocks:
            refuse_impossible(genotypes, *of_training)
            return ""
        looking = ImpossibleCalls(genotypes.features, *of_training)
        for columns in np.split(np.arange(8), [3]):
            looking.add(columns, CodedCalls.of(values[:, columns].astype(np.float32)))
        looking.refuse()
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (CARRIED * 1.0, ""),
        (CARRIED * 2.0, "values such as 2 in feature"),
        (CARRIED * 0.4, "values such as 0.4 in feature"),
        (np.where(np.arange(30)[:, None] < 15, CARRIED * 1.0, CARRIED * 2.0), ""),
    ],
    ids=["as in training", "2 for a carrier", "shares of reads", "some of two copies"],
)
def test_impossible_values__in_blocks_as_in_memory(values, words):
    told = refusal(values, in_blocks=True)
    assert words in told and bool(words) == bool(told)
    assert told == refusal(values, in_blocks=False)
