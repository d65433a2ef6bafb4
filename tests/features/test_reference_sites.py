from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.reference_calls import ReferenceCalls, Stretches
from drugresponse.features.reference_sites import sites_filled, with_reference_sites
from drugresponse.features.same_features import with_features_of
from drugresponse.readers import read_genotypes

POSITIONS = [100, 200, 300, 400]


def vcf(folder, name, records, samples, header=()):
    lines = ["##fileformat=VCFv4.2", *header, f"#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT {samples}", *records]
    file = folder / name
    file.write_text("\n".join(line.replace(" ", "\t") if not line.startswith("##") else line for line in lines) + "\n")
    return file


def cohort(folder, n_samples=60):
    """A cohort whose response counts the alternates of four sites: 2 for each copy."""
    random = np.random.default_rng(3)
    copies = random.choice([1, 2], size=(n_samples, len(POSITIONS)), p=[0.4, 0.6])
    calls = np.array(["0/0", "0/1", "1/1"])[copies]
    names = [f"T{at}" for at in range(n_samples)]
    records = [f"chr1 {place} . A G . PASS . GT {' '.join(calls[:, at])}" for at, place in enumerate(POSITIONS)]
    responses = pd.DataFrame({"sample_id": names, "drug_id": "D", "response": 2.0 * copies.sum(axis=1)})
    return vcf(folder, "train", records, " ".join(names)), responses


@pytest.fixture
def model(tmp_path):
    genotypes, responses = cohort(tmp_path)
    return dr.DrugResponseModel("ridge", folds=0).fit(read_genotypes(genotypes), responses)


def test_predict__absent_sites_are_the_reference_where_told(tmp_path, model):
    file = vcf(tmp_path, "new", [f"chr1 {place} . A G . . . GT 0/1" for place in (100, 200, 300)], "P")
    plain = model.predict(read_genotypes(file))
    told = model.predict(read_genotypes(file, absent_means="reference"))
    assert plain["features_found"].item() < 0.8
    assert told["features_found"].item() == 1
    assert told["prediction"].item() == pytest.approx(6, abs=0.3)
    assert plain["prediction"].item() > 8


@pytest.mark.parametrize(
    "records",
    [[f"chr1 {place} . A {alt} . . . GT 0/0" for place in (100, 200, 300)] for alt in (".", "<NON_REF>", "<*>")]
    + [
        ["chr1 50 . C <NON_REF> . . END=350 GT 0/0"],
        ["chr1 50 . C <NON_REF> . . END=199 GT 0/0", "chr1 200 . A <NON_REF> . . END=390 GT 0|0"],
        ["chr1 50 . C . . . END=350 GT:DP 0/0:9"],
        ["chr1 100 . A T . . . GT 0/0", "chr1 200 . A T . . . GT 0/1", "chr1 300 . A T,C . . . GT 1/2"],
    ],
)
def test_predict__reference_calls_at_the_sites_of_the_model(tmp_path, model, records):
    file = vcf(tmp_path, "new", [*records, "chr1 400 . A G,<NON_REF> . . . GT 0/1"], "P")
    told = model.predict(read_genotypes(file))
    assert told["features_found"].item() == 1
    assert told["prediction"].item() == pytest.approx(2, abs=0.3)


def without_places(folder):
    """A model of ids alone, as a table without features has them."""
    genotypes, responses = cohort(folder)
    read = read_genotypes(genotypes)
    table = Genotypes.from_dense(read.dense(), list(read.sample_ids), list(read.features.index), kind="dosage")
    return dr.DrugResponseModel("ridge", folds=0).fit(table, responses)


def test_predict__filled_sites_are_counted_and_flagged_where_they_are_many(tmp_path, model):
    for listed, flag in ((3, ""), (2, ""), (1, "many-sites-filled")):
        file = vcf(tmp_path, "new", [f"chr1 {place} . A G . . . GT 0/1" for place in POSITIONS[:listed]], "P")
        row = model.predict(read_genotypes(file, absent_means="reference")).iloc[0]
        assert row.index[-1] == "sites_filled"
        assert (row["sites_filled"], row["features_found"]) == (4 - listed, 1)
        assert row["flag"] == flag
        plain = model.predict(read_genotypes(file), minimum_features=0.0).iloc[0]
        # what is not listed is missing, and below what the training had that is flagged
        assert (plain["sites_filled"], plain["flag"]) == (0, "few-features" if plain["features_found"] < 0.5 else "")


