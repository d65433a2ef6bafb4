from __future__ import annotations

import json
import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance.tb_profiler import _element

OLD = {
    "qc": {"pct_reads_mapped": 97.2, "missing_positions": []},
    "main_lin": "lineage2",
    "dr_variants": [
        {
            "genome_pos": 761155, "freq": 0.5, "type": "missense_variant", "change": "p.Ser450Leu", "gene": "rpoB",
            "locus_tag": "Rv0667", "drugs": [{"type": "drug", "drug": "rifampicin", "confidence": "high"}],
        },
    ],
    "other_variants": [
        {
            "genome_pos": 7362, "freq": 1, "type": "missense_variant", "change": "p.Glu21Gln", "gene": "gyrA",
            "gene_associated_drugs": ["levofloxacin"],
        },
        {"genome_pos": 762434, "freq": 1, "type": "synonymous_variant", "change": "c.2628T>G", "gene": "rpoB"},
    ],
    "id": "S1",
    "tbprofiler_version": "3.0.8",
}  # fmt: skip
NEW = {
    "schema_version": "1.0.0",
    "id": "S2",
    "pipeline": {"software_version": "6.7.0", "db_version": {"name": "who_v2+"}},
    "lineage": [{"fraction": 1.0, "lineage": "lineage4", "support": []}],
    "main_lineage": "lineage4",
    "dr_variants": [
        {
            "pos": 1673425, "freq": 1.0, "gene_id": "Rv1483", "gene_name": "fabG1", "type": "upstream_gene_variant",
            "change": "c.-15C>T", "drugs": [{"drug": "isoniazid"}, {"drug": "ethionamide"}],
        },
    ],
    "other_variants": [],
    "qc_fail_variants": [{"pos": 7362, "gene_name": "gyrA", "change": "p.Glu21Gln", "type": "missense_variant"}],
    "qc": {
        "num_reads_mapped": 4232866,
        "missing_positions": [
            {"chromosome": "Chromosome", "position": 761155, "depth": 1, "annotation": [{"type": "drug_resistance"}]}
        ],
    },
}  # fmt: skip
PAN_SUSCEPTIBLE = {"id": "S3", "main_lineage": "lineage4", "dr_variants": [], "other_variants": []}


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))
    return path


def frame(genotypes):
    return pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)


def expected():
    nan = np.nan
    return pd.DataFrame(
        {"fabG1_c.-15C>T": [0, 1, 0], "gyrA_p.Glu21Gln": [1, nan, 0], "rpoB_p.Ser450Leu": [1, nan, 0]},
        index=["S1", "S2", "S3"],
        dtype=np.float32,
    )


def test_read_tb_profiler__versions_and_what_was_not_called(tmp_path, caplog):
    """A position without reads and a variant that failed are missing; an isolate without variants is 0 everywhere."""
    files = [write(tmp_path / f"{at}.dat", each) for at, each in enumerate((OLD, NEW, PAN_SUSCEPTIBLE))]
    with caplog.at_level(logging.INFO):
        genotypes = read_genotypes(files)
    pd.testing.assert_frame_equal(frame(genotypes), expected(), check_names=False)
    assert genotypes.features["gene"].tolist() == ["fabG1", "gyrA", "rpoB"]
    assert set(genotypes.features["block"]) == {"TB-Profiler"}
    assert "synonymous variants left out: 1." in caplog.text
    told = read_genotypes(files, absent_means="reference")
    assert frame(told).loc["S2"].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("effect", "kept"),
    [
        ("synonymous_variant", False),
        ("splice_region_variant&synonymous_variant", False),
        ("missense_variant&synonymous_variant", True),
        ("non_synonymous", True),
        ("upstream_gene_variant", True),
        ("non_coding_transcript_exon_variant", True),
    ],
)
def test_read_tb_profiler__only_what_is_synonymous_alone_is_left_out(tmp_path, effect, kept):
    other = {"gene": "gyrA", "change": "p.Glu21Gln", "type": effect}
    file = write(tmp_path / "S1.results.json", OLD | {"other_variants": [other]})
    assert ("gyrA_p.Glu21Gln" in read_genotypes(file).features.index) == kept


def test_read_tb_profiler__several_results_in_a_file(tmp_path):
    several = [OLD, NEW, PAN_SUSCEPTIBLE]
    listed = read_genotypes(write(tmp_path / "list.json", several))
    pd.testing.assert_frame_equal(frame(listed), expected(), check_names=False)
    lines = "\n".join(json.dumps(each) for each in several) + "\n"
    assert read_genotypes(write(tmp_path / "lines.json", lines)).equals(listed)


def test_read_tb_profiler__an_isolate_alone_reads_as_among_many(tmp_path):
    whole = read_genotypes(write(tmp_path / "list.json", [OLD, NEW, PAN_SUSCEPTIBLE]))
    alone = read_genotypes(write(tmp_path / "S3.json", PAN_SUSCEPTIBLE), known_features=whole.features)
    assert alone.equals(whole.take(np.array([2])))


def test_read_tb_profiler__the_file_names_a_result_without_id(tmp_path):
    nameless = {name: value for name, value in OLD.items() if name != "id"}
    genotypes = read_genotypes(write(tmp_path / "S9.results.json", nameless), known_samples=["S9"])
    assert genotypes.sample_ids.tolist() == ["S9"]


def test_element__site_function_gene_and_drugs_are_parents():
    variant = {"gene": "katG", "change": "p.Trp328*", "type": "stop_gained", "drug": "isoniazid"}
    known = _element(variant, "S1", is_known=True)
    assert known.parents == ("katG_328 (site)", "katG no function (function)", "katG (gene)", "isoniazid (drug)")
    missense = {"gene_name": "gyrA", "change": "p.Ser95Thr", "gene_associated_drugs": ["levofloxacin"]}
    assert _element(missense, "S1", is_known=False).parents == ("gyrA_95 (site)", "gyrA other variants (gene)")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (json.dumps(OLD, indent=1)[:-200], "the JSON is damaged or ends early"),
        ({"main_lineage": "lineage4", "id": "S1"}, "found no dr_variants and no other_variants"),
        (OLD | {"dr_variants": [{"change": "p.Ser450Leu"}]}, "a variant without gene"),
        (OLD | {"dr_variants": {"gene": "rpoB"}}, '"dr_variants" is no list of objects'),
        ([OLD, OLD], 'two results with the id "S1"'),
        ('{"dr_variants": ' + "[" * 100000, "nested too deep|damaged"),
        ([OLD, 7], r'found "7" in the JSON \(expected an object a sample\)'),
        (PAN_SUSCEPTIBLE, "found no gene or mutation in 1 sample"),
    ],
)
def test_read_tb_profiler__damaged(tmp_path, value, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write(tmp_path / "S1.results.json", value))


def test_read_tb_profiler__two_files_of_one_isolate(tmp_path):
    files = [write(tmp_path / "a.json", OLD), write(tmp_path / "b.json", OLD)]
    with pytest.raises(InputError, match=r'a\.json and b\.json: both are of the sample "S1"'):
        read_genotypes(files)


def test_read_tb_profiler__insisted_on_where_nothing_in_the_first_bytes_tells(tmp_path):
    far = write(tmp_path / "S1.json", '{"notes": "' + "a" * (1 << 17) + '", ' + json.dumps(OLD)[1:])
    with pytest.raises(InputError, match="this is a JSON document, which is not read here"):
        read_genotypes(far)
    assert read_genotypes(far, genotype_format="tb-profiler").shape == (1, 2)
    with pytest.raises(InputError, match="this is a JSON document"):
        read_genotypes(far, genotype_format="matrix")
