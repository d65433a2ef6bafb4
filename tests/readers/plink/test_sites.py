from __future__ import annotations

import logging

import numpy as np
import pytest
from bed_reader import to_bed
from pgenlib import PgenWriter

from drugresponse.errors import InputError
from drugresponse.readers.plink import _calls as plink_calls
from drugresponse.readers.plink.reader import read_plink
from drugresponse.readers.variants.regions import Region, Regions
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes

N_SAMPLES, N_VARIANTS = 30, 60
INFO = ["R2=0.9;GENEINFO=TPMT:7172", "DR2=0.2", "R2=0.1;INFO=0.9", "GENEINFO=DPYD:1806|X:1", "R2=none"]


def write_filesets(folder, calls, infos=None):
    bim = "".join(f"{1 + at % 2}\trs{at}\t0\t{10 * at + 10}\tC\tA\n" for at in range(calls.shape[1]))
    to_bed(folder / "cohort.bed", calls, num_threads=1)
    (folder / "cohort.bim").write_text(bim)
    (folder / "cohort.fam").write_text("".join(f"f s{at} 0 0 0 -9\n" for at in range(len(calls))))
    with PgenWriter(bytes(folder / "cohort.pgen"), len(calls), variant_ct=calls.shape[1], nonref_flags=False) as writer:
        writer.append_biallelic_batch(np.ascontiguousarray(np.where(np.isnan(calls), -9, calls).T.astype(np.int8)))
    lines = ["#CHROM\tPOS\tID\tREF\tALT" + ("\tINFO" if infos else "")]
    for at, line in enumerate(bim.splitlines()):
        chromosome, name, _, position, alt, ref = line.split("\t")
        lines.append("\t".join([chromosome, position, name, ref, alt, *([infos[at % len(infos)]] if infos else [])]))
    (folder / "cohort.pvar").write_text("\n".join(lines) + "\n")
    (folder / "cohort.psam").write_text("#IID\n" + "".join(f"s{at}\n" for at in range(len(calls))))
    return folder / "cohort.bed", folder / "cohort.pgen"


@pytest.fixture
def calls():
    generator = np.random.default_rng(3)
    found = generator.binomial(2, generator.uniform(0, 1, N_VARIANTS), (N_SAMPLES, N_VARIANTS)).astype(np.float32)
    found[generator.random(found.shape) < generator.uniform(0, 0.4, N_VARIANTS)] = np.nan
    return found


@pytest.mark.parametrize("block_bytes", [1, 200, 1 << 20])
@pytest.mark.parametrize(
    "options",
    [
        {"minimum_frequency": 0.2},
        {"maximum_missing": 0.15},
        {"minimum_frequency": 0.1, "maximum_missing": 0.3},
        {"regions": Regions.of([Region("chr1", 100, 300), Region("2", 1, 99)])},
        {"regions": Regions.of([Region("1", 100, 400, "A"), Region("1", 300, 500, "B")]), "minimum_frequency": 0.1},
    ],
)
def test_read_plink__filtered_while_reading_is_filtered_afterwards(tmp_path, monkeypatch, calls, options, block_bytes):
    monkeypatch.setattr(plink_calls, "BLOCK_BYTES", block_bytes)
    for file in write_filesets(tmp_path, calls):
        whole = read_plink(file)
        found = read_plink(file, site_filter=SiteFilter(**options))
        expected = filter_genotypes(whole, SiteFilter(**options))
        assert found.features.index.equals(expected.features.index)
        assert 3 < found.shape[1] < whole.shape[1]
        np.testing.assert_array_equal(found.dense(), expected.dense())