def test_predict__called_reference_sites_are_not_counted_as_filled(tmp_path, model):
    records = ["chr1 100 . A G . . . GT 0/1", "chr1 150 . C <NON_REF> . . END=350 GT 0/0"]
    told = model.predict(read_genotypes(vcf(tmp_path, "new", records, "P"), absent_means="reference"))
    assert (told["sites_filled"].item(), told["features_found"].item()) == (1, 1)


def test_predict__sites_without_a_position_are_filled_by_their_ids(tmp_path):
    model = without_places(tmp_path)
    file = vcf(tmp_path, "new", [f"1 {place} . A G . . . GT 0/1" for place in POSITIONS[:1]], "P")
    told = model.predict(read_genotypes(file, absent_means="reference")).iloc[0]
    assert (told["sites_filled"], told["features_found"], told["flag"]) == (3, 1, "many-sites-filled")
    assert told["prediction"] == pytest.approx(2, abs=0.3)
    trained = model.parts_.features
    prepared = with_features_of(read_genotypes(file, absent_means="reference"), trained, absent_as_reference=True)[0]
    assert model.predict(prepared)["prediction"].item() == pytest.approx(told["prediction"])


def test_with_reference_sites__sites_without_a_position_that_may_have_failed_a_filter(tmp_path, caplog):
    trained = without_places(tmp_path).parts_.features
    records = ["1 100 . A G . PASS . GT 0/1", "1 200 . A G . LowQual . GT 1/1"]
    file = vcf(tmp_path, "new", records, "P", ['##FILTER=<ID=LowQual,Description="low">'])
    new = read_genotypes(file, absent_means="reference", filters="pass")
    assert with_reference_sites(new, trained) is new
    assert "3 sites of the model without a position" in caplog.text


def test_with_reference_sites__none_of_the_ids_is_listed(tmp_path, caplog):
    trained = without_places(tmp_path).parts_.features
    new = read_genotypes(vcf(tmp_path, "new", ["1 7777 . A G . . . GT 0/1"], "P"), absent_means="reference")
    assert with_reference_sites(new, trained) is new
    assert "none of the 4 sites of the model is listed" in caplog.text


def test_with_reference_sites__star_alleles_are_no_sites(tmp_path):
    ids = ["1:100:A:G", "1:200:A:G", "TPMT*2", "HLA-B*57:01"]
    trained = Genotypes.from_dense(np.zeros((1, 4)), ["s"], ids, kind="dosage").features
    new = read_genotypes(vcf(tmp_path, "new", ["1 100 . A G . . . GT 0/1"], "P"), absent_means="reference")
    assert set(with_reference_sites(new, trained).features.index) == set(ids[:2])


def test_sites_filled__follow_their_samples(tmp_path, model):
    new = read_genotypes(vcf(tmp_path, "new", ["1 100 . A G . . . GT 0/1 1/1"], "P Q"), absent_means="reference")
    filled = with_reference_sites(new, model.parts_.features)
    assert sites_filled(filled).tolist() == [3, 3]
    assert sites_filled(filled.reindex(pd.Index(["Q", "other"]))).tolist() == [3, 0]
    assert sites_filled(with_reference_sites(filled, model.parts_.features)).tolist() == [3, 3]
    assert sites_filled(new).tolist() == [0, 0]


def test_predict__a_patient_without_any_variant(tmp_path, model):
    file = vcf(tmp_path, "new", [f"chr1 {place} . A . . . . GT 0/0" for place in POSITIONS], "P")
    assert model.predict(read_genotypes(file))["prediction"].item() == pytest.approx(0, abs=0.3)


def test_with_reference_sites__what_was_not_called_stays_missing(tmp_path, model):
    records = ["chr1 50 . C <NON_REF> . . END=150 GT 0/0 ./.", "chr1 200 . A . . . . GT ./. 0/0"]
    new = read_genotypes(vcf(tmp_path, "new", [*records, "chr1 400 . A G . . . GT 0/1 1/1"], "P Q"))
    trained = read_genotypes(tmp_path / "train").features
    expected = [[0, np.nan, np.nan, 1], [np.nan, 0, np.nan, 2]]
    np.testing.assert_array_equal(with_features_of(new, trained)[0].dense(), expected)
    np.testing.assert_array_equal(with_features_of(new.take(np.array([1, 0])), trained)[0].dense(), expected[::-1])
    both = new.reindex(pd.Index(["Q", "other"]))
    np.testing.assert_array_equal(with_features_of(both, trained)[0].dense(), [expected[1], [np.nan] * 4])


