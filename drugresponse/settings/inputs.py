"""Options about what goes in: files, the names of their columns, and how genotypes are read."""

from __future__ import annotations

from drugresponse.settings.parameter import Parameter

TABLE_FORMATS = ("tabular", "csv", "txt")
"""Galaxy takes a table whose columns are separated by semicolons for plain text."""

GENOTYPES = Parameter(
    "genotypes",
    "input",
    label="Genotypes: variants, called genes, or a table of samples and features",
    help="VCF, bgzipped VCF or BCF; PLINK 1 or 2, or its .raw and .traw; a list of alterations such as Mutation "
    "Annotation Format; calls of star alleles; .h5ad; or a table of samples and features (mutations, copy number, "
    "expression, dosages), separated by tabs, commas or semicolons or Parquet, either way round. Several files, such "
    "as one for each chromosome, are joined by sample.",
    repeatable=True,
    formats=("vcf", "vcf_bgzip", "bcf", "pbed", "tabular", "csv", "txt", "parquet", "h5ad"),
)
RESPONSES = Parameter(
    "responses",
    "input",
    label="Responses: what was measured for each sample and drug",
    help="Columns sample_id, drug_id and response, one row for each pair; with one drug, drug_id may be left out. "
    "A table of samples by drugs is read too.",
    required=True,
    formats=TABLE_FORMATS,
)
DRUGS = Parameter(
    "drugs",
    "input",
    label="Drugs: ids and structures",
    help="Column drug_id, and smiles where known: with structures, drugs that were never measured can be predicted.",
    formats=TABLE_FORMATS,
)
SAMPLES = Parameter(
    "samples",
    "input",
    label="Samples: covariates such as tissue, age and sex",
    help="Column sample_id, and columns that serve as covariates; subject_id keeps samples of one person together.",
    formats=TABLE_FORMATS,
)
PAIRS = Parameter(
    "pairs",
    "input",
    label="Pairs to predict",
    help="Columns sample_id and drug_id. Without it, every sample is predicted with every drug.",
    formats=TABLE_FORMATS,
)
FEATURES = Parameter(
    "features",
    "input",
    label="Features: what the columns of the genotype table are",
    help="Column feature_id, and kind, gene, chromosome, position, ref and alt where known.",
    formats=TABLE_FORMATS,
    section="genotype_options",
    belongs_to=("tables of genotypes",),
)
SPLITS = Parameter(
    "splits",
    "input",
    label="Splits: given folds",
    help="Column fold, and sample_id or drug_id or both; repeat where there are several. Then no folds are dealt, and "
    "their number has no meaning.",
    formats=TABLE_FORMATS,
    section="held_out",
)
MODEL = Parameter(
    "model",
    "input",
    label="Model: written by training",
    help="A .safetensors file; nothing in it is executed.",
    required=True,
    formats=("safetensors",),
)

SAMPLE_COLUMN = Parameter(
    "sample_column",
    "text",
    label="Column of sample ids",
    help="A column of the responses; other tables have it under the same name.",
    default="sample_id",
    section="columns",
    column_of=("responses",),
)
DRUG_COLUMN = Parameter(
    "drug_column",
    "text",
    label="Column of drug ids",
    help="A column of the responses; other tables have it under the same name.",
    default="drug_id",
    section="columns",
    column_of=("responses",),
)
RESPONSE_COLUMN = Parameter(
    "response_column",
    "text",
    label="Column of responses",
    help="A column of the responses.",
    default="response",
    section="columns",
    column_of=("responses",),
)
MEASURE = Parameter(
    "measure",
    "text",
    label="Name of the measure",
    help="Such as ln_ic50 or auc; kept in the model and shown in reports.",
    section="columns",
)
UNIT = Parameter(
    "unit",
    "text",
    label="Unit of the measure",
    help="Such as uM or mg/week; kept in the model and shown in reports.",
    section="columns",
)
HIGHER_MEANS = Parameter(
    "higher_means",
    "choice",
    label="A higher response means",
    help="Unless given, reports speak of higher and lower response, never of sensitivity.",
    choices={"sensitive": "More sensitive", "resistant": "More resistant", "dose": "A higher dose is needed"},
    unset="Not told",
    section="columns",
)

GENOTYPE_FORMAT = Parameter(
    "genotype_format",
    "choice",
    label="Format of the genotypes",
    help="The format is told by content, never by a file's name.",
    default="auto",
    choices={
        "auto": "Told by content",
        "vcf": "VCF or BCF",
        "plink": "PLINK 1 or 2",
        "plink-raw": "PLINK's table for R, samples by variants (.raw)",
        "plink-traw": "PLINK's table for R, variants by samples (.traw)",
        "alterations": "List of alterations, such as Mutation Annotation Format",
        "star-alleles": "Star alleles, from PharmCAT or PyPGx or as a list",
        "matrix": "Table of samples and features",
        "anndata": ".h5ad",
    },
    section="genotype_options",
)
KIND = Parameter(
    "kind",
    "choice",
    label="What the numbers of the genotype table are",
    help="Unless given here or in the table of features, guessed from the whole table; the guess is reported.",
    choices={
        "dosage": "Copies of the alternate allele, 0 to 2",
        "altered": "Altered or not, 1 or 0",
        "copy_number": "Copy number",
        "score": "Any real number, such as expression",
    },
    unset="Guessed from the table",
    section="genotype_options",
    belongs_to=("tables of genotypes", ".h5ad"),
)
ABSENT_MEANS = Parameter(
    "absent_means",
    "choice",
    label="A missing call means",
    help="Reference suits files that list variants only; for a trained model, sites that they do not list are the "
    "reference then. Unless given, a missing call is missing, and a gene without an alteration is not altered.",
    choices={"missing": "Not known", "reference": "The reference allele on both copies"},
    unset="As usual for the format",
    section="genotype_options",
    belongs_to=("VCF, BCF, PLINK, lists of alterations", "sites that a table lacks"),
)
FILTERS = Parameter(
    "filters",
    "choice",
    label="Variants and calls that failed a filter of their caller",
    help="By FILTER of each variant and FT of each call. They are counted in any case.",
    default="all",
    choices={"all": "Are kept", "pass": "Are left out"},
    section="genotype_options",
    belongs_to=("VCF, BCF, PLINK 2",),
)
LAYER = Parameter(
    "layer",
    "text",
    label="Layer of the .h5ad file",
    help="The name of the layer that holds the genotypes. Unless given, X.",
    section="genotype_options",
    belongs_to=(".h5ad",),
)
ALIASES = Parameter(
    "aliases",
    "input",
    label="Aliases: older and other names of genes",
    help="Columns alias and gene, or HGNC's symbol, alias_symbol and prev_symbol. Genes are renamed to the names in "
    "use, in their ids too; give the same table at training and prediction.",
    formats=TABLE_FORMATS,
    section="genotype_options",
)
GENOTYPE_OPTIONS = (FEATURES, GENOTYPE_FORMAT, KIND, ABSENT_MEANS, FILTERS, LAYER, ALIASES)
MINIMUM_FEATURES = Parameter(
    "minimum_features",
    "number",
    label="Share of features that must be found",
    help="A sample whose features carry less than this share of the model's weight is not predicted. "
    "What is missing, absent or in conflict counts as the mean of the training samples.",
    default=0.5,
    minimum=0,
    maximum=1,
    section="genotype_options",
)
