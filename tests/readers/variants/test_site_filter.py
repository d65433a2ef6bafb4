from __future__ import annotations

import logging
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.variants.regions import read_regions
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes

MISSING = np.nan
CALLS = np.array([[0, 1, 2, MISSING], [0, 0, 2, 1], [1, 0, 2, MISSING], [0, 2, 1, MISSING]])


def kept_of(site_filter, calls, *options):
    return site_filter.keep_counts(np.nansum(calls, axis=0), np.isnan(calls).sum(axis=0), len(calls), *options).tolist()


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({}, [True, True, True, True]),
        ({"minimum_frequency": 0.125}, [True, True, True, True]),
        ({"minimum_frequency": 0.126}, [False, True, False, True]),
        ({"minimum_frequency": 0.5}, [False, False, False, True]),
        ({"maximum_missing": 0.75}, [True, True, True, True]),
        ({"maximum_missing": 0.74}, [True, True, True, False]),
        ({"maximum_missing": 0}, [True, True, True, False]),
    ],
)
def test_site_filter__limits_are_kept_themselves(limits, kept):
    assert kept_of(SiteFilter(**limits), CALLS) == kept


def test_site_filter__shares_are_compared_without_rounding():
    calls = np.zeros((100, 2))
    calls[:90] = 2
    calls[:29, 1] = MISSING
    assert kept_of(SiteFilter(minimum_frequency=0.1), calls[:, :1]) == [True]
    assert kept_of(SiteFilter(maximum_missing=0.29), calls) == [True, True]


def test_site_filter__haploid_calls_are_one_allele_each():
    counts = {"copies": np.array([4, 1, 9]), "n_missing": np.array([0, 0, 1]), "n_samples": 10}
    wanted = SiteFilter(minimum_frequency=0.1)
    assert wanted.keep_counts(**counts).tolist() == [True, False, True]
    assert wanted.keep_counts(**counts, beyond_two=np.array([-10, -10, -9])).tolist() == [True, True, False]


def test_site_filter__counts_what_is_dropped():
    dropped: Counter[str] = Counter()
    kept_of(SiteFilter(minimum_frequency=0.2, maximum_missing=0.5), CALLS, dropped)
    assert dropped == {"too many calls missing": 1, "too rare": 2}


def test_site_filter__an_allele_that_nobody_was_called_at_has_no_frequency():
    calls = np.full((3, 1), MISSING)
    assert kept_of(SiteFilter(minimum_frequency=0.01), calls) == [False]
    assert kept_of(SiteFilter(), calls) == [True]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"minimum_frequency": 0.6}, r"found minimum frequency 0.6 .expected 0 to 0.5"),
        ({"maximum_missing": -1}, r"found maximum missing -1 .expected 0 to 1"),
        ({"minimum_quality": float("nan")}, r"found minimum quality nan .expected 0 to 1"),
        ({"maximum_missing": None}, r"found maximum missing None .expected 0 to 1"),
        ({"minimum_frequency": "0.1"}, r"found minimum frequency '0.1' .expected 0 to 0.5"),
        ({"genes": "TP53"}, r"found genes 'TP53' .expected a list of symbols"),
        ({"genes": ["TP53", 7]}, r"found genes \['TP53', 7\] .expected a list of symbols"),
        ({"genes": 7}, r"found genes 7 .expected a list of symbols"),
    ],
)
def test_site_filter__what_it_cannot_be(limits, message):
    with pytest.raises(InputError, match=message):
        SiteFilter(**limits)


