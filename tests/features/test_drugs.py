from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from drugresponse.features.drugs import DrugEncoder, morgan_fingerprints, without_unreadable


def table(*smiles: object) -> pd.DataFrame:
    return pd.DataFrame({"smiles": list(smiles)}, index=pd.Index([f"d{i}" for i in range(len(smiles))], name="drug_id"))


def test_morgan_fingerprints__are_of_the_molecule_not_of_its_spelling():
    a, b, c = morgan_fingerprints(["OCC", "C(O)C", "CCN"])
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    assert set(np.unique(a)) == {0, 1}


@pytest.mark.parametrize(
    "smiles", ["", "not a molecule", "C1CC", "C(C)(C)(C)(C)(C)C", f"C1{'C' * 20_000}C1", "C(" * 100_000, "C%(99999)"]
)
def test_morgan_fingerprints__no_structure_is_missing(smiles, capfd):
    assert np.isnan(morgan_fingerprints([smiles], n_bits=64)).all()
    assert capfd.readouterr().err == ""


def test_morgan_fingerprints__none_at_all():
    assert morgan_fingerprints([], n_bits=64).shape == (0, 64)


def test_drug_encoder__bits_are_centred_and_scaled_to_a_mean_squared_norm_of_1():
    drugs = table("CCO", "CCN", "c1ccccc1", "")
    encoder = DrugEncoder().fit(drugs)
    numbers, known = encoder.transform(drugs)
    assert known.tolist() == [True, True, True, False]
    np.testing.assert_allclose(numbers[:3].mean(axis=0), 0, atol=1e-12)
    assert (numbers[:3] ** 2).sum(axis=1).mean() == pytest.approx(1)
    np.testing.assert_array_equal(numbers[3], 0)
    raw = morgan_fingerprints(list(drugs["smiles"][:3]))
    assert len(encoder.bits_) == (np.ptp(raw, axis=0) > 0).sum()


@pytest.mark.parametrize("smiles", [[""], ["CCO"], ["CCO", ""], ["CCO", "OCC"], []])
def test_drug_encoder__nothing_varies(smiles):
    drugs = table(*smiles)
    numbers, known = DrugEncoder().fit(drugs).transform(drugs)
    assert numbers.shape == (len(smiles), 0)
    assert known.tolist() == [each != "" for each in smiles]


def test_drug_encoder__new_drug_is_seen_with_the_bits_of_training():
    encoder = DrugEncoder().fit(table("CCO", "CCN", "CCCl"))
    numbers, known = encoder.transform(table("CCO", "Brc1ccccc1", "junk"))
    np.testing.assert_array_equal(numbers[0], encoder.transform(table("CCO"))[0][0])
    assert numbers.shape == (3, len(encoder.bits_))
    assert known.tolist() == [True, True, False]


def test_drug_encoder__names_what_it_cannot_read(caplog):
    DrugEncoder().fit(table("CCO", "junk", "", "CCN"))
    assert [record.getMessage() for record in caplog.records] == [
        'drugs: the SMILES of "d1" cannot be read (above 5000 characters none is); the drug is treated as without '
        "structure."
    ]


def test_drug_encoder__not_fitted_and_clone():
    with pytest.raises(NotFittedError):
        DrugEncoder().transform(table("CCO"))
    assert clone(DrugEncoder(radius=3, n_bits=512)).get_params() == {"radius": 3, "n_bits": 512}


def test_without_unreadable__empties_and_warns_of_drugs_in_use_only(caplog):
    drugs = table("CCO", "junk", " CCN ", None, "more junk").assign(name="x")
    before = drugs.copy()
    read = without_unreadable(drugs, pd.Index(["d0", "d1", "d2", "d3"]))
    assert read["smiles"].tolist() == ["CCO", "", "CCN", "", "more junk"]
    assert read["name"].tolist() == ["x"] * 5
    assert len(caplog.records) == 1
    assert '"d1" cannot be read' in caplog.text
    pd.testing.assert_frame_equal(drugs, before)


def test_without_unreadable__no_structures_at_all(caplog):
    drugs = table("CCO")[[]]
    assert without_unreadable(drugs, drugs.index) is drugs
    assert not caplog.records
