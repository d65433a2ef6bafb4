from __future__ import annotations

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from tests.readers.resistance import test_amrfinderplus as amrfinderplus

HEADER = [
    "input_file_name", "gene_symbol", "gene_name", "reference_database_name", "reference_database_version",
    "reference_accession", "analysis_software_name", "analysis_software_version", "genetic_variation_type",
    "antimicrobial_agent", "drug_class", "nucleotide_mutation", "amino_acid_mutation", "sequence_identity",
]  # fmt: skip


def hit(sample, symbol, software="amrfinderplus", nucleotide="", protein="", drug_class="BETA-LACTAM"):
    kind = "gene_presence_detected"
    return [sample, symbol, "a gene", "db", "1", "acc", software, "1", kind, "", drug_class, nucleotide, protein, "99"]


def write(path, rows, header=HEADER):
    path.write_text("".join("\t".join(cells) + "\n" for cells in [header, *rows]))
    return path


def test_read_hamronization__a_block_for_each_program(tmp_path):
    rows = [
        hit("S1", "blaTEM-1"),
        hit("S1", "TEM-1", "rgi"),
        hit("S2", "blaTEM-1", "resfinder 4"),
        hit("S3", "rpoB", "tb-profiler", protein="p.Ser450Leu"),
        hit("S3", "blaTEM-1", "another program"),
    ]
    genotypes = read_genotypes(write(tmp_path / "summary.tsv", rows))
    blocks = list(zip(genotypes.features["block"], genotypes.features.index, strict=True))
    assert blocks == [
        ("AMRFinderPlus", "blaTEM-1"),
        ("RGI", "TEM-1"),
        ("ResFinder", "blaTEM-1"),
        ("TB-Profiler", "rpoB_p.Ser450Leu"),
        ("another program", "blaTEM-1"),
    ]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]])


def test_read_hamronization__amrfinderplus_reads_as_its_own_table(tmp_path):
    """hAMRonization parts the mutation from the gene, in its own words."""
    own = amrfinderplus.write(
        tmp_path / "own.tsv",
        [
            ["S1", *amrfinderplus.row("blaTEM-1", "BETA-LACTAM")],
            ["S1", *amrfinderplus.point("gyrA_S83L")],
            ["S2", *amrfinderplus.point("23S_A2062G", "MACROLIDE")],
        ],
        ["Name", *amrfinderplus.NEW],
    )
    rows = [
        hit("S1", "blaTEM-1"),
        hit("S1", "gyrA", protein="p.S83L", drug_class="QUINOLONE"),
        hit("S2", "23S", nucleotide="c.2062A>G", drug_class="MACROLIDE"),
    ]
    assert read_genotypes(write(tmp_path / "summary.tsv", rows)).equals(read_genotypes(own))


def test_read_hamronization__isolates_without_a_row(tmp_path, caplog):
    file = write(tmp_path / "summary.tsv", [hit("S1", "blaTEM-1"), hit("S2", "sul1")])
    genotypes = read_genotypes(file, known_samples=["S1", "S2", "S3"])
    np.testing.assert_array_equal(genotypes.dense(), [[1, 0], [0, 1], [0, 0]])
    assert "without any gene: 1" in caplog.text
    with pytest.raises(InputError, match="none of its 2 samples is among those of the other tables"):
        read_genotypes(file, known_samples=["X1", "X2"])


def test_read_hamronization__a_column_sample_id_comes_before_the_file(tmp_path):
    rows = [["S1", *hit("GCA_1.fna", "blaTEM-1")], ["S2", *hit("", "sul1")]]
    file = write(tmp_path / "summary.tsv", rows, ["sample_id", *HEADER])
    assert read_genotypes(file, known_samples=["S1", "S2"]).sample_ids.tolist() == ["S1", "S2"]


def test_read_hamronization__damaged(tmp_path):
    with pytest.raises(InputError, match=r"no column for the gene .*expected gene_symbol"):
        read_genotypes(write(tmp_path / "a.tsv", [], [name for name in HEADER if name != "gene_symbol"]))
    with pytest.raises(InputError, match="no column for the sample"):
        read_genotypes(write(tmp_path / "a.tsv", [], HEADER[1:]), genotype_format="hamronization")
    with pytest.raises(InputError, match="found no gene or mutation in 0 samples"):
        read_genotypes(write(tmp_path / "a.tsv", []))
    with pytest.raises(InputError, match="line 2: found no sample"):
        read_genotypes(write(tmp_path / "a.tsv", [hit("", "sul1")]))
