"""VCF files of other samples each are one table, the same as what a file of all of them gives."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError
from drugresponse.features.reference_sites import sites_filled, with_reference_sites
from drugresponse.readers import read_genotypes
from drugresponse.readers.variants.site_filter import SiteFilter

HEAD = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT"


def vcf(file, records, samples, header=()):
    lines = [f"{HEAD} {' '.join(samples)}", *records]
    text = "\n".join(["##fileformat=VCFv4.2", *header, *(line.replace(" ", "\t") for line in lines)])
    file.write_text(f"{text}\n")
    return file


def table_of(genotypes):
    return pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Records of every kind in one file of five patients, and in a file for each that lists what differs alone."""
    folder, random = tmp_path_factory.mktemp("patients"), np.random.default_rng(5)
    samples = [f"P{at}" for at in range(5)]
    alleles = [("A", "G"), ("C", "T"), ("G", "GA"), ("ACT", "A"), ("T", "<DEL>"), ("A", "C")]
    records = []
    for at in range(60):
        ref, alt = alleles[at % 6]
        calls = random.choice(["0/0", "0/1", "1|1", "./."], p=[0.5, 0.3, 0.15, 0.05], size=5)
        chromosome = "X" if at > 50 else f"chr{1 + at // 20}"
        records.append([chromosome, str(1000 * at + 7), ".", ref, alt, ".", "PASS", "SVLEN=-9", "GT:DP", *calls])
    vcf(folder / "all", [" ".join(record) for record in records], samples)
    for at, sample in enumerate(samples):
        mine = [[*record[:9], f"{record[9 + at]}:31"] for record in records if record[9 + at] not in ("0/0", "./.")]
        vcf(folder / sample, [" ".join(record) for record in mine], [sample])
    return folder


def test_read_genotypes__patients_one_by_one_are_the_cohort(cohort):
    together = table_of(read_genotypes(cohort / "all", absent_means="reference"))
    stacked = read_genotypes([cohort / f"P{at}" for at in range(5)], absent_means="reference")
    borne = together.loc[:, (together != 0).any()]
    pd.testing.assert_frame_equal(table_of(stacked), borne, check_names=False)
    assert stacked.features.index.equals(read_genotypes(cohort / "all").features.index.intersection(borne.columns))
    known = table_of(read_genotypes([cohort / f"P{at}" for at in range(5)]))
    pd.testing.assert_frame_equal(known, borne.where(borne != 0), check_names=False)


def test_read_genotypes__sites_of_a_model_filled_among_patients_are_counted_as_of_each_alone(cohort):
    trained = read_genotypes(cohort / "all").features
    files = [cohort / f"P{at}" for at in range(5)]
    stacked = with_reference_sites(read_genotypes(files, absent_means="reference"), trained)
    alone = [with_reference_sites(read_genotypes(file, absent_means="reference"), trained) for file in files]
    assert sites_filled(stacked).tolist() == [int(sites_filled(each)[0]) for each in alone]
    assert all(count > 20 for count in sites_filled(stacked))
    expected = pd.concat([table_of(each) for each in alone])[trained.index]
    pd.testing.assert_frame_equal(table_of(stacked)[trained.index], expected)
    some = stacked.take(np.array([3, -1]))
    assert sites_filled(some).tolist() == [sites_filled(stacked)[3], 0]


RULES = [
    # what P lists of a site of Q at chr1:100 A>G, and the call that P has there: unless absent is the reference, and so
    ("chr1 900 . A C . . . GT 0/1", None, 0),
    ("chr1 50 . C <NON_REF> . . END=300 GT 0/0", 0, 0),
    ("chr1 50 . C <NON_REF> . . END=300 GT ./.", None, 0),
    ("chr1 100 . A T . . . GT 0/1", 0, 0),
    ("chr1 100 . A T . . . GT ./1", None, 0),
    ("chr1 100 . C T . . . GT 0/1", None, None),
    ("chr1 99 . TA CT . . . GT 0/1", None, None),
    ("chr1 99 . TA TT . . . GT 0/1", 0, 0),
    ("chr1 99 . TA TG . . . GT 1/1", 2, 2),
    ("chr1 100 . a g . . . GT 1/1", 2, 2),
    ("chr1 100 . A G . LowQual . GT 1/1", None, None),
    ("chr1 100 . A T . LowQual . GT 1/1", None, None),
]


