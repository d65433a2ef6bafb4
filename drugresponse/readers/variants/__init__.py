"""What all formats of variants share: regions, site filters, allele counts as sparse calls."""
