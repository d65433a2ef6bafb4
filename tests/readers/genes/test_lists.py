from __future__ import annotations

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.genes._pharmacogenes import PHARMACOGENES
from drugresponse.readers.genes.lists import read_gene_list


def test_read_gene_list__bundled():
    assert list(PHARMACOGENES) == sorted(set(PHARMACOGENES))
    assert {"CYP2D6", "HLA-B", "MT-RNR1"} < read_gene_list("pharmacogenes") == set(PHARMACOGENES)


def test_read_gene_list__typed():
    assert read_gene_list("TP53") == {"TP53"}
    assert read_gene_list("HLA-B, C9orf72,,RP11-34.1") == {"HLA-B", "C9orf72", "RP11-34.1"}


def test_read_gene_list__file(tmp_path):
    (tmp_path / "list").write_text("# mine\nHugo_Symbol\nTP53\n\nHLA-B\nTP53\n")
    assert read_gene_list(tmp_path / "list") == {"TP53", "HLA-B"}
    assert read_gene_list(str(tmp_path / "list")) == {"TP53", "HLA-B"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("gene\tdrug\nTP53\tx\n", r"^list, line 1: found 2 columns"),
        ("gene\n", r"^list: found no gene"),
        ("TP53\n1-Mar\n", r'^list: a spreadsheet has turned "1-Mar" \(MARCHF1 or MTARC1\) into a date'),
        ("TP 53\n", r'^list: "TP 53" is no symbol'),
        ("", r"^list: the file is empty"),
    ],
)
def test_read_gene_list__broken_files(tmp_path, content, message):
    (tmp_path / "list").write_text(content)
    with pytest.raises(InputError, match=message):
        read_gene_list(tmp_path / "list")


def test_read_gene_list__nothing_and_absent_files():
    with pytest.raises(InputError, match="genes: found no gene"):
        read_gene_list(" , ")
    for name in ("genes.txt", "folder/genes"):
        with pytest.raises(InputError, match="found no such file"):
            read_gene_list(name)
    with pytest.raises(InputError, match=r'"T\$" is no symbol'):
        read_gene_list("T$,TP53")
