from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance.amrfinderplus import _element, read_amrfinderplus

NEW = [
    "Protein id", "Contig id", "Start", "Stop", "Strand", "Element symbol", "Element name", "Scope", "Type", "Subtype",
    "Class", "Subclass", "Method", "Target length",
]  # fmt: skip
OLD = [
    "Protein identifier", "Contig id", "Start", "Stop", "Strand", "Gene symbol", "Sequence name", "Scope",
    "Element type", "Element subtype", "Class", "Subclass", "Method", "Target length",
]  # fmt: skip


def row(symbol, classes, method="EXACTX", scope="core", subtype="AMR", name="a protein"):
    drug_class, _, subclass = classes.partition(":")
    place = ["NA", "contig1", "1", "900", "+"]
    return [*place, symbol, name, scope, "AMR", subtype, drug_class, subclass or drug_class, method, "300"]


def point(symbol, classes="QUINOLONE", name="resistant"):
    return row(symbol, classes, "POINTX", subtype="POINT", name=name)


ROWS = {
    "S1": [row("blaCTX-M-15", "BETA-LACTAM:CEPHALOSPORIN", "ALLELEX"), point("gyrA_S83L")],
    "S2": [row("blaTEM", "BETA-LACTAM", "PARTIALX"), row("blaTEM", "BETA-LACTAM", "PARTIAL_CONTIG_ENDX")],
    "S3": [row("blaTEM", "BETA-LACTAM", "INTERNAL_STOP"), row("emrD", "EFFLUX", scope="plus")],
}


def write(path, rows, header=NEW):
    path.write_text("".join("\t".join(cells) + "\n" for cells in [header, *rows]))
    return path


def one_table(path, header=NEW):
    rows = [[sample, *cells] for sample, listed in ROWS.items() for cells in listed]
    return write(path, rows, ["Name", *header])


def frame(genotypes):
    return pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)


@pytest.mark.parametrize("header", [NEW, OLD], ids=["new", "old"])
def test_read_amrfinderplus__one_table_of_many_isolates(tmp_path, header):
    genotypes = read_genotypes(one_table(tmp_path / "dataset_1.dat", header))
    expected = pd.DataFrame(
        {
            "blaCTX-M-15": [1, 0, 0],
            "blaTEM": [0, 1, 0],
            "blaTEM=INTERNAL_STOP": [0, 0, 1],
            "blaTEM=PARTIAL": [0, 1, 0],
            "emrD": [0, 0, 1],
            "gyrA_S83L": [1, 0, 0],
        },
        index=["S1", "S2", "S3"],
        dtype=np.float32,
    )
    pd.testing.assert_frame_equal(frame(genotypes), expected, check_names=False)
    assert set(genotypes.features["block"]) == {"AMRFinderPlus"}
    assert set(genotypes.features["kind"]) == {"altered"}
    assert genotypes.features["gene"]["blaTEM=PARTIAL"] == "blaTEM"
    parents = genotypes.features["parent"]
    assert parents["blaCTX-M-15"] == "blaCTX-M (family);CEPHALOSPORIN (class);BETA-LACTAM (class)"
    assert parents["blaTEM=PARTIAL"] == "blaTEM (family);BETA-LACTAM (class)"
    assert genotypes.features["effect"].to_dict() == dict.fromkeys(expected.columns, "gene") | {
        "emrD": "plus gene",
        "gyrA_S83L": "mutation",
    }


def test_read_amrfinderplus__a_file_for_each_isolate(tmp_path):
    whole = read_genotypes(one_table(tmp_path / "all.tsv"))
    names = {"S1": "S1.tsv", "S2": "S2_amrfinder.tsv", "S3": "S3.amrfinder.txt"}
    files = [write(tmp_path / names[sample], rows) for sample, rows in ROWS.items()]
    assert read_genotypes(files).equals(whole)
    assert read_genotypes(files, known_samples=["S1", "S2", "S3", "S4"]).equals(whole)


def test_read_amrfinderplus__isolates_in_which_nothing_was_found(tmp_path, caplog):
    files = [write(tmp_path / f"{sample}.tsv", rows) for sample, rows in ROWS.items()]
    bare = write(tmp_path / "S4.tsv", [])
    assert frame(read_genotypes([*files, bare])).loc["S4"].tolist() == [0] * 6
    named = write(tmp_path / "S5.tsv", [], ["Name", *NEW])
    assert frame(read_genotypes([*files, named])).loc["S5"].tolist() == [0] * 6
    assert 'S5.tsv: has no rows, and counts as the sample "S5"' in caplog.text
    # a table with the column Name holds no row of such an isolate
    table = one_table(tmp_path / "all.tsv")
    genotypes = read_genotypes(table, known_samples=["S1", "S2", "S3", "S4"])
    assert frame(genotypes).loc["S4"].tolist() == [0] * 6
    assert 'without any gene: 1 ("S4"). Use `absent_means` missing' in caplog.text
    table.write_text(table.read_text() + "S4" + "\tNA" * len(NEW) + "\n")
    assert frame(read_genotypes(table)).loc["S4"].tolist() == [0] * 6
    assert "S4" not in read_genotypes(one_table(table), known_samples=list("123"), absent_means="missing").sample_ids


def test_read_amrfinderplus__tables_that_were_joined_with_their_headers(tmp_path):
    table = one_table(tmp_path / "all.tsv")
    whole = read_genotypes(table)
    lines = table.read_text().splitlines(True)
    table.write_text("".join([*lines[:3], lines[0], *lines[3:]]))
    assert read_genotypes(table).equals(whole)


def test_read_amrfinderplus__absent_means_missing(tmp_path):
    genotypes = read_genotypes(one_table(tmp_path / "all.tsv"), absent_means="missing")
    assert np.isnan(frame(genotypes).loc["S1", "blaTEM"])
    assert frame(genotypes).loc["S1", "gyrA_S83L"] == 1


