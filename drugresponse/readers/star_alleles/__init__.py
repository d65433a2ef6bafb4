"""Star-allele calls of pharmacogenes."""
