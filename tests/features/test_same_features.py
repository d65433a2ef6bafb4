from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.features import alignment as alignment_module
from drugresponse.features.same_features import with_features_of
from tests.stored_genotypes import passes, stored

MISSING = np.nan


def variants(values, positions, refs, alts):
    ids = [f"1:{place}:{ref}:{alt}" for place, ref, alt in zip(positions, refs, alts, strict=True)]
    table = {"kind": "dosage", "chromosome": "1", "position": positions, "ref": list(refs), "alt": list(alts)}
    samples = [f"n{number}" for number in range(len(values))]
    return Genotypes.build(np.array(values), samples, pd.DataFrame(table, index=ids))


TRAINED = variants([[0, 0, 0, 0]], [5, 6, 7, 8], "AAAA", "CGTC").features


@pytest.mark.parametrize("cells", [1, 3, 1 << 20])
def test_with_features_of__turned_absent_and_in_conflict(monkeypatch, cells):
    monkeypatch.setattr(alignment_module, "_BLOCK_CELLS", cells)
    # swapped, absent, of other alleles under the same id, and as it is; and one that the training does not know
    new = variants([[0, 1, 1, 2], [MISSING, 2, MISSING, 0], [1, 0, 0, 1]], [5, 7, 8, 9], "CGAA", "ACCG")
    new = Genotypes(new.values, new.sample_ids, new.features.rename(index={"1:7:G:C": "1:7:A:T"}))
    found, alignment = with_features_of(new, TRAINED)
    assert found.features.equals(TRAINED)
    expected = [[2, MISSING, MISSING, 1], [MISSING, MISSING, MISSING, MISSING], [1, MISSING, MISSING, 0]]
    np.testing.assert_array_equal(found.dense(), expected)
    assert alignment.conflict.tolist() == [False, False, True, False]
    listed, _ = with_features_of(new, TRAINED, absent_as_reference=True)
    np.testing.assert_array_equal(listed.dense(), np.where([False, True, False, False], 0, expected))
    again, alignment = with_features_of(found, TRAINED)
    assert again.equals(found)
    assert not alignment.changed


def test_with_features_of__stored_genotypes_are_read_when_they_are_wanted(monkeypatch):
    new = variants([[0, 1, 1, 2], [MISSING, 2, MISSING, 0], [1, 0, 0, 1]], [5, 7, 8, 9], "CGAA", "ACCG")
    there = stored(new)
    monkeypatch.setattr(stored_values, "STORED_CELLS", 5)
    for as_reference in (False, True):
        found, alignment = with_features_of(there, TRAINED, absent_as_reference=as_reference)
        assert found.is_stored and passes(there) == 0
        assert found.features.equals(TRAINED)
        monkeypatch.setattr(stored_values, "STORED_CELLS", 5_000)
        expected, of_memory = with_features_of(new, TRAINED, absent_as_reference=as_reference)
        assert not expected.is_stored and found.in_memory().equals(expected)
        assert alignment.counts() == of_memory.counts()
        assert with_features_of(there, TRAINED, absent_as_reference=as_reference)[0].equals(expected)
        monkeypatch.setattr(stored_values, "STORED_CELLS", 5)
        there = stored(new)


def test_with_features_of__what_has_no_reference_stays_missing():
    kinds = pd.DataFrame({"kind": ["score", "copy_number", "altered"]}, index=["MYC", "EGFR", "TP53"])
    trained = Genotypes.build([[0, 0, 0], [1, 1, 1]], ["s1", "s2"], kinds).features
    new = Genotypes.build([[3.5]], ["n1"], pd.DataFrame({"kind": ["score"]}, index=["MYC"]))
    found, _ = with_features_of(new, trained, absent_as_reference=True)
    assert found.features.index.tolist() == ["TP53", "EGFR", "MYC"]
    np.testing.assert_array_equal(found.dense(), [[0, MISSING, 3.5]])


def test_with_features_of__none_found():
    new = variants([[1]], [70], "A", "C")
    with pytest.raises(InputError, match=r"found none of the 4 features of the training .expected the same variants"):
        with_features_of(new, TRAINED, absent_as_reference=True)


def test_with_features_of__blocks_are_asked_for_by_name():
    table = pd.DataFrame({"kind": "score", "block": ["dna", "dna", "rna"]}, index=["MYC", "EGFR", "EGFR"])
    trained = Genotypes.build([[0, 0, 0], [1, 1, 1]], ["s1", "s2"], table).features
    unnamed = Genotypes.build([[3.5, 1.0]], ["n1"], table.assign(block="score")[:2])
    with pytest.raises(InputError, match=r'a block without a name with 1 feature .* blocks "dna", "rna"'):
        with_features_of(unnamed, trained)
