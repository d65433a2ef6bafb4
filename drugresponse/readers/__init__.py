"""Files -> the tables of `drugresponse.data`."""

from drugresponse.readers.formats import GENOTYPE_FORMATS, genotype_source_files
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.matrix.reader import read_matrix
from drugresponse.readers.plink.reader import read_plink
from drugresponse.readers.tables.doses import read_doses
from drugresponse.readers.tables.responses import read_responses
from drugresponse.readers.tables.splits import read_splits
from drugresponse.readers.tables.text_tables import (
    read_drugs,
    read_features,
    read_pairs,
    read_samples,
    read_table,
)
from drugresponse.readers.vcf.reader import read_variants

__all__ = [
    "GENOTYPE_FORMATS",
    "genotype_source_files",
    "read_anndata",
    "read_doses",
    "read_drugs",
    "read_features",
    "read_genotypes",
    "read_matrix",
    "read_pairs",
    "read_plink",
    "read_responses",
    "read_samples",
    "read_splits",
    "read_table",
    "read_variants",
]
