from __future__ import annotations

import numpy as np
import pytest

from drugresponse.readers.variants.allele_calls import HALF, MISSING
from drugresponse.readers.vcf._calls import BadCallError, decode_dosages, decode_genotypes, only_field


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
    found, _ = decode_genotypes(texts, [2, 2], 2)
    assert [found[0][:, 0].tolist(), found[1][:, 1].tolist()] == [copies, copies]


def test_decode_genotypes__many_alternates():
    (found,), _ = decode_genotypes([b"12/3\t9/10"], [12], 2)
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
        (b"0/1\t" + b"/".join([b"1"] * 128), "found a call of 128 alleles .expected at most 127"),
    ],
)
def test_decode_genotypes__what_is_no_call(text, message):
    texts = [b"0/0\t0/0", text]
    if message is None:
        assert decode_genotypes(texts, [2, 2], 2)[0][1].tolist() == [[1, 1], [0, 0]]
        return
    with pytest.raises(BadCallError, match=message) as caught:
        decode_genotypes(texts, [2, 2], 2)
    assert caught.value.at == 1


def test_decode_genotypes__every_one_of_very_many_alternates():
    (found,), _ = decode_genotypes([b"0/1\t2000/3\t10|11\t./1999"], [2000], 4)
    assert np.argwhere(found[:, :3] == 1).tolist() == [[0, 0], [2, 1], [9, 2], [10, 2], [1999, 1]]
    assert set(found[:, 3]) == {HALF}


def test_decode_genotypes__as_many_copies_as_a_number_holds():
    (found,), beyond_two = decode_genotypes([b"/".join([b"1"] * 127)], [1], 1)
    assert (found.tolist(), beyond_two.tolist()) == ([[127]], [125])


def test_decode_genotypes__alleles_beyond_two_of_called_ones_only():
    texts = [b"0/1\t1\t.", b"1\t10\t0", b"0/1/1\t././.\t0/./1", b"0/1\t0|0\t./."]
    assert decode_genotypes(texts, [10] * 4, 3)[1].tolist() == [-1, -3, 1, 0]


@pytest.mark.parametrize(("text", "message"), [(b"0.5", "1 columns"), (b"0.5\tx", "DS"), (b"1\tinf", "DS of inf")])
def test_decode_dosages__what_is_none(text, message):
    with pytest.raises(ValueError, match=message):
        decode_dosages(text, 1, 2)


def test_only_field__left_out_is_missing():
    assert only_field(b"1:0/1:3\t2\t3:1/1", 1) == b"0/1\t.\t1/1"
