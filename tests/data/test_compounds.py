from __future__ import annotations

import pandas as pd

from drugresponse.data.compounds import number_compounds

ETHANOL, PROPANOL = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "BDERNNFJNOPAEC-UHFFFAOYSA-N"


def test_number_compounds__by_key_or_smiles():
    drugs = pd.DataFrame(
        {
            "smiles": ["", "CCO", "OCC", "CCCO", "no molecule", "", "", None],
            "inchikey": [
                ETHANOL,
                ETHANOL,
                "",
                PROPANOL,
                "",
                "",
                None,
                PROPANOL,
            ],
        }
    ).fillna({"smiles": ""})
    assert number_compounds(drugs).tolist() == [0, 0, 0, 1, 2, 3, 4, 1]
    assert number_compounds(drugs[["smiles"]]).tolist() == [0, 1, 1, 2, 3, 4, 5, 6]


def test_number_compounds__without_keys_leave_stereochemistry_out():
    drugs = pd.DataFrame({"smiles": ["C[C@H](N)O", "C[C@@H](N)O", "CC(N)O", "[2H]C(N)O"]})
    assert number_compounds(drugs).tolist() == [0, 0, 0, 1]


def test_number_compounds__what_is_no_key_joins_nothing():
    keys = ["unknown", "unknown", "not available", "not available", "-", f" inchikey={ETHANOL.lower()}", ETHANOL]
    drugs = pd.DataFrame({"smiles": "", "inchikey": keys})
    assert number_compounds(drugs).tolist() == [0, 1, 2, 3, 4, 5, 5]


def test_number_compounds__structures_too_long_to_read_join_nothing():
    drugs = pd.DataFrame({"smiles": [f"C1{'C' * 20_000}C1"] * 2 + ["CCO", "OCC"]})
    assert number_compounds(drugs).tolist() == [0, 1, 2, 2]