def test_read_amrfinderplus__an_isolate_alone_reads_as_among_many(tmp_path):
    whole = read_genotypes(one_table(tmp_path / "all.tsv"))
    alone = write(tmp_path / "S1.tsv", [*ROWS["S1"], row("emrE", "EFFLUX", scope="plus")])
    genotypes = frame(read_genotypes(alone, known_features=whole.features))
    assert genotypes.loc["S1"].to_dict() == {**frame(whole).loc["S1"].to_dict(), "emrE": 1}


def test_read_amrfinderplus__what_may_not_have_been_looked_for(tmp_path, caplog):
    """Mutations are looked for with --organism and plus genes with --plus: an isolate without any tells neither."""
    whole = read_genotypes(one_table(tmp_path / "all.tsv"))
    alone = write(tmp_path / "S1.tsv", [row("blaTEM-1", "BETA-LACTAM")])
    genotypes = read_amrfinderplus(alone, known_features=whole.features)
    assert {"gyrA_S83L", "emrD"}.isdisjoint(genotypes.features.index)
    assert genotypes.features.index.tolist() == [
        "blaCTX-M-15", "blaTEM", "blaTEM-1", "blaTEM=INTERNAL_STOP", "blaTEM=PARTIAL",
    ]  # fmt: skip
    assert "no mutations and plus genes are in it" in caplog.text
    assert "2 features of the model count as missing. Use `absent_means` reference" in caplog.text
    told = read_amrfinderplus(alone, known_features=whole.features, absent_means="reference")
    assert frame(told).loc["S1", ["gyrA_S83L", "emrD"]].tolist() == [0, 0]


def test_read_amrfinderplus__all_mutations(tmp_path, caplog):
    """A file of --mutation_all tells which genes are in the assembly, and so which mutations could be seen."""
    wild = "DNA gyrase [WILDTYPE]"
    files = [
        write(tmp_path / "S1.tsv", [point("gyrA_S83L"), point("parC_S80I"), point("ampC_T-32A", "BETA-LACTAM")]),
        write(tmp_path / "S2.tsv", [row("sul1", "SULFONAMIDE")]),
        write(
            tmp_path / "S2_mutation_all.tsv",
            [point("gyrA_S83S", name=wild), point("parC_S80I"), point("parC_A5V", name="ParC [UNKNOWN]")],
        ),
    ]
    with caplog.at_level(logging.INFO):
        genotypes = frame(read_genotypes(files))
    assert genotypes.index.tolist() == ["S1", "S2"]
    assert genotypes.loc["S2", ["gyrA_S83L", "parC_S80I", "sul1"]].tolist() == [0, 1, 1]
    assert np.isnan(genotypes.loc["S2", "ampC_T-32A"])
    assert not {"gyrA_S83S", "parC_A5V"} & set(genotypes.columns)
    assert "does not know: 1." in caplog.text


def test_element__classes_and_families_are_parents():
    gene = _element("blaCTX-M-15", "core", "AMR", "BETA-LACTAM", "CEPHALOSPORIN/CARBAPENEM", "ALLELEP")
    mutation = _element("gyrA_S83L", "core", "POINT", "QUINOLONE", "", "POINTP")
    classes = ("CEPHALOSPORIN (class)", "CARBAPENEM (class)", "BETA-LACTAM (class)")
    assert gene.parents == ("blaCTX-M (family)", *classes)
    assert (mutation.gene, mutation.parents) == ("gyrA", ("gyrA (gene)", "QUINOLONE (class)"))


def test_read_amrfinderplus__two_files_of_one_isolate(tmp_path):
    (tmp_path / "again").mkdir()
    files = [write(tmp_path / "S1.tsv", ROWS["S1"]), write(tmp_path / "again" / "S1.tsv", ROWS["S2"])]
    with pytest.raises(InputError, match=r'both are of the sample "S1" \(expected one file a sample\)\. Rename'):
        read_genotypes(files)
    tables = [one_table(tmp_path / "a.tsv"), one_table(tmp_path / "b.tsv")]
    with pytest.raises(InputError, match=r'^a\.tsv and b\.tsv: both are of the sample "S1"'):
        read_genotypes(tables)


def test_read_amrfinderplus__damaged(tmp_path):
    without = [name for name in NEW if name != "Element symbol"]
    with pytest.raises(InputError, match=r"no column for the gene .*expected Element symbol, or Gene symbol"):
        read_genotypes(write(tmp_path / "S1.tsv", [], without))
    with pytest.raises(InputError, match="found no gene or mutation in 1 sample"):
        read_genotypes(write(tmp_path / "S1.tsv", []))
    whole = one_table(tmp_path / "all.tsv").read_text()
    (tmp_path / "cut.tsv").write_text(whole[:-40])
    with pytest.raises(InputError, match=r"cut\.tsv, line 7: found 8 values \(expected 15"):
        read_genotypes(tmp_path / "cut.tsv")
    (tmp_path / "nameless.tsv").write_text(whole.replace("S2\t", "\t"))
    with pytest.raises(InputError, match="line 4: found no sample"):
        read_genotypes(tmp_path / "nameless.tsv")
    (tmp_path / "symbol.tsv").write_text(whole.replace("emrD", "NA"))
    with pytest.raises(InputError, match="line 7: found no symbol of a gene"):
        read_genotypes(tmp_path / "symbol.tsv")
    stranger = write(tmp_path / "amrfinder on data 7.tsv", ROWS["S1"])
    with pytest.raises(InputError, match=r"no column of samples, and .* is none of the samples .* Name the file after"):
        read_genotypes(stranger, known_samples=["S1", "S2"])
