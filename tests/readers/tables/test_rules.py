from __future__ import annotations

from pathlib import Path

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.tables.rules import read_rule


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("drug_id\tfeature\tpenalty\n3TC\tRT_184V\t60\n", ["drug_id", "feature_id", "score"]),
        ("feature_id\tclass\nblaNDM\tR\n", ["feature_id", "class"]),
        ("sample_id\tdrug_id\tcall\ns1\td\tR\n", ["drug_id", "sample_id", "class"]),
        ("drug_id\tmutation\tsample_id\tscore\nd\tm\ts1\t1\n", ["drug_id", "feature_id", "score"]),
    ],
)
def test_columns__by_their_usual_names(tmp_path: Path, text: str, columns: list[str]) -> None:
    path = tmp_path / "rule.tsv"
    path.write_text(text)
    assert list(read_rule(path).columns) == columns


def test_columns__named_by_the_user(tmp_path: Path) -> None:
    path = tmp_path / "rule.tsv"
    path.write_text("antibiotic\tfeature\tscore\nd\ta\t1\n")
    assert read_rule(path, drug_column="antibiotic")["drug_id"].tolist() == ["d"]


@pytest.mark.parametrize("text", ["drug_id\tfeature\nd\ta\n", "drug_id\tscore\nd\t1\n"])
def test_no_rule__is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rule.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match="score or class"):
        read_rule(path)
