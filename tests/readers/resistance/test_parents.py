from __future__ import annotations

import pytest

from drugresponse.readers.resistance.parents import gene_parents, parent_text, site_of_change


@pytest.mark.parametrize(
    ("gene", "families"),
    [
        ("blaOKP-B-15", ("blaOKP-B (family)",)),
        ("blaEC-5", ("blaEC (family)",)),
        ("dfrA17", ("dfrA (family)",)),
        ("tet(A)", ("tet (family)",)),
        ("floR", ()),
        ("stx2a_operon", ()),
    ],
)
def test_gene_parents__families_by_name(gene, families):
    assert gene_parents(gene) == families


@pytest.mark.parametrize(
    ("change", "site"),
    [
        ("p.Ser450Leu", "rpoB_450 (site)"),
        ("p.His526_Lys527insGln", "rpoB_526 (site)"),
        ("p.Trp328*", "rpoB_328 (site)"),
        ("c.1349C>T", "rpoB_c.1349 (site)"),
        ("c.-15C>T", "rpoB_c.-15 (site)"),
        ("n.1401A>G", "rpoB_n.1401 (site)"),
        ("deletion", ""),
    ],
)
def test_site_of_change__positions_in_protein_and_gene_differ(change, site):
    assert site_of_change("rpoB", change) == site


def test_parent_text__levels_stay_apart():
    assert parent_text(["a;b (class)", "c (class)", "", "c (class)"]) == "a,b (class);c (class)"
