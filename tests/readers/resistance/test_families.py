from __future__ import annotations

import pytest

from drugresponse.readers.resistance.families import families_of_gene, parent_text, site_of_change


@pytest.mark.parametrize(
    ("gene", "families"),
    [
        ("blaTEM-1B", ("blaTEM",)),
        ("blaOKP-B-15", ("blaOKP-B",)),
        ("blaEC-5", ("blaEC",)),
        ("blaTEM", ()),
        ("qnrB19", ("qnrB",)),
        ("dfrA17", ("dfrA",)),
        ("sul1", ("sul",)),
        ("tet(A)", ("tet",)),
        ("aph(3'')-Ib", ("aph(3'')-I", "aph(3'')")),
        ("aac(6')-Ib-cr", ("aac(6')-Ib", "aac(6')-I", "aac(6')")),
        ("aac(3)-IId", ("aac(3)-II", "aac(3)")),
        ("mcr-3", ("mcr",)),
        ("cmlA", ()),
        ("stx2a_operon", ()),
    ],
)
def test_families_of_gene__conventions_of_names(gene, families):
    assert families_of_gene(gene) == families


@pytest.mark.parametrize(
    ("change", "site"),
    [
        ("S83L", "gyrA_83"),
        ("T-32A", "gyrA_-32"),
        ("Y253CfsTer5", "gyrA_253"),
        ("ALNQLV129del", "gyrA_129"),
        ("p.His526_Lys527insGln", "gyrA_526"),
        ("c.1349C>T", "gyrA_c.1349"),
        ("n.1401A>G", "gyrA_n.1401"),
        ("deletion", ""),
    ],
)
def test_site_of_change__positions_in_protein_and_gene_differ(change, site):
    assert site_of_change("gyrA", change) == site


def test_parent_text__levels_stay_apart():
    assert parent_text(["a;b", "c", "", "c", "own"], "own") == "a,b;c"