@pytest.mark.parametrize(("record", "known", "reference"), RULES)
def test_read_genotypes__a_site_that_another_patient_lists(tmp_path, record, known, reference):
    header = ['##FILTER=<ID=LowQual,Description="low">']
    files = [vcf(tmp_path / "P", [record], ["P"], header), vcf(tmp_path / "Q", ["chr1 100 . A G . . . GT 0/1"], ["Q"])]
    for means, expected in ((None, known), ("reference", reference)):
        for order in (files, files[::-1]):
            read = table_of(read_genotypes(order, absent_means=means, filters="pass"))
            assert read.loc["Q", "1:100:A:G"] == 1
            np.testing.assert_equal(read.loc["P", "1:100:A:G"], np.nan if expected is None else expected)


def test_read_genotypes__an_indel_that_another_patient_has_elsewhere_in_a_repeat(tmp_path):
    files = [
        vcf(tmp_path / "a", ["1 100 . CAA C . . . GT 1/1", "1 500 . A T . . . GT 0/1"], ["P"]),
        vcf(tmp_path / "b", ["1 102 . AAA A . . . GT 0/1", "1 900 . G GC . . . GT 0/1"], ["Q"]),
    ]
    values = table_of(read_genotypes(files, absent_means="reference"))
    expected = pd.DataFrame(
        {"1:100:CAA:C": [2, np.nan], "1:102:AAA:A": [np.nan, 1], "1:500:A:T": [1, 0], "1:900:G:GC": [0, 1]},
        index=["P", "Q"],
    )
    pd.testing.assert_frame_equal(values[expected.columns], expected, check_dtype=False, check_names=False)


def test_read_genotypes__what_single_files_tell_holds_for_their_samples_alone(tmp_path):
    """Blocks and what a filter left out, at a site of a model that no patient lists."""
    header = ['##FILTER=<ID=LowQual,Description="low">']
    listed = "chr1 900 . A C . PASS . GT 0/1"
    vcf(tmp_path / "block", ["chr1 50 . C <NON_REF> . PASS END=300 GT 0/0", listed], ["B"], header)
    vcf(tmp_path / "failed", ["chr1 100 . A G . LowQual . GT 1/1", listed], ["F"], header)
    vcf(tmp_path / "silent", [listed], ["S"], header)
    trained = read_genotypes(
        vcf(tmp_path / "train", ["chr1 100 . A G . . . GT 0/1", "chr1 900 . A C . . . GT 0/1"], ["T"])
    ).features
    files = [tmp_path / name for name in ("block", "failed", "silent")]
    known = with_reference_sites(read_genotypes(files, filters="pass"), trained)
    np.testing.assert_array_equal(table_of(known)["1:100:A:G"], [0, np.nan, np.nan])
    assert sites_filled(known).tolist() == [0, 0, 0]
    told = with_reference_sites(read_genotypes(files, filters="pass", absent_means="reference"), trained)
    np.testing.assert_array_equal(table_of(told)["1:100:A:G"], [0, np.nan, 0])
    assert sites_filled(told).tolist() == [0, 0, 1]


def test_read_genotypes__callable_regions_among_patients(tmp_path):
    files = [vcf(tmp_path / name, [f"chr1 {at} . A G . . . GT 0/1"], [name]) for name, at in (("P", 100), ("Q", 900))]
    read = read_genotypes(files, callable="1:1-500")
    np.testing.assert_array_equal(read.dense(), [[1, np.nan], [0, 1]])
    assert sites_filled(with_reference_sites(read, read.features)).tolist() == [0, 1]


def test_read_genotypes__rare_sites_are_rare_among_all_patients(cohort):
    files = [cohort / f"P{at}" for at in range(5)]
    kept = read_genotypes(files, absent_means="reference", site_filter=SiteFilter(minimum_frequency=0.2))
    every = table_of(read_genotypes(files, absent_means="reference"))
    assert 0 < kept.shape[1] < every.shape[1]
    frequency = every.mean() / 2
    assert set(kept.features.index) == set(every.columns[np.minimum(frequency, 1 - frequency) >= 0.2])


