"""Parents of features: gene families, classes, sites and genes, and the sums of their children."""
