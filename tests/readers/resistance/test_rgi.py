from __future__ import annotations

import logging

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance.rgi import _elements

HEADER = [
    "ORF_ID", "Contig", "Cut_Off", "Best_Hit_ARO", "Best_Identities", "ARO", "Model_type", "SNPs_in_Best_Hit_ARO",
    "Other_SNPs", "Drug Class", "Resistance Mechanism", "AMR Gene Family", "Nudged", "Note",
]  # fmt: skip
GYRB = "Escherichia coli gyrB conferring resistance to aminocoumarin"


def hit(term, cut_off="Strict", changes="n/a", family="NDM beta-lactamase", drugs="carbapenem; cephalosporin"):
    return [
        "1_1 # 7 # 9",
        "1_1",
        cut_off,
        term,
        "99.2",
        "3000589",
        "a model",
        changes,
        "n/a",
        drugs,
        "x",
        family,
        "",
        "",
    ]


def write(path, rows, header=HEADER):
    path.write_text("".join("\t".join(cells) + "\n" for cells in [header, *rows]))
    return path


def test_read_rgi__terms_and_variants(tmp_path, caplog):
    files = [
        write(tmp_path / "S1.txt", [hit("NDM-1", "Perfect"), hit("mexX", "Loose")]),
        write(tmp_path / "S2_rgi.txt", [hit(GYRB, changes="R136L, D87N", family="gyrB", drugs="aminocoumarin")]),
        write(tmp_path / "S3.txt", []),
    ]
    with caplog.at_level(logging.INFO):
        genotypes = read_genotypes(files)
    assert genotypes.sample_ids.tolist() == ["S1", "S2", "S3"]
    assert genotypes.features.index.tolist() == [f"{GYRB}_D87N", f"{GYRB}_R136L", "NDM-1"]
    assert genotypes.features["effect"].tolist() == ["mutation", "mutation", "gene"]
    np.testing.assert_array_equal(genotypes.dense(), [[0, 0, 1], [1, 1, 0], [0, 0, 0]])
    assert "loose hits left out: 1." in caplog.text
    alone = read_genotypes(files[2], known_features=genotypes.features)
    assert alone.equals(genotypes.take(np.array([2])))


def test_elements__families_and_classes_are_parents():
    cells = {"gene": "NDM-1", "cut-off": "Strict", "mutations": "", "class": "carbapenem; penam", "family": "NDM"}
    assert _elements(cells)[0].parents == ("NDM (family)", "carbapenem (class)", "penam (class)")


def test_read_rgi__damaged(tmp_path):
    with pytest.raises(InputError, match=r"no column for the gene .*expected Best_Hit_ARO"):
        read_genotypes(write(tmp_path / "S1.txt", [], [name for name in HEADER if name != "Best_Hit_ARO"]))
    with pytest.raises(InputError, match="line 2: found no Best_Hit_ARO"):
        read_genotypes(write(tmp_path / "S1.txt", [hit("")]))
    with pytest.raises(InputError, match="found no gene or mutation in 1 sample"):
        read_genotypes(write(tmp_path / "S1.txt", [hit("mexX", "Loose")]))