def test_read_genotypes__annotated_patients_keep_their_genes(tmp_path):
    header = ["##INFO=<ID=GENEINFO,Number=1,Type=String,Description=gene>"]
    for name, call in (("P", "0/1"), ("Q", "1/1")):
        vcf(tmp_path / name, [f"chr1 100 . A G . . GENEINFO=DPYD:1806 GT {call}"], [name], header)
    read = read_genotypes([tmp_path / "P", tmp_path / "Q"])
    assert read.features["gene"].tolist() == ["DPYD"]
    assert read.dense().tolist() == [[1], [2]]


def test_read_genotypes__one_sample_in_two_files(tmp_path):
    first = vcf(tmp_path / "first", ["chr1 100 . A G . . . GT 0/1", "chr1 300 . A G . . . GT 0/1"], ["SAMPLE"])
    other = vcf(tmp_path / "other", ["chr1 200 . A G . . . GT 0/1"], ["SAMPLE"])
    with pytest.raises(InputError, match=r'other: sample "SAMPLE" is in first too .*in a list'):
        read_genotypes([first, other])
    part = vcf(tmp_path / "part", ["chr2 200 . A G . . . GT 1/1"], ["SAMPLE"])
    assert read_genotypes([first, part]).dense().tolist() == [[1, 1, 2]]
    (tmp_path / "list").write_text("first\tP1\nother\tP2\npart\tP1\n".replace("\t", ".vcf\t"))
    for file in (first, other, part):
        file.rename(file.with_suffix(".vcf"))
    read = table_of(read_genotypes(tmp_path / "list", absent_means="reference"))
    assert read.loc["P1"].tolist() == [1, 0, 1, 2]
    assert read.loc["P2"].tolist() == [0, 1, 0, 0]


def test_read_genotypes__an_error_names_the_file(tmp_path):
    files = [vcf(tmp_path / f"P{at}", ["chr1 100 . A G . . . GT 0/1"], [f"P{at}"]) for at in range(3)]
    vcf(files[1], ["chr1 100 . A G . . . GT 0/7"], ["P1"])
    with pytest.raises(InputError, match=r"^P1, line 3 \(chr1:100\): found allele 7"):
        read_genotypes(files)


def test_read_genotypes__a_patient_without_variants(tmp_path):
    files = [vcf(tmp_path / "P", ["chr1 100 . A G . . . GT 0/1"], ["P"]), vcf(tmp_path / "Q", [], ["Q"])]
    assert read_genotypes(files, absent_means="reference").dense().tolist() == [[1], [0]]


def test_read_genotypes__what_is_said_of_many_files_is_said_of_three(tmp_path, caplog):
    header = ['##FILTER=<ID=LowQual,Description="low">']
    records = ["chr1 100 . A G . LowQual . GT 0/1"]
    files = [vcf(tmp_path / f"P{at}", records, [f"P{at}"], header) for at in range(9)]
    with caplog.at_level(logging.WARNING):
        read_genotypes(files)
    said = [record.getMessage() for record in caplog.records]
    assert sum("LowQual" in line for line in said) == 3
    assert said[-1] == "genotypes: messages of this kind are left out for 6 further files."


def test_model__predicts_patients_one_by_one_as_their_cohort(cohort):
    trained = read_genotypes(cohort / "all", absent_means="reference")
    ids = [f"T{at}" for at in range(60)]
    random = np.random.default_rng(2)
    dosages = random.choice(3, size=(60, trained.shape[1])).astype(np.float32)
    training = dr.Genotypes.build(dosages, ids, trained.features)
    responses = pd.DataFrame({"sample_id": ids, "drug_id": "D", "response": dosages[:, :4].sum(axis=1)})
    model = dr.DrugResponseModel("ridge", folds=0).fit(training, responses)
    files = [cohort / f"P{at}" for at in range(5)]
    one, other = (model.predict(read_genotypes(each, absent_means="reference")) for each in (files, cohort / "all"))
    np.testing.assert_allclose(one["prediction"], other["prediction"], rtol=1e-6)
