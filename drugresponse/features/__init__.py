"""Tables to numbers: genotype tokens, covariate tokens and drug structures, fitted on training rows only."""
