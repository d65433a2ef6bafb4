"""Files of few patients, in which PLINK names 0 in place of the allele that nobody carries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bed_reader import to_bed

from drugresponse.features.alignment import align
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.readers import read_genotypes
from drugresponse.readers.plink import reader as plink_reader

# each patient is homozygous for one or the other at all sites but the last
SITES = [("A", "G"), ("C", "T"), ("G", "T"), ("T", "C"), ("A", "T"), ("A", "C")]
CALLS = np.array([[0, 2, 2, 0, 2, 1], [2, 0, 0, 2, 0, 1], [1, 1, 1, 1, 1, 1]])
IDS = [f"1:{10 * (at + 1)}:{ref}:{alt}" for at, (ref, alt) in enumerate(SITES)]


def write(folder, name, calls, alleles):
    """A fileset in which `alleles` are A2 and A1, and `calls` copies of A1."""
    file = folder / f"{name}.bed"
    to_bed(
        file,
        np.asarray(calls, dtype=np.float64),
        properties={
            "iid": [f"{name}{at}" for at in range(len(calls))],
            "sid": [f"rs{at}" for at in range(len(alleles))],
            "chromosome": ["1"] * len(alleles),
            "bp_position": [10 * (at + 1) for at in range(len(alleles))],
            "allele_1": [alt for _, alt in alleles],
            "allele_2": [ref for ref, _ in alleles],
        },
        count_A1=True,
    )
    return file


def write_patient(folder, at, **options):
    """What `plink --make-bed` writes of one of the patients: A1 is 0 where the patient has one allele."""
    calls, alleles = [], []
    for copies, (ref, alt) in zip(CALLS[at].tolist(), SITES, strict=True):
        calls.append(copies if copies == 1 else 0)
        alleles.append((ref, alt) if copies == 1 else (alt if copies == 2 else ref, "0"))
    return write(folder, f"patient{at}", [calls], alleles, **options)


@pytest.fixture
def trained(tmp_path):
    genotypes = read_genotypes(write(tmp_path, "cohort", CALLS, SITES))
    assert genotypes.features.index.tolist() == IDS
    return genotypes.features


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("absent_means", ["missing", "reference"])
def test_read_plink__one_patient_has_the_alleles_of_the_model(tmp_path, trained, absent_means, stored, monkeypatch):
    if stored:
        monkeypatch.setattr(plink_reader, "stays_stored", lambda shape: True)
    for at in (0, 1):
        file = write_patient(tmp_path, at)
        genotypes = read_genotypes(file, known_features=trained, absent_means=absent_means)
        assert genotypes.features.index.tolist() == IDS
        assert genotypes.dense().tolist() == [CALLS[at].tolist()]
        assert genotypes.moments()[0].tolist() == CALLS[at].tolist()


def test_read_plink__without_a_model_what_is_not_told_is_never_the_reference(tmp_path, trained):
    genotypes = read_genotypes(write_patient(tmp_path, 0), absent_means="reference")
    assert genotypes.features.index.tolist() == IDS[-1:]
    completed = with_reference_sites(genotypes, trained)
    assert (align(completed.features, trained).columns >= 0).tolist() == [False] * 5 + [True]


def test_read_plink__what_the_model_does_not_tell_stays_missing_with_a_word(tmp_path, trained, caplog):
    other = trained.assign(alt=["C", *trained["alt"].iloc[1:]])
    twice = pd.concat([trained, trained.iloc[1:2].assign(alt="A").set_axis(["1:20:C:A"])])
    file = write_patient(tmp_path, 1)
    for known, left in ((other, 0), (twice, 1)):
        caplog.clear()
        genotypes = read_genotypes(file, known_features=known, absent_means="reference")
        assert genotypes.features.index.tolist() == [name for at, name in enumerate(IDS) if at != left]
        assert "1 variant of the model, of which the file names one allele, cannot be told" in caplog.text
        missing = with_reference_sites(genotypes, known).features.index
        assert not missing.str.contains(f"^1:{10 * (left + 1)}:").any()


def test_read_plink__one_allele_from_the_other_strand(tmp_path, trained, caplog):
    turned = {"A": "T", "C": "G", "G": "C", "T": "A", "0": "0"}
    calls = [[0, 0, 0, 0, 0, 1]]
    # patient 0, whose alleles are G, T, T, T, T and A/C, all written from the other strand
    alleles = [("A", "0"), ("T", "0"), ("T", "0"), ("T", "0"), ("T", "0"), ("A", "C")]
    file = write(tmp_path, "strand", calls, [(turned[ref], turned[alt]) for ref, alt in alleles])
    genotypes = read_genotypes(file, known_features=trained)
    at = align(genotypes.features, trained)
    assert at.values(genotypes, np.arange(6))[0].tolist() == pytest.approx([0, 2, 2, 0, np.nan, 1], nan_ok=True)
    assert "1 variant of the model" in caplog.text


def test_read_raw__what_is_not_told_is_never_the_reference(tmp_path):
    file = tmp_path / "patient.raw"
    file.write_text("FID IID PAT MAT SEX PHENOTYPE rs1_A rs2_0\nf s1 0 0 1 -9 2 0\n")
    genotypes = read_genotypes(file, absent_means="reference")
    trained = pd.concat([genotypes.features, genotypes.features.set_axis(["rs2"])])
    assert with_reference_sites(genotypes, trained).features.index.tolist() == ["rs1"]
