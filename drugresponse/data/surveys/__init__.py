"""What one pass over stored genotypes tells of every feature and of every sample."""