@pytest.fixture
def genotypes():
    variants = pd.DataFrame(
        {
            "kind": "dosage",
            "gene": ["TPMT", "DPYD", "DPYD", ""],
            "chromosome": ["6", "1", "1", "2"],
            "position": [10, 20, 30, 40],
        },
        index=["v1", "v2", "v3", "v4"],
    )
    expression = pd.DataFrame({"kind": "score"}, index=["e1"])
    samples = ["s1", "s2", "s3", "s4"]
    return Genotypes.join(
        [Genotypes.build(CALLS, samples, variants), Genotypes.build(CALLS[:, :1] + 0.5, samples, expression)]
    )


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"regions": "1,chr6:10"}, ["v2", "v3", "v1", "e1"]),
        ({"regions": "chr1:21-30"}, ["v3", "e1"]),
        ({"genes": {"DPYD"}}, ["v2", "v3", "e1"]),
        ({"genes": {"DPYD"}, "regions": "1:20"}, ["v2", "e1"]),
        ({"minimum_frequency": 0.2}, ["v2", "v4", "e1"]),
        ({"maximum_missing": 0.5}, ["v2", "v3", "v1", "e1"]),
        ({"minimum_quality": 0.5}, ["v2", "v3", "v4", "v1", "e1"]),
    ],
)
def test_filter_genotypes__a_block_that_tells_nothing_is_kept_whole(genotypes, caplog, wanted, kept):
    limits = {name: value for name, value in wanted.items() if name not in ("regions", "genes")}
    regions = read_regions(wanted["regions"]) if "regions" in wanted else None
    genes = frozenset(wanted["genes"]) if "genes" in wanted else None
    found = filter_genotypes(genotypes, SiteFilter(regions=regions, genes=genes, **limits))
    assert found.features.index.tolist() == kept
    at = genotypes.features.index.get_indexer(kept)
    np.testing.assert_array_equal(found.dense(), genotypes.dense()[:, at])
    assert ("block score tells no" in caplog.text) == ("regions" in wanted or "genes" in wanted)


def test_filter_genotypes__tells_what_it_dropped(genotypes, caplog):
    caplog.set_level(logging.INFO)
    filter_genotypes(genotypes, SiteFilter(genes=frozenset({"TPMT"})))
    assert "genotypes: 2 of 5 variants are kept (3 in none of the genes)." in caplog.text


def test_filter_genotypes__nothing_left(genotypes):
    only_variants = Genotypes.build(CALLS[:, :3], list(genotypes.sample_ids), genotypes.features[:3])
    with pytest.raises(InputError, match=r"keep none of its 3 variants .3 in none of the genes"):
        filter_genotypes(only_variants, SiteFilter(genes=frozenset({"CYP2D6"})))


def test_read_genotypes__filters_formats_while_or_after_they_are_read(tmp_path):
    head = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1 s2"
    rows = [head, "1 7 . A C . . . GT 0/1 0/0", "1 8 . A C . . . GT 1/1 0/1"]
    vcf, matrix = tmp_path / "vcf.dat", tmp_path / "matrix.dat"
    vcf.write_text("\n".join(["##fileformat=VCFv4.2", *(row.replace(" ", "\t") for row in rows)]) + "\n")
    matrix.write_text("sample_id\trare\tcommon\ns1\t1\t2\ns2\t0\t1\n")
    wanted = SiteFilter(minimum_frequency=0.25)
    assert read_genotypes(vcf, site_filter=wanted).features.index.tolist() == ["1:7:A:C", "1:8:A:C"]
    found = read_genotypes(matrix, kind="dosage", site_filter=wanted)
    assert found.features.index.tolist() == ["common", "rare"]
    wanted = SiteFilter(minimum_frequency=0.25, maximum_missing=0, regions=read_regions("1:8"))
    assert read_genotypes(vcf, site_filter=wanted).features.index.tolist() == ["1:8:A:C"]
    wanted = SiteFilter(minimum_frequency=0.3)
    with pytest.raises(InputError, match=r"keep none of its 2 variants .2 too rare"):
        read_genotypes([matrix], kind="dosage", site_filter=wanted)


def test_site_filter__genes_of_any_collection():
    assert SiteFilter(genes=["TP53"]) == SiteFilter(genes={"TP53"})