def test_with_reference_sites__reference_of_a_model_that_is_not_the_genome_s(tmp_path, caplog):
    table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": POSITIONS, "ref": "G", "alt": "A"})
    trained = Genotypes.build(np.zeros((1, 4)), ["s"], table.set_axis(["a", "b", "c", "d"])).features
    new = read_genotypes(vcf(tmp_path, "new", ["1 100 . A G . . . GT 0/1"], "P"), absent_means="reference")
    assert with_reference_sites(new, trained) is new
    assert "swapped at 1 sites of the model" in caplog.text


def test_with_reference_sites__no_site_of_the_model_is_listed(tmp_path, caplog):
    trained = read_genotypes(cohort(tmp_path)[0]).features
    new = read_genotypes(vcf(tmp_path, "new", ["1 7777 . A G . . . GT 0/1"], "P"), absent_means="reference")
    with caplog.at_level(logging.WARNING):
        assert with_reference_sites(new, trained) is new
    assert "none of the 4 sites of the model is listed" in caplog.text


def test_read_genotypes__blocks_fill_what_the_variants_of_others_miss(tmp_path):
    """A block stands above a no-call, and all bases of the reference must be covered."""
    records = [
        "1 50 . C <NON_REF> . . END=300 GT ./. 0/0",
        "1 100 . A G . . . GT 0/1 ./.",
        "1 300 . AT A . . . GT 0/1 ./.",
    ]
    genotypes = read_genotypes(vcf(tmp_path, "new", records, "P Q"))
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1], [0, np.nan]])


def test_stretches__overlap_and_nest():
    bits = [np.packbits(np.array([[each]]), axis=1) for each in (True, False)]
    stretches = Stretches.ordered(
        np.array([40, 1, 10]), np.array([45, 100, 20]), np.concatenate([bits[1], bits[0], bits[1]])
    )
    known = ReferenceCalls(np.array([False]), {"1": stretches})
    assert known.at("1", np.array([42, 100, 101]), np.array([42, 100, 101])).ravel().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("record", "call"),
    [
        ("1 100 . AC A,GC . . . GT 2/2", 2),
        ("1 99 . TA TG . . . GT 0/1", 1),
        ("1 100 . AC GT . . . GT 0/1", np.nan),
        ("1 99 . CA TG . . . GT 0/0", 0),
        ("1 98 . CCAC C . . . GT 0/1", 0),
        ("1 100 . A G . LowQual . GT 1/1", np.nan),
        ("1 100 . T G . . . GT 1/1", np.nan),
        ("1 99 . TA TG . LowQual . GT 1/1", np.nan),
        ("1 100 . A <*:DEL> . . . GT 0/1", 0),
    ],
)
def test_with_reference_sites__what_may_hold_the_alternate_is_not_the_reference(tmp_path, record, call):
    trained = read_genotypes(cohort(tmp_path)[0]).features.iloc[:2]
    file = vcf(tmp_path, "new", [record, "1 200 . A G . PASS . GT 0/1"], "P")
    new = read_genotypes(file, absent_means="reference", filters="pass")
    for filled in (False, True):
        found, _ = with_features_of(new, trained, absent_as_reference=filled)
        np.testing.assert_array_equal(found.dense(), [[call, 1]])


def test_with_reference_sites__what_joined_sources_left_out(tmp_path):
    trained = read_genotypes(cohort(tmp_path)[0]).features
    records = [f"1 {place} . A G . {result} . GT 0/1" for place, result in ((100, "bad"), (200, "."), (300, "bad"))]
    files = [
        vcf(tmp_path, name, part, "P")
        for name, part in (("a", records[:2]), ("b", [*records[2:], "1 7 . A G . . . GT 0/0"]))
    ]
    new = read_genotypes(files, absent_means="reference", filters="pass")
    expected = [[np.nan, 1, np.nan, 0]]
    np.testing.assert_array_equal(with_features_of(new, trained, absent_as_reference=True)[0].dense(), expected)
    again = new.reindex(pd.Index(["P"])).take(np.array([0]))
    np.testing.assert_array_equal(with_features_of(again, trained)[0].dense(), expected)


