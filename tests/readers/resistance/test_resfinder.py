from __future__ import annotations

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance.resfinder import _classes

GENES = [
    "Resistance gene", "Identity", "Alignment Length/Gene Length", "Coverage", "Position in reference", "Contig",
    "Position in contig", "Phenotype", "Accession no.",
]  # fmt: skip
MUTATIONS = ["Mutation", "Nucleotide change", "Amino acid change", "Resistance", "PMID"]


def gene(name, phenotype="Beta-lactam resistance"):
    return [name, "99.9", "813/813", "100.0", "1..813", "NODE_1", "1..813", phenotype, "AB000001"]


def mutation(name, drugs="Nalidixic acid,Ciprofloxacin"):
    return [name, "TCG -> TTG", "S -> L", drugs, "12345"]


def write(path, header, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join("\t".join(cells) + "\n" for cells in [header, *rows]))
    return path


def folders(tmp_path):
    """As run_resfinder.py leaves them, a folder for each isolate; S3 was not searched for mutations."""
    found = {"S1": ([gene("blaNDM-1"), gene("blaNDM-1"), gene("sul1", "Sulphonamide resistance")], []),
             "S2": ([], [mutation("gyrA p.S83L"), mutation("16S_rrsD r.1192C>T", "Spectinomycin")])}  # fmt: skip
    files = []
    for sample, (genes, mutations) in found.items():
        files.append(write(tmp_path / sample / "ResFinder_results_tab.txt", GENES, genes))
        files.append(write(tmp_path / sample / "PointFinder_results.txt", MUTATIONS, mutations))
    return [
        *files,
        write(tmp_path / "S3" / "ResFinder_results_tab.txt", GENES, [gene("sul1", "Sulphonamide resistance")]),
    ]


def test_read_resfinder__folders_name_the_isolates(tmp_path):
    genotypes = read_genotypes(folders(tmp_path))
    assert genotypes.sample_ids.tolist() == ["S1", "S2", "S3"]
    assert genotypes.features["block"].to_dict() == {
        "16S_rrsD_r.1192C>T": "PointFinder",
        "gyrA_S83L": "PointFinder",
        "blaNDM-1": "ResFinder",
        "sul1": "ResFinder",
    }
    assert genotypes.features["gene"]["gyrA_S83L"] == "gyrA"
    nan = np.nan
    np.testing.assert_array_equal(genotypes.dense(), [[0, 0, 1, 1], [1, 1, 0, 0], [nan, nan, 0, 1]])


def test_read_resfinder__files_name_the_isolates(tmp_path):
    files = [write(tmp_path / f"{name}_resfinder.txt", GENES, [gene("sul1")]) for name in ("S1", "S2")]
    assert read_genotypes(files, known_samples=["S1", "S2"]).sample_ids.tolist() == ["S1", "S2"]
    again = write(tmp_path / "S1.tsv", GENES, [gene("sul2")])
    with pytest.raises(InputError, match=r'S1_resfinder\.txt and S1\.tsv: both are of the sample "S1"'):
        read_genotypes([*files, again])


def test_read_resfinder__an_isolate_alone_reads_as_among_many(tmp_path):
    whole = read_genotypes(folders(tmp_path))
    files = [tmp_path / "S1" / name for name in ("ResFinder_results_tab.txt", "PointFinder_results.txt")]
    alone = read_genotypes(files, known_features=whole.features)
    assert alone.equals(whole.take(np.array([0])))
    # without a table of PointFinder its mutations are absent features, which a model takes for missing
    genes = read_genotypes(files[:1], known_features=whole.features)
    assert genes.features.index.tolist() == ["blaNDM-1", "sul1"]


def test_read_resfinder__a_column_of_samples(tmp_path):
    rows = [["S1", *gene("sul1")], ["S2", *gene("sul2")]]
    genotypes = read_genotypes(
        write(tmp_path / "all.tsv", ["sample_id", *GENES], rows), known_samples=["S1", "S2", "S3"]
    )
    np.testing.assert_array_equal(genotypes.dense(), [[1, 0], [0, 1], [0, 0]])


@pytest.mark.parametrize(
    ("phenotype", "classes"),
    [
        ("Fluoroquinolone and aminoglycoside resistance", ["fluoroquinolone", "aminoglycoside"]),
        ("Ampicillin, Amoxicillin", ["ampicillin", "amoxicillin"]),
        ("Warning: gene is missing from Notes file. Please inform curator.", []),
        ("Unknown Beta-lactam", []),
    ],
)
def test_classes__of_phenotypes(phenotype, classes):
    assert _classes(phenotype) == classes


def test_read_resfinder__damaged(tmp_path):
    with pytest.raises(InputError, match="no column for the gene"):
        read_genotypes(write(tmp_path / "S1.txt", GENES[1:], []), genotype_format="resfinder")
    with pytest.raises(InputError, match="no column for the mutation"):
        read_genotypes(write(tmp_path / "S1.txt", MUTATIONS[1:], []))
    with pytest.raises(InputError, match=r"line 2: found no gene \(expected one\)"):
        read_genotypes(write(tmp_path / "S1.txt", GENES, [gene("")]))
    with pytest.raises(InputError, match=r'"folder", after the file or its folder, is none of the samples'):
        read_genotypes(
            write(tmp_path / "folder" / "ResFinder_results_tab.txt", GENES, [gene("sul1")]), known_samples=["S1"]
        )
