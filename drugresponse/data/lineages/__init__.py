"""Lineages of samples, such as clones of bacteria: named in a column, or made from genotype distance."""
