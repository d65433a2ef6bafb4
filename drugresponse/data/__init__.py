"""Tables, genotypes, pairs, splits and scores in memory."""