def test_with_features_of__places_under_another_reference_are_not_filled(tmp_path):
    table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": POSITIONS, "ref": "G", "alt": "A"})
    trained = Genotypes.build(np.zeros((1, 4)), ["s"], table.set_axis(["a", "b", "c", "d"])).features
    new = read_genotypes(vcf(tmp_path, "new", ["1 100 . A G . . . GT 0/1"], "P"), absent_means="reference")
    found = with_features_of(new, trained, absent_as_reference=True)[0].dense()
    np.testing.assert_array_equal(found, [[1, np.nan, np.nan, np.nan]])


def test_predict__sites_that_a_prepared_file_lacks_are_the_reference_where_told(tmp_path, model):
    file = vcf(tmp_path, "new", [f"chr1 {place} . A G . . . GT 0/1" for place in (100, 200, 300)], "P")
    dr.write_genotypes(read_genotypes(file), tmp_path / "new.h5ad")
    told = model.predict(read_genotypes(tmp_path / "new.h5ad", absent_means="reference"))
    assert told["prediction"].item() == pytest.approx(6, abs=0.3)


def test_predict__a_sample_of_another_table_has_no_sites(tmp_path, model):
    """The option speaks of the calls, not of expression beside them."""
    variants = vcf(tmp_path, "new", ["chr1 100 . A G . . . GT 0/1"], "P")
    expression = tmp_path / "expression.tsv"
    expression.write_text("sample_id\tEGFR\nP\t1.5\nQ\t2.5\n")
    told = model.predict(read_genotypes([variants, expression], absent_means="reference")).set_index("sample_id")
    assert told["features_found"].to_dict() == {"P": 1, "Q": 0}


INDELS = [("100", "CAA", "C"), ("200", "G", "GTT"), ("300", "A", "G"), ("400", "TCAG", "T")]


def trained_indels(folder):
    records = [f"1 {place} . {ref} {alt} . . . GT 0/1" for place, ref, alt in INDELS]
    return read_genotypes(vcf(folder, "train", records, "T")).features


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("1 102 . AAA A . . . GT 0/1", [np.nan, 0, 1, 0]),
        ("1 105 . AAA A . . . GT 0/0", [0, 0, 1, 0]),
        ("1 102 . AA A . . . GT 0/1", [0, 0, 1, 0]),
        ("1 102 . ACA A . . . GT 0/1", [0, 0, 1, 0]),
        ("1 170 . AAA A . . . GT 0/1", [0, 0, 1, 0]),
        ("1 204 . T TTT . . . GT 1/1", [0, np.nan, 1, 0]),
        ("1 402 . AGCA A . . . GT 1/1", [0, 0, 1, np.nan]),
        ("1 402 . CCAG C . . . GT 1/1", [0, 0, 1, 0]),
        ("1 396 . GCAGG G . . . GT 1/1", [0, 0, 1, 0]),
    ],
)
def test_with_reference_sites__an_indel_written_at_another_place_of_a_repeat(tmp_path, caplog, record, expected):
    """AA deleted behind the base 100 of CAAAAAA is what another program writes two bases on."""
    trained = trained_indels(tmp_path)
    file = vcf(tmp_path, "new", [record, "1 300 . A G . . . GT 0/1"], "P")
    found = with_features_of(read_genotypes(file, absent_means="reference"), trained)[0]
    np.testing.assert_array_equal(found.dense(), [expected])
    assert ("another place of a repeat" in caplog.text) == bool(np.isnan(expected).any())


def test_with_reference_sites__an_indel_that_the_model_has_itself_is_no_other_one(tmp_path):
    records = ["1 100 . CAA C . . . GT 0/1", "1 104 . AAA A . . . GT 0/1"]
    trained = read_genotypes(vcf(tmp_path, "train", records, "T")).features
    new = read_genotypes(vcf(tmp_path, "new", records[1:], "P"), absent_means="reference")
    np.testing.assert_array_equal(with_features_of(new, trained)[0].dense(), [[0, 1]])


def test_with_reference_sites__a_block_over_an_insertion_that_is_written_further_on(tmp_path):
    trained = trained_indels(tmp_path)
    records = [
        "1 150 . C <NON_REF> . . END=203 GT 0/0",
        "1 204 . T TTT,<NON_REF> . . . GT 0/1",
        "1 300 . A G . . . GT 0/1",
    ]
    new = read_genotypes(vcf(tmp_path, "new", records, "P"))
    assert np.isnan(with_features_of(new, trained)[0].dense()[0, 1])
