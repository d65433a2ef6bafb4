"""Facts about variants and alleles: names of chromosomes, strands, reference calls, star alleles."""
