"""A comma file in which every cell stands in quotes, with decimal commas, as European spreadsheets and R write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_doses, read_genotypes, read_responses, read_samples


def quoted(path: Path, *rows: str) -> Path:
    lines = (",".join(f'"{cell}"' for cell in row.split()) for row in rows)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_comma_file__quoted_decimal_commas_are_decimals(tmp_path):
    file = tmp_path / "table.csv"
    long = read_responses(quoted(file, "sample_id drug_id response", "s1 d 1,5", "s2 d -0,25"))
    assert long.table["response"].tolist() == [1.5, -0.25]
    wide = read_responses(quoted(file, "sample_id d1 d2", "s1 1,5 2", "s2 0,25 3,75"))
    assert wide.table["response"].tolist() == [1.5, 2, 0.25, 3.75]
    doses = read_doses(quoted(file, "sample_id drug_id dose response", "s d 0,1 0,9", "s d 1 0,4"))
    assert doses.table["dose"].tolist() == [0.1, 1]
    assert read_genotypes(quoted(file, "sample_id TP53", "s1 1,5", "s2 0,25")).dense().tolist() == [[1.5], [0.25]]
    assert read_samples(quoted(file, "sample_id age", "s1 61,5", "s2 70"))["age"].tolist() == ["61.5", "70"]


def test_comma_file__quoted_thousands_stay_open(tmp_path):
    file = quoted(tmp_path / "table.csv", "sample_id drug_id response", "s1 d 1,250", "s2 d 3,500")
    with pytest.raises(InputError, match=r'"1,250" is 1250 if .*, and 1\.25 if'):
        read_responses(file)