def test_read_plink__frequency_is_that_of_the_minor_allele_among_calls(tmp_path):
    missing = np.nan
    calls = np.array([[0, 2, missing, 1], [0, 2, 0, missing], [0, 2, 0, missing], [1, 1, 1, missing]], np.float32)
    for file in write_filesets(tmp_path, calls):
        for limit, kept in ((0.126, [0, 0, 1, 1]), (0.125, [1, 1, 1, 1]), (0.2, [0, 0, 0, 1])):
            found = read_plink(file, site_filter=SiteFilter(minimum_frequency=limit))
            places = [f"{1 + at % 2}:{10 * at + 10}:A:C" for at in range(4)]
            assert set(found.features.index) == {name for name, keep in zip(places, kept, strict=True) if keep}
        as_reference = read_plink(file, site_filter=SiteFilter(maximum_missing=0.1), absent_means="reference")
        assert as_reference.shape == (4, 4)
        with pytest.raises(InputError, match=r"the filters keep none of its 4 variants \(1 too many .* 3 too rare\)"):
            read_plink(file, site_filter=SiteFilter(minimum_frequency=0.5, maximum_missing=0.5))


def test_read_plink__stored_dosages_are_counted(tmp_path):
    _, file = write_filesets(tmp_path, np.zeros((2, 2), np.float32))
    with PgenWriter(bytes(file), 2, variant_ct=2, nonref_flags=False, dosage_present=True) as writer:
        writer.append_dosages(np.array([0.25, 0.25]))
        writer.append_dosages(np.array([0.0, 0.125]))
    found = read_plink(file, site_filter=SiteFilter(minimum_frequency=0.1))
    assert found.dense().tolist() == [[0.25], [0.25]]


def test_read_plink__genes_of_the_file_and_of_regions(tmp_path, calls):
    regions = Regions.of([Region("1", 1, 200, "WIDE"), Region("1", 100, 120, "NARROW"), Region("2", 1, 999, "OTHER")])
    _, file = write_filesets(tmp_path, calls, infos=INFO)
    told = read_plink(file, site_filter=SiteFilter(genes=frozenset({"TPMT", "DPYD"})))
    assert set(told.features["gene"]) == {"TPMT", "DPYD"}
    assert told.shape[1] == 2 * N_VARIANTS // 5
    found = read_plink(file, site_filter=SiteFilter(regions=regions))
    assert found.features.loc["1:10:A:C", "gene"] == "TPMT"  # the file's own word
    assert found.features.loc["1:50:A:C", "gene"] == "WIDE"
    assert found.features.loc["1:110:A:C", "gene"] == "TPMT"
    assert found.features.loc["2:20:A:C", "gene"] == "OTHER"
    wide = read_plink(file, site_filter=SiteFilter(regions=regions, genes=frozenset({"WIDE"})))
    assert set(wide.features["gene"]) == {"WIDE"}
    assert "1:10:A:C" in wide.features.index  # of two genes, the one that is asked for


def test_read_plink__genes_that_nothing_tells_are_an_error(tmp_path, calls):
    for file in write_filesets(tmp_path, calls):
        with pytest.raises(InputError, match=r"^cohort\.(bim|pvar): its variants tell no genes .* give regions that"):
            read_plink(file, site_filter=SiteFilter(genes=frozenset({"TPMT"})))


def test_read_plink__quality_of_imputation(tmp_path, calls, caplog):
    _, file = write_filesets(tmp_path, calls, infos=INFO)
    with caplog.at_level(logging.INFO):
        found = read_plink(file, site_filter=SiteFilter(minimum_quality=0.3))
    kept = [at for at in range(N_VARIANTS) if at % 5 not in (1, 2)]
    assert set(found.features["position"]) == {10 * at + 10 for at in kept}
    assert "36 of 60 variants are kept (24 of low imputation quality)" in caplog.text


def test_read_plink__a_filter_that_keeps_nothing_says_why(tmp_path, calls):
    for file in write_filesets(tmp_path, calls):
        with pytest.raises(InputError, match=r"keep none of its 60 variants \(60 outside the regions\).* genome build"):
            read_plink(file, site_filter=SiteFilter(regions=Regions.of([Region("9", 1, 9)])))
