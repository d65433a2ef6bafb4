"""Options about what goes in: files, the names of their columns, and how genotypes are read."""

from __future__ import annotations

from typing import Literal

from drugresponse.readers.formats import FORMAT_LABELS
from drugresponse.settings.option import TABLE_FORMATS, InputFile, InputTable, option, options, shorter_in_forms

__all__ = [
    "CohortTables",
    "GenotypeFiles",
    "GenotypeReading",
    "IdColumns",
    "MeasuredResponses",
    "ModelFile",
    "NewPairs",
    "StatedOutcome",
    "TimeColumns",
    "TrainingTables",
]


@options()
class ModelFile:
    """A trained model."""

    model: InputFile = option(
        "Model: written by training", "A .safetensors file; nothing in it is executed.", formats=("safetensors",)
    )
    allow_learner: list[str] = option(
        "Learners of other distributions that may be loaded",
        "Names, where the model's learner is none of this package: loading it runs code that is installed under that "
        "name. A model file cannot ask for it by itself.",
        default=(),
        section=None,
    )


@options()
class GenotypeFiles:
    """Which files hold the genotypes."""

    genotypes: list[InputFile] = shorter_in_forms(
        option(
            "Genotypes: variants, called genes, or a table of samples and features",
            "VCF, bgzipped VCF or BCF; PLINK 1 or 2, or its .raw and .traw; a list of alterations such as Mutation "
            "Annotation Format; calls of star alleles; resistance genes from AMRFinderPlus, ResFinder, RGI or "
            "hAMRonization; JSON of TB-Profiler or Sierra; lists of HIV substitutions; .h5ad, .h5mu; or a table of "
            "samples and features (mutations, copy number, expression, dosages, or calls such as A/G, 0/1, *1/*4 and "
            "wild type), separated by tabs, commas or semicolons, a spreadsheet or Parquet, either way round. Several "
            "files, such as one for each chromosome, patient or isolate, are joined by sample. Where paths are typed, "
            "a text file may list VCF files, a path a line, and each file may be named as a block of the same samples, "
            "as in expression=FILE.",
            formats=("vcf", "vcf_bgzip", "bcf", "pbed", *TABLE_FORMATS, "json", "parquet", "h5ad", "h5mu", "zip"),
        ),
        "Variants, called genes, star alleles, resistance genes, or a table of samples and features; several files are "
        "joined by sample, as blocks with names where Genotype options say so. See the help below.",
    )


@options(section="genotype_options")
class GenotypeReading(GenotypeFiles):
    """Genotypes, and how they are read; `read_genotypes` takes each by its name."""

    features: InputTable | None = option(
        "Features: what the columns of the genotype table are",
        "Column feature_id, and kind, gene, chromosome, position, ref, alt and parent where known. A parent is what a "
        "feature is one of, such as its gene family, nearest first: blaCTX-M;BETA-LACTAM.",
        belongs_to=("tables of genotypes",),
    )
    genotype_format: str = option(
        "Format of the genotypes",
        "The format is told by content, never by a file's name.",
        default="auto",
        choices=FORMAT_LABELS,
    )
    kind: str | None = option(
        "What the numbers of the genotype table are",
        "Unless given here or in the table of features, guessed from the whole table; the guess is reported.",
        choices={
            "dosage": "Copies of the alternate allele, 0 to 2",
            "altered": "Altered or not, 1 or 0",
            "copy_number": "Copy number",
            "score": "Any real number, such as expression",
        },
        unset="Guessed from the table",
        belongs_to=("tables of genotypes", ".h5ad"),
    )
    absent_means: str | None = option(
        "A missing call means",
        "Reference suits files that list variants only; for a trained model, sites that they do not list are the "
        "reference then, and predictions count them. Unless given, a missing call is missing, a gene without an "
        "alteration is not altered, and a resistance gene or mutation that is not found is absent where it was looked "
        "for.",
        choices={"missing": "Not known", "reference": "The reference allele on both copies"},
        unset="As usual for the format",
        belongs_to=("VCF, BCF, PLINK, lists of alterations, resistance genes", "sites that a table lacks"),
    )
    callable: InputFile | None = option(
        "Callable regions: where variants were looked for",
        "BED, GTF or GFF3 of the assay, of the same genome build. A missing call in them means the reference, and is "
        "missing elsewhere; both are counted. Blocks of gVCF tell it by themselves.",
        formats=("bed", "gtf", "gff3", "tabular"),
        belongs_to=("VCF, BCF", "sites that a table lacks"),
    )
    genome_build: str | None = option(
        "Genome build of the genotypes",
        "Such as GRCh38 or hg19, where the files do not tell it. Another than they tell, or than the model has, is "
        "refused.",
        belongs_to=("genotypes with positions",),
    )
    # Galaxy has no datatype of PLINK 2
    filters: str = shorter_in_forms(
        option(
            "Variants and calls that failed a filter of their caller",
            "By FILTER of each variant and FT of each call. They are counted in any case.",
            default="all",
            choices={"all": "Are kept", "pass": "Are left out"},
            belongs_to=("VCF, BCF, PLINK 2",),
        ),
        "By FILTER of each variant and FT of each call. They are counted in any case. Only for VCF, BCF.",
    )
    layer: str | None = option(
        "Layer of the .h5ad file",
        "The name of the layer that holds the genotypes. Unless given, X.",
        belongs_to=(".h5ad",),
    )
    aliases: InputTable | None = option(
        "Aliases: older and other names of genes",
        "Columns alias and gene, or HGNC's symbol, alias_symbol and prev_symbol. Genes are renamed to the names in "
        "use, in their ids too; give the same table at training and prediction.",
    )


