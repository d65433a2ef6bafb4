"""PLINK 1, PLINK 2 and the text that PLINK writes for R."""
