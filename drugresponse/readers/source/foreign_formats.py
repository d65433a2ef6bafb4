"""Formats that are recognised and not read: what each is, and which export or command makes something readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from drugresponse.errors import InputError

__all__ = ["FOREIGN", "JSON", "foreign_format", "foreign_table", "refuse_own_table"]

JSON = "a JSON document"
"""Some of which is read: `json_results` tells."""

_UNPACK = "Unpack it, and give the file inside."
_FROM_R = "In R, write the table with write.table(x, FILE, sep = '\\t', quote = FALSE, col.names = NA), and give that."
_FROM_PYTHON = (
    "It could run code and is never opened. In Python, write the table with to_csv(FILE, sep='\\t'), and give that."
)
_CALL = "Call variants first (such as with bcftools), and give the VCF as genotypes."
_ARRAY = "Make a table of samples and features of it with the maker's or Bioconductor's programs, and give that."
_CONVERT = "Convert it with plink2 to .pgen, .bed or VCF, and give that as genotypes."
_SAVE_TEXT = "Save the table as tab-separated text, and give that."
_PERSONS = (
    "Make a VCF of each person with bcftools convert --tsv2vcf (or PLINK with plink --23file), join them with "
    "bcftools merge, and give that as genotypes."
)
_STARS = "Make a table with the columns sample_id, gene and diplotype, one row a sample and gene, such as {row}."
_HARMONIZE = (
    "Write it with hamronize {tool} --format tsv, join the isolates with hamronize summarize --summary_type tsv, and "
    "give that as genotypes."
)

FOREIGN: Mapping[str, str] = {
    "a NumPy archive (.npz)": _FROM_PYTHON,
    "a PyTorch file": _FROM_PYTHON,
    "a zip archive": _UNPACK,
    "a tar archive": _UNPACK,
    "a bzip2 file": _UNPACK,
    "an xz file": _UNPACK,
    "a Zstandard file": _UNPACK,
    "a 7-Zip archive": _UNPACK,
    "a RAR archive": _UNPACK,
    "an R data file (.rds or .RData)": _FROM_R,
    "a Python pickle": _FROM_PYTHON,
    "a NumPy array (.npy)": _FROM_PYTHON,
    "a PDF document": "Copy its table into a spreadsheet, save that as tab-separated text, and give that.",
    "a picture": "Give the table of numbers that it shows.",
    "a web page (HTML)": "A download may have saved an error page instead of the data: open it in a browser, and "
    "download the file again.",
    "an XML document": _SAVE_TEXT,
    JSON: "Write it as a table, tab-separated, and give that; of PharmCAT give the calls-only table, of ResFinder "
    "ResFinder_results_tab.txt and PointFinder_results.txt.",
    "an SQLite database": _SAVE_TEXT,
    "a Feather or Arrow file": "Save it as Parquet or tab-separated text, and give that.",
    "a SAS, SPSS or Stata file": _SAVE_TEXT,
    "a model file (.safetensors)": "Give it as `model`, and measured data here.",
    "a BAM file": _CALL,
    "a CRAM file": _CALL,
    "a SAM file": _CALL,
    "a file of reads (FASTQ)": "Align them and call variants first, and give the VCF as genotypes.",
    "a file of sequences (FASTA)": "Name the genes or mutations in them first, and give that as genotypes: for HIV the "
    "JSON of sierra-local (sierralocal FILE) or sierrapy fasta, for bacteria the table of AMRFinderPlus.",
    "a BGEN file": _CONVERT,
    "a PLINK text file (.ped)": "Convert it with plink --file NAME --make-bed, and give the .bed file as genotypes.",
    "a HapMap table": "Convert it to VCF (such as with TASSEL), and give that as genotypes.",
    "a GEO series matrix": "Delete the lines that begin with ! and give the rest as a table of features and samples "
    "(rows are probes: name them by gene).",
    "a GEO SOFT file": "Take the series matrix instead, delete its lines that begin with ! and give the rest.",
    "a file of raw intensities (IDAT)": _ARRAY,
    "a file of raw intensities (CEL)": _ARRAY,
    "a report of Illumina's GenomeStudio": _CONVERT,
    "a Matrix Market file": "Give the .h5ad of the counts, with samples as obs (scanpy.read_10x_mtx reads the folder, "
    "write_h5ad writes it).",
    "the data of one person from 23andMe or a like array": _PERSONS,
    "the data of one person from AncestryDNA": _PERSONS,
    "a table of somatic mutations of ICGC": "Rename icgc_donor_id (or icgc_specimen_id) to sample_id, gene_affected to "
    "gene, consequence_type to alteration and aa_mutation to protein_change, and give it as genotypes.",
    "a table of ANNOVAR": "Give the VCF that table_annovar.pl -vcfinput writes; or add a column sample_id, rename "
    "Gene.refGene to gene and ExonicFunc.refGene to alteration, and keep the exonic rows.",
    "a table of DepMap with several columns of ids": "Make tables of it with drugresponse import depmap FILE "
    "--directory FOLDER; or keep the rows whose IsDefaultEntryForModel is Yes, and of the columns only ModelID and "
    "those of the genes, and give that.",
    "a table of calls by Aldy": _STARS.format(row="S1, CYP2D6, *1/*4, from its line '#Solution'"),
    "a table of calls by Cyrius": _STARS.format(row="S1, CYP2D6, *1/*4")
    + " Cyrius calls CYP2D6 alone; Genotype is its diplotype.",
    "a table of calls by Stargazer": _STARS.format(
        row="S1, CYP2D6, *1/*4, of its columns name, hap1_main and hap2_main"
    ),
    "a table of ABRicate": _HARMONIZE.format(tool="abricate"),
    "a table of staramr": _HARMONIZE.format(tool="staramr"),
    "a table of RGI by mapped reads (rgi bwt)": _HARMONIZE.format(tool="rgi"),
    "a table of phenotypes by ResFinder": "Give ResFinder_results_tab.txt and PointFinder_results.txt of the same run.",
    "a table of HIVdb with a column a position": "Make tables of it with drugresponse import hivdb FILE --directory "
    "FOLDER; or make a column of 1 and 0 for each substitution, such as RT_184V; "
    "'-' is the consensus there, '.' is not sequenced.",
    "a table of lesions by GISTIC": "Give all_thresholded.by_genes.txt or all_data_by_genes.txt of the same run.",
    "a table of copy-number segments": "Give copy numbers by gene, as a table of samples and features (from GISTIC).",
}
"""What to do, by what a file is."""

_HTML = rb"\s*(?:<!--.*?-->\s*)?<(?i:!doctype\s+html|html|head|body)\b"
_PED = rb"\S+[ \t]\S+[ \t]\S+[ \t]\S+[ \t][0-2][ \t]\S+[ \t]+(?=[^\n]*[ACGT])(?:[ACGT0][ \t]+){3}[ACGT0]\s"
_STARTS = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"PK\x03\x04.{26}[^\x00]{0,80}\.npy", "a NumPy archive (.npz)"),
        (rb"PK\x03\x04.{26}[^\x00]{0,80}/data\.pkl", "a PyTorch file"),
        (rb".{257}ustar", "a tar archive"),
        (rb"BZh[1-9]1AY&SY", "a bzip2 file"),
        (rb"\xfd7zXZ\x00", "an xz file"),
        (rb"\x28\xb5\x2f\xfd", "a Zstandard file"),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (rb"Rar!\x1a\x07", "a RAR archive"),
        (rb"RD[AX][23]\n|X\n\x00\x00\x00[\x02\x03]|A\n[23]\n\d{5}", "an R data file (.rds or .RData)"),
        (rb"\x80[\x02-\x05](?:\x95|[\x5d\x7d\x28\x63\x58\x8c\x71\x4b])", "a Python pickle"),
        (rb"\x93NUMPY", "a NumPy array (.npy)"),
        (rb"%PDF-", "a PDF document"),
        (rb"\x89PNG\r|\xff\xd8\xff|GIF8", "a picture"),
        (_HTML, "a web page (HTML)"),
        (rb"<\?xml", "an XML document"),
        (rb".{7}\x00\{\"", "a model file (.safetensors)"),
        (rb"\s*(?:\{\s*(?:\"|\})|\[\s*[\[{\"\d])", JSON),
        (rb"SQLite format 3\x00", "an SQLite database"),
        (rb"ARROW1|FEA1", "a Feather or Arrow file"),
        (rb"\$FL[23]|<stata_dta>|\x00{12}\xc2\xea\x81\x60", "a SAS, SPSS or Stata file"),
        (rb"BAM\x01", "a BAM file"),
        (rb"CRAM[\x02\x03]", "a CRAM file"),
        (rb"@(?:HD|SQ|RG|PG)\t[A-Z]{2}:", "a SAM file"),
        (rb"@[^\n]*\r?\n[ACGTNacgtn.]+\r?\n\+", "a file of reads (FASTQ)"),
        (rb">[^\t\n]+\r?\n[A-Za-z*~.\-]+\r?(?:\n|$)", "a file of sequences (FASTA)"),
        (rb".{16}bgen", "a BGEN file"),
        (rb"![A-Z][a-z]+_[a-z]", "a GEO series matrix"),
        (rb"\^(?:DATABASE|SERIES|SAMPLE|PLATFORM|DATASET) ?=", "a GEO SOFT file"),
        (rb"IDAT[\x01-\x09]", "a file of raw intensities (IDAT)"),
        (rb"\[CEL\]|\x40\x00\x00\x00\x04\x00\x00\x00|;\x01\x00\x00", "a file of raw intensities (CEL)"),
        (rb"\[Header\]\r?\n", "a report of Illumina's GenomeStudio"),
        (rb"%%MatrixMarket", "a Matrix Market file"),
        (
            rb"# ?This data file generated by 23andMe|# ?rsid\tchromosome\t",
            "the data of one person from 23andMe or a like array",
        ),
        (rb"# ?AncestryDNA raw data", "the data of one person from AncestryDNA"),
        (rb"#Sample\tGene\tSolutionID\t|#Solution \d", "a table of calls by Aldy"),
        (rb"#FILE\tSEQUENCE\tSTART\tEND\t(?:STRAND\t)?GENE\t|#FILE\tNUM_FOUND\t", "a table of ABRicate"),
        (rb"# ResFinder phenotype results", "a table of phenotypes by ResFinder"),
        (_PED, "a PLINK text file (.ped)"),
    )
)
"""How the bytes of a file begin."""

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("rsid chromosome position genotype", "the data of one person from 23andMe or a like array"),
    ("rsid chromosome position result", "the data of one person from 23andMe or a like array"),
    ("rsid chromosome position allele1 allele2", "the data of one person from AncestryDNA"),
    ("icgc_specimen_id gene_affected consequence_type", "a table of somatic mutations of ICGC"),
    ("chr start end ref alt func.refgene", "a table of ANNOVAR"),
    ("gene.refgene exonicfunc.refgene", "a table of ANNOVAR"),
    ("isdefaultentryformodel modelid modelconditionid", "a table of DepMap with several columns of ids"),
    ("sample gene solutionid major minor", "a table of calls by Aldy"),
    ("name status hap1_main hap2_main", "a table of calls by Stargazer"),
    ("seqid p1 p2 p3", "a table of HIVdb with a column a position"),
    ("seqid subtype compmutlist", "a table of HIVdb with a column a position"),
    ("unique_name descriptor wide_peak_limits", "a table of lesions by GISTIC"),
    ("chrom loc.start loc.end seg.mean", "a table of copy-number segments"),
    ("rs# alleles chrom pos strand", "a HapMap table"),
    ("isolate_id gene predicted_phenotype", "a table of staramr"),
    ("isolate_id genotype predicted_phenotype", "a table of staramr"),
    ("aro_term aro_accession all_mapped_reads", "a table of RGI by mapped reads (rgi bwt)"),
    ("sequence start gene %coverage %identity database", "a table of ABRicate"),
)
"""Column names that tell a table, in lower case, with _ for a blank."""

_EXACTLY: tuple[tuple[str, str], ...] = (("sample genotype filter", "a table of calls by Cyrius"),)
"""Column names that tell a table only where there are no others."""

_OWN: tuple[tuple[str, str], ...] = (
    ("sample_id drug_id prediction baseline features_found", "predictions"),
    ("learner scheme repeat fold level metric value", "metrics"),
    ("learner level id coverage median_width", "coverages"),
    ("drug_id naive_rmse genotype_rmse verdict", "verdicts"),
    ("drug_id feature_id n_carriers rank", "attributions"),
    ("drug_id feature_id association_rank attribution_rank", "agreements"),
    ("sample_id drug_id place kind contribution", "reasons"),
    ("drug_id gene_set n_genes leading_genes", "gene sets"),
    ("sample_id rank drug_id variance_removed", "drugs to measure next"),
    ("sample_id drug_id ic50 ic50_censor ec50 hill_slope", "fits"),
    ("level id other_id metric value", "numbers about genotypes"),
)
"""Columns of the tables that this program writes about results, by what stands in them."""


def foreign_format(head: bytes) -> str | None:
    r"""What the first bytes of a file say that it is, where it is none of the formats that are read.

    Parameters
    ----------
    head
        The first bytes, unpacked.

    Returns
    -------
    str or None
        A key of `FOREIGN`.

    Examples
    --------
    >>> foreign_format(b"%PDF-1.7\n"), foreign_format(b"sample_id\tTP53\ns1\t1\n")
    ('a PDF document', None)
    """
    for pattern, name in _STARTS:
        if pattern.match(head):
            return name
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if marked else "utf-8", errors="ignore").lstrip("\ufeff")
    line = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return foreign_table(line.split(max("\t,;", key=line.count)))


def foreign_table(names: Iterable[str]) -> str | None:
    """What column names say that a table is, where it is none that is read.

    Examples
    --------
    >>> foreign_table(["Sample", "Genotype", "Filter"]), foreign_table(["sample_id", "TP53"])
    ('a table of calls by Cyrius', None)
    """
    plain = {re.sub(r"\s+", "_", name.strip().strip('"').lower()) for name in names}
    for wanted, name in _COLUMNS:
        if set(wanted.split()) <= plain:
            return name
    return next((name for wanted, name in _EXACTLY if set(wanted.split()) == plain), None)


def refuse_own_table(names: Iterable[str], where: str, role: str) -> None:
    """Refuse a table of results of this program where measured data are wanted.

    Parameters
    ----------
    names
        The columns of the table.
    where
        The file, for the error.
    role
        What was wanted.

    Raises
    ------
    InputError
        It is such a table.

    Examples
    --------
    >>> refuse_own_table(["sample_id", "tissue"], "samples.tsv", "samples")
    """
    columns = set(names)
    for wanted, name in _OWN:
        if set(wanted.split()) <= columns:
            raise InputError(
                f"{where}: this is a table of {name} that this program wrote (expected {role}). "
                f"Give the table of {role} instead."
            )
