"""Files of other formats, given by mistake: each is named, in every role, with what to do."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest

from drugresponse.curves import fits
from drugresponse.errors import InputError
from drugresponse.explanation import _agreement as agreement
from drugresponse.explanation import _gene_sets as gene_sets
from drugresponse.explanation import _reasons as reasons
from drugresponse.explanation import attribution_table
from drugresponse.model import held_out, predictions
from drugresponse.model.pilots import adapting
from drugresponse.readers import (
    read_doses,
    read_drugs,
    read_features,
    read_genotypes,
    read_pairs,
    read_responses,
    read_samples,
)
from drugresponse.readers.source.foreign_formats import FOREIGN, foreign_format

ROLES = (read_genotypes, read_responses, read_samples, read_drugs, read_doses, read_pairs, read_features)
each_role = pytest.mark.parametrize("read", ROLES, ids=lambda read: read.__name__)


def zipped(name: str, content: str = "<x/>", method: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def rows(*lines: str, between: str = "\t") -> bytes:
    return "\n".join(line.replace(" ", between) for line in lines).encode() + b"\n"


HEADER_OF_MODEL = json.dumps({"__metadata__": {"drugresponse": "{}"}}).encode()
CONTENTS: tuple[tuple[str, bytes], ...] = (
    ("an Excel workbook (.xlsx)", zipped("[Content_Types].xml")),
    ("an Excel workbook (.xlsx)", zipped("xl/workbook.xml", method=zipfile.ZIP_DEFLATED)),
    ("an Excel workbook (.xls)", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)),
    ("an OpenDocument spreadsheet (.ods)", zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet")),
    ("a NumPy archive (.npz)", zipped("calls.npy")),
    ("a PyTorch file", zipped("archive/data.pkl")),
    ("a tar archive", b"matrix.mtx".ljust(257, b"\0") + b"ustar\x0000"),
    ("a tar archive", gzip.compress(b"matrix.mtx".ljust(257, b"\0") + b"ustar\x0000", mtime=0)),
    ("a bzip2 file", b"BZh91AY&SY\x00\x01"),
    ("an xz file", b"\xfd7zXZ\x00\x00\x04"),
    ("a Zstandard file", b"\x28\xb5\x2f\xfd\x04\x00"),
    ("a 7-Zip archive", b"7z\xbc\xaf\x27\x1c\x00\x04"),
    ("a RAR archive", b"Rar!\x1a\x07\x01\x00"),
    ("an R data file (.rds or .RData)", gzip.compress(b"RDX3\nX\n\x00\x00\x00\x03", mtime=0)),
    ("an R data file (.rds or .RData)", gzip.compress(b"X\n\x00\x00\x00\x03\x00\x04\x03\x02", mtime=0)),
    ("a Python pickle", pickle.dumps({"model": [1.0, 2.0]})),
    ("a Python pickle", pickle.dumps([1.0, 2.0], protocol=2)),
    ("a NumPy array (.npy)", saved(np.zeros(3))),
    ("a PDF document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    ("a web page (HTML)", b"\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>"),
    ("a web page (HTML)", b"<HTML>\r\n<BODY>Your session has expired</BODY></HTML>"),
    ("an XML document", b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'),
    ("a JSON document", b'{\n  "genes": {"CYP2D6": {}}\n}\n'),
    ("a JSON document", b'[{"sample_id": "s1", "response": 0.5}]'),
    ("an SQLite database", b"SQLite format 3\x00\x10\x00"),
    ("a Feather or Arrow file", b"ARROW1\x00\x00"),
    ("a SAS, SPSS or Stata file", b"$FL2@(#) SPSS DATA FILE"),
    ("a model file (.safetensors)", len(HEADER_OF_MODEL).to_bytes(8, "little") + HEADER_OF_MODEL),
    ("a BAM file", gzip.compress(b"BAM\x01\x10\x00\x00\x00@HD", mtime=0)),
    ("a CRAM file", b"CRAM\x03\x00sample"),
    ("a SAM file", b"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:248956422\n"),
    ("a file of reads (FASTQ)", gzip.compress(b"@read/1 lane 3\nACGTNACG\n+\nIIIIIIII\n", mtime=0)),
    ("a file of sequences (FASTA)", b">patient_1 RT\nCCTCAAATCACTCTTTGGCAACGACCC\nGGTAA\n>patient_2\nCCTC\n"),
    ("a file of sequences (FASTA)", b">patient_1\r\nPISPIETVPVKLKPGMDGPKVKQWPLTEEK\r\n"),
    ("a BGEN file", bytes(16) + b"bgen\x00\x00"),
    ("a PLINK text file (.ped)", b"F1 I1 0 0 1 -9 A A G T C C 0 0\nF2 I2 0 0 2 -9 A G G G C T T T\n"),
    ("a HapMap table", rows("rs# alleles chrom pos strand assembly# center S1", "rs1 A/G 1 5 + NA NA AG")),
    ("a GEO series matrix", b'!Series_title\t"Drug screen"\n!Series_geo_accession\t"GSE1"\n'),
    ("a GEO SOFT file", b"^DATABASE = GeoMiame\n!Database_name = GEO\n"),
    ("a file of raw intensities (IDAT)", b"IDAT\x03\x00\x00\x00"),
    ("a file of raw intensities (CEL)", b"[CEL]\nVersion=3\n"),
    ("a file of raw intensities (CEL)", b"\x40\x00\x00\x00\x04\x00\x00\x00"),
    ("a report of Illumina's GenomeStudio", b"[Header]\r\nGSGT Version\t2.0.4\r\n"),
    ("a Matrix Market file", b"%%MatrixMarket matrix coordinate integer general\n%\n3 2 4\n"),
    ("a GCT table", b"#1.2\n2\t2\nName\tDescription\tS1\tS2\nTP53\tna\t1\t0\n"),
    (
        "the data of one person from 23andMe or a like array",
        b"# This data file generated by 23andMe\n#\n# rsid\tchromosome\tposition\tgenotype\nrs1\t1\t82154\tAA\n",
    ),
    (
        "the data of one person from 23andMe or a like array",
        rows("rsid chromosome position genotype", "rs4477212 1 82154 AA", "rs3094315 1 752566 AG"),
    ),
    (
        "the data of one person from 23andMe or a like array",
        b'RSID,CHROMOSOME,POSITION,RESULT\n"rs3094315","1","742429","AA"\n',
    ),
    (
        "the data of one person from AncestryDNA",
        b"#AncestryDNA raw data download\n#rows\nrsid\tchromosome\tposition\tallele1\tallele2\nrs1\t1\t5\tA\tG\n",
    ),
    (
        "a table of somatic mutations of ICGC",
        rows(
            "icgc_mutation_id icgc_donor_id icgc_specimen_id icgc_sample_id consequence_type aa_mutation gene_affected",
            "MU1 DO1 SP1 SA1 missense_variant V600E ENSG00000157764",
        ),
    ),
    (
        "a table of ANNOVAR",
        rows("Chr Start End Ref Alt Func.refGene Gene.refGene ExonicFunc.refGene", "7 5 5 A T exonic BRAF stopgain"),
    ),
    (
        "a table of DepMap with several columns of ids",
        rows(
            ",SequencingID,ModelID,IsDefaultEntryForModel,ModelConditionID,TP53 (7157)".replace(" (", "_("),
            "0,C,A,Y,M,1",
        ),
    ),
    (
        "a table of calls by Aldy",
        b"#Sample\tGene\tSolutionID\tMajor\tMinor\tCopy\n#Solution 1: *1, *4\nS1\tCYP2D6\t1\t*1/*4\t1;4\t0\n",
    ),
    ("a table of calls by Cyrius", rows("Sample Genotype Filter", "S1 *1/*4 PASS", "S2 *1/*1 PASS")),
    (
        "a table of calls by Stargazer",
        rows("name status hap1_main hap2_main hap1_cand hap2_cand dip_score phenotype", "S1 g *1 *4 *1 *4 1 im"),
    ),
    (
        "a table of HIVdb with a column a position",
        rows("SeqID PtID Subtype Method 3TC ABC P1 P2 P3 P4 CompMutList", "1 2 B PS 1.5 2 - - V - I3V"),
    ),
    (
        "a table of ABRicate",
        b"#FILE\tSEQUENCE\tSTART\tEND\tSTRAND\tGENE\tCOVERAGE\nS1.fa\tNODE_1\t1\t9\t+\tsul1\t1-9/9\n",
    ),
    ("a table of ABRicate", b"#FILE\tNUM_FOUND\tsul1\nS1.tab\t1\t100.0\n"),
    ("a table of staramr", b"Isolate ID\tGene\tPredicted Phenotype\tContig\nS1\tsul1\tsulfisoxazole\tNODE_1\n"),
    ("a table of RGI by mapped reads (rgi bwt)", b"ARO Term\tARO Accession\tAll Mapped Reads\nNDM-1\t3000589\t9\n"),
    ("a table of phenotypes by ResFinder", b"# ResFinder phenotype results.\n# Sample: S1.fa\n#\n"),
    ("a table of lesions by GISTIC", b"Unique Name\tDescriptor\tWide Peak Limits\tS1\nAmp 1\t1q21\tchr1:5-9\t1\n"),
    ("a table of copy-number segments", b"ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nS1\t1\t5\t900\t7\t0.3\n"),
)


@pytest.mark.parametrize(("name", "content"), CONTENTS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_role__names_the_format_and_says_what_to_do(tmp_path, name, content):
    file = tmp_path / "dataset_7.dat"
    file.write_bytes(content)
    for read in ROLES:
        with pytest.raises(InputError) as caught:
            read(file)
        assert str(caught.value) == f"dataset_7.dat: this is {name}, which is not read here. {FOREIGN[name]}", (
            read.__name__
        )


def test_foreign__every_format_has_an_example():
    archives = {"a zip archive"}
    assert {name for name, _ in CONTENTS} | archives == set(FOREIGN)


@pytest.mark.parametrize("asked", ["matrix", "vcf", "alterations"])
def test_genotypes__a_format_that_is_asked_for_hides_none(tmp_path, asked):
    (tmp_path / "calls.tsv").write_bytes(b"%PDF-1.7\n")
    with pytest.raises(InputError, match="this is a PDF document, which is not read"):
        read_genotypes(tmp_path / "calls.tsv", genotype_format=asked)


@pytest.mark.parametrize(
    "text",
    [
        "sample_id\tTP53\tKRAS\ns1\t1\t0\n",
        "@1\tTP53\ns1\t1\n",
        "name\tstatus\ns1\t1\n",
        "F1 0 0 0 1 2 0 1 0 1 2 2 0\n",
        "A\n2\n13\n",
        "Sample\tGenotype\tFilter\tAge\ns1\t1\t1\t5\n",
        "rsid\tchromosome\tposition\ts1\nrs1\t1\t5\t0\n",
        "!id\tvalue\ns1\t5\n",
        "[sample]\tvalue\ns1\t5\n",
        ">id\tvalue\ns1\t5\n",
        "P1\tP2\tP3\n1\t2\t3\n",
    ],
)
def test_foreign_format__honest_tables_are_none(text):
    assert foreign_format(text.encode()) is None


OWN = {
    "predictions": predictions.PREDICTION_COLUMNS,
    "adapted": adapting.ADAPTED_COLUMNS,
    "next": adapting.NEXT_COLUMNS,
    "metrics": held_out.METRIC_COLUMNS,
    "verdicts": ["drug_id", "n", "naive_rmse", "covariates_rmse", "genotype_rmse", "gain", "verdict"],
    "attributions": attribution_table.ATTRIBUTION_COLUMNS,
    "agreement": agreement.AGREEMENT_COLUMNS,
    "gene sets": gene_sets.GENE_SET_COLUMNS,
    "reasons": reasons.REASON_COLUMNS,
    "fits": fits.FIT_COLUMNS,
}


@each_role
@pytest.mark.parametrize("columns", OWN.values(), ids=list(OWN))
def test_every_role__a_table_of_results_is_named(tmp_path, read, columns):
    """Pairs may be named by any table that has them, so they are not asked."""
    if read is read_pairs:
        return
    file = tmp_path / "dataset_8.dat"
    pd.DataFrame([[1] * len(columns), [2] * len(columns)], columns=list(columns)).to_csv(file, sep="\t", index=False)
    with pytest.raises(InputError, match=r"dataset_8\.dat: this is a table of .* that this program wrote \(expected"):
        read(file)


def test_pairs__a_table_of_predictions_names_pairs(tmp_path):
    columns = list(predictions.PREDICTION_COLUMNS)
    row = ["s1", "d1", *[1] * (len(columns) - 2)]
    pd.DataFrame([row], columns=columns).to_csv(tmp_path / "t", sep="\t", index=False)
    assert read_pairs(tmp_path / "t").to_numpy().tolist() == [["s1", "d1"]]


def test_responses__a_measure_among_the_fits_may_be_named(tmp_path):
    table = pd.DataFrame([["s1", "d1", *[0.5] * 16]], columns=list(fits.FIT_COLUMNS))
    table.to_csv(tmp_path / "fits.tsv", sep="\t", index=False)
    assert read_responses(tmp_path / "fits.tsv", response_column="auc").table["response"].tolist() == [0.5]
