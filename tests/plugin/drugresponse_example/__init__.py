"""What another distribution gives: a learner and a reader of genotypes."""

from drugresponse_example.learner import PlainRidge
from drugresponse_example.reader import read_gene_sheet, read_nothing

__all__ = ["PlainRidge", "read_gene_sheet", "read_nothing"]
