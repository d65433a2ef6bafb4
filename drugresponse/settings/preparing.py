"""The options of `prepare`: genotypes of any format in, one file out."""

from __future__ import annotations

from drugresponse.settings.inputs import CohortTables, GenotypeFiles, GenotypeReading, TrainingTables
from drugresponse.settings.learning import Rehearsed, Report
from drugresponse.settings.option import InputFile, OutputFile, OutputTable, Settings, changed, option, options

__all__ = ["PrepareSettings", "SiteSelection"]


@options()
class SiteSelection(GenotypeFiles):
    """Genotypes, and which of their features are kept."""

    samples: InputFile | None = changed(
        CohortTables,
        "samples",
        label="Samples: ancestry, batch, tissue and the like",
        help="Column sample_id. The other columns go into the file, and colour the page. The samples named here "
        "count as assayed in lists of alterations.",
    )
    genes: list[str] | None = option(
        "Genes to keep",
        "Symbols separated by commas, or pharmacogenes for the genes of CPIC's guidelines. A variant is in a gene "
        "when its annotation (VEP, SnpEff or bcftools) or the regions say so. Unless given, everything is kept.",
    )
    regions: InputFile | None = option(
        "Regions to keep",
        "BED, GTF or GFF3, of the same genome build as the genotypes. Names of regions are taken as genes where "
        "variants have no annotation.",
        formats=("bed", "gtf", "gff3", "tabular"),
    )
    minimum_frequency: float = option(
        "Minimum minor allele frequency",
        "Rarer variants are left out; 0.01 is usual. Only for dosages: alterations are kept.",
        default=0,
        limits=(0, 0.5),
    )
    maximum_missing: float = option(
        "Maximum missing rate",
        "A feature that is missing in a larger share of the samples is left out.",
        default=1,
        limits=(0, 1),
    )
    by_gene: str = option(
        "Variants of one gene",
        "Joined, a gene is altered where one of its variants is, and missing where none is but too few were called. "
        "Filters come first.",
        default="no",
        choices={
            "no": "Stay features of their own",
            "any": "Are joined: the gene is altered or not",
            "effect": "Are joined for each class of effect, such as missense",
        },
    )
    within: str | None = option(
        "Places to keep",
        "Such as chr10:94762681-94855547, several separated by commas, both ends included; together with the regions.",
        section="genotype_options",
    )
    gene_list: InputFile | None = option(
        "List of genes to keep",
        "One symbol on each line; together with the genes named above.",
        formats=("tabular", "txt", "csv"),
        section="genotype_options",
    )
    minimum_quality: float = option(
        "Minimum quality of imputation",
        "By INFO R2, DR2, INFO or AR2; variants that tell none are kept.",
        default=0,
        limits=(0, 1),
        section="genotype_options",
        belongs_to=("VCF", "BCF"),
    )
    like: InputFile | None = option(
        "For new samples: the genotypes of the training, or the model",
        "What prepare wrote for the training, or a model that train wrote. The same features are written, with its "
        "alleles, also those that no new sample carries; give the same choice of joining. An absent feature is missing "
        "unless a missing call means the reference.",
        formats=("h5ad", "safetensors"),
        section="genotype_options",
    )


@options()
class PreparedFiles:
    """What is written."""

    dataset: OutputFile = option(
        "genotypes",
        "Every call, missing ones marked, with the table of features, as .h5ad; train and the others read it.",
        formats=("h5ad",),
    )
    summary: OutputTable | None = option(
        "summary",
        "Columns level, id, other_id, metric and value: counts, missing calls, frequencies, principal components and "
        "relatives.",
    )


@options()
class PrepareSettings(SiteSelection, PreparedFiles, GenotypeReading, Report, Rehearsed, Settings):
    """Settings of `prepare`."""

    parents: str = changed(TrainingTables, "parents")
    sample_column: str = changed(
        CohortTables, "sample_column", help="A column of the table of samples.", column_of=("samples",)
    )
