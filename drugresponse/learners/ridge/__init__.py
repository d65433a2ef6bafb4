"""Ridge regression on tokens, and on pairs."""
