"""Ridge on random features of a Gaussian kernel."""
