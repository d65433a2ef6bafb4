"""The options of `prepare`: genotypes of any format in, one file out."""

from __future__ import annotations

from dataclasses import replace

from drugresponse.settings import inputs, learning
from drugresponse.settings.parameter import Command, Parameter

__all__ = ["PREPARE"]

_GENES = Parameter(
    "genes",
    "names",
    label="Genes to keep",
    help="Symbols separated by commas, or pharmacogenes for the genes of CPIC's guidelines. A variant is in a gene "
    "when its annotation (VEP, SnpEff or bcftools) or the regions say so. Unless given, everything is kept.",
)
_REGIONS = Parameter(
    "regions",
    "input",
    label="Regions to keep",
    help="BED, GTF or GFF3, of the same genome build as the genotypes. Names of regions are taken as genes where "
    "variants have no annotation.",
    formats=("bed", "gtf", "gff3", "tabular"),
)
_MINIMUM_FREQUENCY = Parameter(
    "minimum_frequency",
    "number",
    label="Least frequency of the minor allele",
    help="Rarer variants are left out; 0.01 is usual. Only for dosages: alterations are kept.",
    default=0,
    minimum=0,
    maximum=0.5,
)
_MAXIMUM_MISSING = Parameter(
    "maximum_missing",
    "number",
    label="Largest share of missing calls",
    help="A feature that more of the samples lack is left out.",
    default=1,
    minimum=0,
    maximum=1,
)
_BY_GENE = Parameter(
    "by_gene",
    "choice",
    label="Variants of one gene",
    help="Joined, a gene is altered where one of its variants is, and missing where none is but too few were called. "
    "Filters come first.",
    default="no",
    choices={
        "no": "Stay features of their own",
        "any": "Are joined: the gene is altered or not",
        "effect": "Are joined for each class of effect, such as missense",
    },
)
_WITHIN = Parameter(
    "within",
    "text",
    label="Places to keep",
    help="Such as chr10:94762681-94855547, several separated by commas, both ends included; together with the regions.",
    section="genotype_options",
)
_GENE_LIST = Parameter(
    "gene_list",
    "input",
    label="List of genes to keep",
    help="One symbol on each line; together with the genes named above.",
    formats=("tabular", "txt", "csv"),
    section="genotype_options",
)
_LIKE = Parameter(
    "like",
    "input",
    label="For new samples: the genotypes of the training",
    help="What prepare wrote for the training. The same features are written, with its alleles, also those that no new "
    "sample bears; give the same choice of joining. An absent feature is missing unless a missing call means the "
    "reference.",
    formats=("h5ad",),
    section="genotype_options",
)
_MINIMUM_QUALITY = Parameter(
    "minimum_quality",
    "number",
    label="Least quality of imputation",
    help="By INFO R2, DR2, INFO or AR2; variants that tell none are kept.",
    default=0,
    minimum=0,
    maximum=1,
    section="genotype_options",
    belongs_to=("VCF", "BCF"),
)
_DATASET = Parameter(
    "dataset",
    "output",
    label="genotypes",
    help="Every call, missing ones marked, with the table of features, as .h5ad; train and the others read it.",
    required=True,
    formats=("h5ad",),
)
_SUMMARY = Parameter(
    "summary",
    "output",
    label="summary",
    help="Columns level, id, other_id, metric and value: counts, missing calls, frequencies, principal components and "
    "relatives.",
    formats=("tabular",),
)

PREPARE = Command(
    "prepare",
    "Read genotypes of any format once, leave out what is not wanted, and write one file, with a page about it.",
    (
        replace(inputs.GENOTYPES, required=True),
        replace(
            inputs.SAMPLES,
            label="Samples: ancestry, batch, tissue and the like",
            help="Column sample_id. The other columns go into the file, and colour the page. The samples named here "
            "count as assayed in lists of alterations.",
        ),
        _GENES,
        _REGIONS,
        _MINIMUM_FREQUENCY,
        _MAXIMUM_MISSING,
        _BY_GENE,
        _DATASET,
        _SUMMARY,
        learning.REPORT,
        replace(inputs.SAMPLE_COLUMN, help="A column of the table of samples.", column_of=("samples",)),
        _WITHIN,
        _GENE_LIST,
        _MINIMUM_QUALITY,
        _LIKE,
        *inputs.GENOTYPE_OPTIONS,
        learning.CONFIG,
    ),
)