@options(section="columns")
class IdColumns:
    """Where the ids stand in every table."""

    sample_column: str = option(
        "Column of sample ids",
        "A column of the responses; other tables have it under the same name.",
        default="sample_id",
        column_of=("responses",),
    )
    drug_column: str = option(
        "Column of drug ids",
        "A column of the responses; other tables have it under the same name.",
        default="drug_id",
        column_of=("responses",),
    )


@options()
class MeasuredResponses(IdColumns):
    """A table of responses."""

    responses: InputTable = option(
        "Responses: what was measured for each sample and drug",
        "Columns sample_id, drug_id and response, one row for each pair; with one drug, drug_id may be left out. "
        "A response is a number, a class or a limit; time and event may stand in its place, or lower and upper. "
        "A table of samples by drugs is read too.",
    )
    response_column: str = option(
        "Column of responses",
        "A column of the responses.",
        default="response",
        section="columns",
        column_of=("responses",),
    )
    study_column: str = option(
        "Column of studies",
        "A column of the responses, if any: the screen, hospital, laboratory or publication that each comes from.",
        default="study",
        section="columns",
        column_of=("responses",),
    )


@options()
class CohortTables(IdColumns):
    """What is known of drugs and samples."""

    drugs: InputTable | None = option(
        "Drugs: ids and structures",
        "Column drug_id, and smiles where known: with structures, drugs that were never measured can be predicted.",
    )
    samples: InputTable | None = option(
        "Samples: covariates such as tissue, age and sex",
        "Column sample_id, and columns that serve as covariates; subject_id keeps samples of one person together.",
    )


@options()
class NewPairs:
    """Which pairs are predicted."""

    pairs: InputTable | None = option(
        "Pairs to predict", "Columns sample_id and drug_id. Without it, every sample is predicted with every drug."
    )


@options(section="columns")
class TimeColumns:
    """Where the times to an event stand."""

    time_column: str | None = option(
        "Column of times",
        "A column of the responses. Unless given, the usual names, such as time, futime or OS_MONTHS.",
        unset="By the usual names",
        column_of=("responses",),
        belongs_to=("times to an event",),
    )
    event_column: str | None = option(
        "Column of events",
        "A column of the responses: 1 where the event happened at that time and 0 where it had not, or words such as "
        "dead and alive. Unless given, the usual names, such as event, fustat or vital_status.",
        unset="By the usual names",
        column_of=("responses",),
        belongs_to=("times to an event",),
    )
    entry_column: str | None = option(
        "Column of entry times",
        "A column of the responses: when a sample came under observation, 0 unless it did so late. Unless given, one "
        "named entry.",
        unset="By the usual name",
        column_of=("responses",),
        belongs_to=("times to an event",),
    )


@options()
class StatedOutcome:
    """What a response is, where its content is not to tell."""

    outcome: str = option(
        "Outcome: what a response is",
        "Told by the responses unless said, and said back in the first line of the output: measured numbers, yes or no "
        "(0 and 1, R and S), ordered classes (S, I, R), limits (<=0.25, 0.5-1, dilution series), or times with events.",
        default="auto",
        choices={
            "auto": "Told by the responses",
            "continuous": "A measured number",
            "binary": "Yes or no",
            "ordinal": "One of ordered classes",
            "interval": "A value known between limits, such as an MIC",
            "time-to-event": "The time to an event",
        },
    )
    classes: str | None = option(
        "Classes, lowest response first",
        'Such as "no<yes" or "S<I<R": the last of two is the event, and words of one class are joined by =, as in '
        '"S<I=R". Unless given, the usual order of the words.',
        section="advanced",
        belongs_to=("yes or no", "ordered classes", "the words of events"),
    )


@options(section="columns")
class TrainingTables(GenotypeReading, MeasuredResponses, TimeColumns, CohortTables, StatedOutcome):
    """All that a model is learned from, and on which scale the responses are."""

    parents: str = option(
        "Families, sites and genes of features",
        "A feature acts by its own and by its family, so that an allele never seen counts by its family. Known naming "
        "is that of resistance alleles (blaCTX-M-15 is of blaCTX-M) and of substitutions (RT_184V is at RT_184); a "
        "variant that changes a protein is of its gene.",
        default="given",
        choices={"given": "As the table of features or the file tells", "named": "Also by known naming"},
        section="genotype_options",
    )

    measure: str | None = option(
        "Name of the measure", "Such as ln_ic50 or auc; kept in the model and shown in reports."
    )
    unit: str | None = option("Unit of the measure", "Such as uM or mg/week; kept in the model and shown in reports.")
    higher_means: Literal["sensitive", "resistant", "dose"] | None = option(
        "A higher response means",
        "Unless given, reports speak of higher and lower response, never of sensitivity.",
        choices={"sensitive": "More sensitive", "resistant": "More resistant", "dose": "A higher dose is needed"},
        unset="Not stated",
    )
