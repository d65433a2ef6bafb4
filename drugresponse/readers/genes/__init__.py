"""Names, lists and sets of genes."""
