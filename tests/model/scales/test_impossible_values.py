"""Codes that are no counts are refused of genotypes read in blocks as of those in memory."""

from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.errors import InputError
from drugresponse.model.scales._impossible_values import (
    CarrierSums,
    ImpossibleCalls,
    TwosOfAltered,
    refuse_impossible,
    tell_of_carriers,
)

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


@pytest.mark.parametrize("in_blocks", [False, True])
@pytest.mark.parametrize(("value", "is_told"), [(1.0, False), (2.0, True)])
def test_twos_of_altered__samples_are_flagged_whatever_stands_beside(caplog, in_blocks, value, is_told):
    """Coded 1 and 2, as training coded 0 and 1, a sample has no value that is impossible of copies."""
    values = np.ones((3, 4))
    values[1, 2], values[0, 3], values[2, 0] = value, 2, np.nan  # the last feature has no weight
    genotypes = Genotypes.from_dense(values, list("abc"), list("wxyz"), kind="altered")
    high, often = np.ones(4, np.float32), np.full(4, 0.4, np.float32)
    twos = TwosOfAltered(genotypes.features, np.array([1, 1, 1, 0.0]), high, often, 3)
    if in_blocks:
        for columns in np.split(np.arange(4), [1]):
            twos.add(columns, CodedCalls.of(values[:, columns].astype(np.float32)))
    else:
        twos.add_values(np.arange(4), genotypes.values)
    assert twos.tell().tolist() == [False, is_told, False]
    assert ('such as "y", in 1 sample: read as two copies' in caplog.text) == is_told
    for kind, frequency in (("dosage", often), ("altered", often / 4)):
        quiet = TwosOfAltered(genotypes.features.assign(kind=kind), np.ones(4), high, frequency, 3)
        quiet.add_values(np.arange(4), genotypes.values)
        assert not quiet.tell().any()


@pytest.mark.parametrize("in_blocks", [False, True])
def test_tell_of_carriers__shares_of_alleles_in_place_of_copies(caplog, in_blocks):
    copies = np.random.default_rng(0).binomial(2, 0.5, size=(40, 5)).astype(np.float32)
    high, centre = np.full(5, 2, np.float32), np.ones(5, np.float32)
    for values, is_told in ((copies, False), (copies / 2, True), (np.minimum(copies, 1), True)):
        caplog.clear()
        genotypes = Genotypes.from_dense(values, [f"s{at}" for at in range(40)], list("vwxyz"), kind="dosage")
        if in_blocks:
            sums = CarrierSums(genotypes.features, high, centre)
            sums.add(np.arange(5), CodedCalls.of(values))
            sums.tell()
        else:
            tell_of_carriers(genotypes, high, centre)
        assert ("no call has two copies of an allele, where about 50" in caplog.text) == is_told
