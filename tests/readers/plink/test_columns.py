"""Calls that stay in a PLINK file are those that are read into memory."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from pgenlib import PgenWriter

from drugresponse.data import stored_values
from drugresponse.data.stored.call_codes import read_codes
from drugresponse.data.stored.column_statistics import ColumnStatistics
from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.plink.reader import read_plink
from drugresponse.readers.variants.site_filter import SiteFilter
from tests.readers.plink.test_reader import simulated, write_bed, write_large, write_pgen


@pytest.fixture
def large(monkeypatch):
    """From now on a matrix of any size is large, and is read in blocks of a few features."""

    def lower():
        monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
        monkeypatch.setattr(stored_values, "BLOCK_CELLS", 40)

    return lower


def repeated(folder):
    """A fileset with a multiallelic site and alleles that stand in several records, which contradict each other."""
    pvar = "#CHROM\tPOS\tID\tREF\tALT\n1\t9\ta\tA\tC,G\n1\t7\tb\tA\tC\n1\t9\tc\tA\tC\n1\t7\td\tA\tC\n2\t1\te\tT\tG\n"
    psam = "#IID\n" + "".join(f"s{at}\n" for at in range(5))
    alleles = [
        [0, 1, 1, 2, 2, 2, -9, -9, 0, 0],
        [0, 1, 0, 0, 1, 1, -9, -9, 0, 0],
        [0, 1, 1, 1, 0, 0, 0, 1, -9, -9],
        [0, 1, 0, 1, -9, -9, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 1, 0, 0, 0, 0],
    ]
    file = folder / "cohort.pgen"
    with PgenWriter(bytes(file), 5, variant_ct=5, nonref_flags=False, allele_ct_limit=3) as writer:
        for each in alleles:
            writer.append_alleles(np.array(each, dtype=np.int32))
    file.with_suffix(".pvar").write_text(pvar)
    file.with_suffix(".psam").write_text(psam)
    return file


def multiallelic(folder):
    """Sites of two and of three alleles, whose second and third are of other frequencies."""
    generator = np.random.default_rng(4)
    file = folder / "cohort.pgen"
    with PgenWriter(bytes(file), 20, variant_ct=8, nonref_flags=False, allele_ct_limit=3) as writer:
        for at in range(8):
            alleles = generator.choice([0, 1, 2] if at % 2 == 0 else [0, 1, 1], 40, p=[0.5, 0.4, 0.1])
            alleles[: 2 * (at // 2)] = -9
            writer.append_alleles(alleles.astype(np.int32))
    alternates = ["C,G", "C"]
    lines = [f"1\t{at + 1}\tv{at}\tA\t{alternates[at % 2]}\n" for at in range(8)]
    file.with_suffix(".pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    file.with_suffix(".psam").write_text("#IID\n" + "".join(f"s{at}\n" for at in range(20)))
    return file


def with_dosages(folder):
    generator = np.random.default_rng(3)
    calls = generator.uniform(0, np.linspace(0.2, 2, 6)[:, None], (6, 20)).astype(np.float32)
    calls[generator.random(calls.shape) < 0.1] = -9
    file = folder / "cohort.pgen"
    with PgenWriter(bytes(file), 20, variant_ct=6, nonref_flags=False, dosage_present=True) as writer:
        for each in calls:
            writer.append_dosages(each)
    lines = [f"1\t{at}\tv{at}\tA\tC\n" for at in range(1, 7)]
    file.with_suffix(".pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    file.with_suffix(".psam").write_text("#IID\n" + "".join(f"s{at}\n" for at in range(20)))
    return file


def assert_alike(there, here):
    assert there.is_stored and not here.is_stored
    assert there.equals(here)
    there.values.in_memory().check_format(full_check=True)
    read = ColumnStatistics.join([ColumnStatistics.of_block(values) for _, values in there.blocks()])
    coded = [CodedCalls.of(block).calls for _, block in there.values.coded_blocks()]
    np.testing.assert_array_equal(np.hstack(coded), here.dense())
    told = there.values.statistics()
    assert told.n_missing.tolist() == read.n_missing.tolist() == here.n_missing().tolist()
    assert told.constant.tolist() == read.constant.tolist()
    np.testing.assert_allclose(told.mean, read.mean, rtol=1e-6)
    np.testing.assert_allclose(told.variance, read.variance, rtol=1e-6)


@pytest.mark.parametrize("suffix", ["bed", "pgen"])
@pytest.mark.parametrize("absent_means", ["missing", "reference"])
def test_read_plink__stored_as_in_memory(tmp_path, large, suffix, absent_means):
    write_large(tmp_path, simulated(21, 33))
    here = read_plink(tmp_path / f"cohort.{suffix}", absent_means=absent_means)
    large()
    assert_alike(read_plink(tmp_path / f"cohort.{suffix}", absent_means=absent_means), here)


@pytest.mark.parametrize("absent_means", ["missing", "reference"])
@pytest.mark.parametrize("made", [repeated, multiallelic, with_dosages])
def test_read_plink__stored_records_of_one_allele_and_dosages(tmp_path, large, caplog, made, absent_means):
    file = made(tmp_path)
    here, messages = read_plink(file, absent_means=absent_means), list(caplog.messages)
    assert made is not repeated or "contradict" in caplog.text
    caplog.clear()
    large()
    assert_alike(read_plink(file, absent_means=absent_means), here)
    assert caplog.messages == messages


def test_read_plink__stored_samples_in_any_order(tmp_path, large):
    write_large(tmp_path, simulated(21, 33))
    here = read_plink(tmp_path / "cohort.bed")
    large()
    there = read_plink(tmp_path / "cohort.bed")
    for rows in (np.arange(0, 21, 3), np.array([7, 2, 2, 20]), np.arange(21)[::-1], np.array([5])):
        np.testing.assert_array_equal(there.take(rows).dense(), here.take(rows).dense())
        codes = read_codes(there.values.source, np.array([4, 1]), np.append(rows, -1))
        expected = np.vstack([here.dense()[rows][:, [4, 1]], [[np.nan, np.nan]]])
        np.testing.assert_array_equal(CodedCalls.of(codes).calls, expected)
    ids = here.sample_ids[[3, 1]].append(here.sample_ids[:0].insert(0, "nobody"))
    np.testing.assert_array_equal(there.reindex(ids).dense(), here.reindex(ids).dense())
    columns = np.array([30, 2, 17])
    np.testing.assert_array_equal(there.select(columns).dense(), here.select(columns).dense())


def test_read_plink__stored_repeats_of_columns_in_any_order(tmp_path, large):
    here = read_plink(repeated(tmp_path))
    large()
    there = read_plink(tmp_path / "cohort.pgen")
    for columns in (np.arange(here.shape[1])[::-1], np.array([1]), np.array([2, 0])):
        np.testing.assert_array_equal(there.select(columns).dense(), here.select(columns).dense())


def test_read_plink__stored_after_a_filter(tmp_path, large):
    write_large(tmp_path, simulated(21, 33))
    wanted = SiteFilter(minimum_frequency=0.2, maximum_missing=0.05)
    here = read_plink(tmp_path / "cohort.bed", site_filter=wanted)
    large()
    there = read_plink(tmp_path / "cohort.bed", site_filter=wanted)
    assert 0 < here.shape[1] < 33
    assert_alike(there, here)


def test_read_genotypes__stored_beside_others(tmp_path, large):
    write_large(tmp_path, simulated(8, 5))
    table = tmp_path / "mutations.tsv"
    table.write_text("sample_id\tTP53\tKRAS\ns9\t1\t0\ns3\t\t1\n")
    here = read_genotypes([tmp_path / "cohort.bed", table])
    large()
    there = read_genotypes([tmp_path / "cohort.bed", table])
    assert there.is_stored and there.equals(here) and there.shape == (9, 7)


@pytest.mark.parametrize("suffix", ["bed", "pgen"])
def test_read_plink__stored_calls_are_pickled_by_the_name_of_their_file(tmp_path, large, suffix):
    write_large(tmp_path, simulated(300, 40))
    large()
    there = read_plink(tmp_path / f"cohort.{suffix}")
    content = pickle.dumps(there.values)
    assert len(content) < 300 * 40
    again = pickle.loads(content)  # noqa: S301
    np.testing.assert_array_equal(again.toarray(), there.dense())


@pytest.mark.parametrize("write", [write_bed, write_pgen])
def test_read_plink__stored_file_that_changes_or_vanishes_while_it_is_read(tmp_path, large, write):
    file = write(tmp_path)
    large()
    there = read_plink(file)
    assert there.dense()[0, 0] == 2
    os.utime(file, ns=(0, 0))
    with pytest.raises(InputError, match="is not the file any more"):
        there.dense()
    file.unlink()
    with pytest.raises(InputError, match="is not there any more"):
        there.dense()


@pytest.mark.parametrize("absent_means", ["missing", "reference"])
@pytest.mark.parametrize("made", [multiallelic, with_dosages])
def test_read_plink__a_filter_sees_the_calls_of_each_allele(tmp_path, made, absent_means):
    file = made(tmp_path)
    wanted = SiteFilter(minimum_frequency=0.25, maximum_missing=0.15)
    whole = read_plink(file, absent_means=absent_means)
    calls = whole.dense()
    missing = np.isnan(calls)
    kept = wanted.keep_counts(np.nansum(calls, axis=0), missing.sum(axis=0), len(calls))
    assert 0 < kept.sum() < len(kept)
    assert read_plink(file, absent_means=absent_means, site_filter=wanted).equals(whole.select(np.flatnonzero(kept)))


def test_read_genotypes__files_of_chromosomes_are_large_together(tmp_path, monkeypatch):
    calls = simulated(21, 30)
    for at in range(3):
        (tmp_path / str(at)).mkdir()
        write_large(tmp_path / str(at), calls[:, 10 * at : 10 * at + 10].copy())
        bim = "".join(f"{at + 1}\trs{row}\t0\t{row + 1}\tC\tA\n" for row in range(10))
        (tmp_path / str(at) / "cohort.bim").write_text(bim)
    files = [tmp_path / str(at) / "cohort.bed" for at in range(3)]
    here = read_genotypes(files)
    assert not here.is_stored and here.shape == (21, 30)
    monkeypatch.setattr(stored_values, "STORED_CELLS", 500)
    there = read_genotypes(files)
    kinds = [type(part).__name__ for part in there.values.source.parts]
    assert kinds == ["ColumnsInMemory", "ColumnsInMemory", "PlinkColumns"]
    assert there.equals(here)
    assert not read_genotypes(files[2]).is_stored
