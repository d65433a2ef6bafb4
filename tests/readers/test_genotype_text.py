from __future__ import annotations

import numpy as np
import pytest

from drugresponse.readers.allele_calls import HALF, MISSING
from drugresponse.readers.genotype_text import BadCallError, decode_dosages, decode_genotypes, only_field


@pytest.mark.parametrize(
    ("call", "copies"),
    [
        ("0/0", [0, 0]),
        ("0|2", [0, 1]),
        ("2/1", [1, 1]),
        ("1/1", [2, 0]),
        ("./.", [MISSING] * 2),
        (".|1", [HALF] * 2),
        ("0/.", [HALF] * 2),
        ("2", [0, 1]),
        (".", [MISSING] * 2),
        ("1/1/2", [2, 1]),
        ("././.", [MISSING] * 2),
        ("0/./2", [HALF] * 2),
        ("|1|2", [1, 1]),
        ("01/0", [1, 0]),
    ],
)
@pytest.mark.parametrize("beside", ["0/0", "0/0:1,2:.", "1", "0/0/0"])
def test_decode_genotypes__a_call_means_the_same_beside_every_other(call, copies, beside):
    texts = [f"{call}\t{beside}".encode(), f"{beside}\t{call}:7".encode()]
    found = decode_genotypes(texts, [2, 2], 2)
    assert [found[0][:, 0].tolist(), found[1][:, 1].tolist()] == [copies, copies]


def test_decode_genotypes__many_alternates():
    (found,) = decode_genotypes([b"12/3\t9/10"], [12], 2)
    assert np.argwhere(found == 1).tolist() == [[2, 0], [8, 1], [9, 1], [11, 0]]
    assert found.sum() == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"0/1", "found 1 columns of samples .expected 2"),
        (b"0/1\t0/0\t0/0", "found 3 columns of samples .expected 2"),
        (b"0/1\t0/3", "found allele 3 in a call .expected at most 2"),
        (b"0/1\t3", "found allele 3 in a call .expected at most 2"),
        (b"0/1\t0/a", 'found the call "0/a"'),
        (b"0/1\t0-1", 'found the call "0-1"'),
        (b"0/1\t", 'found the call ""'),
        (b"0/1\t:3", 'found the call ""'),
        (b"0/1\t0/:3", 'found the call "0/"'),
        (b"0/1\t/1", None),
        (b"0/1\t\xff/1", "found the call"),
    ],
)
def test_decode_genotypes__what_is_no_call(text, message):
    texts = [b"0/0\t0/0", text]
    if message is None:
        assert decode_genotypes(texts, [2, 2], 2)[1].tolist() == [[1, 1], [0, 0]]
        return
    with pytest.raises(BadCallError, match=message) as caught:
        decode_genotypes(texts, [2, 2], 2)
    assert caught.value.at == 1


@pytest.mark.parametrize(("text", "message"), [(b"0.5", "1 columns"), (b"0.5\tx", "DS"), (b"1\tinf", "infinite")])
def test_decode_dosages__what_is_none(text, message):
    with pytest.raises(ValueError, match=message):
        decode_dosages(text, 1, 2)


def test_only_field__left_out_is_missing():
    assert only_field(b"1:0/1:3\t2\t3:1/1", 1) == b"0/1\t.\t1/1"
