"""Genotypes of resistance laboratories: genes and mutations that were found in isolates, substitutions of HIV."""
