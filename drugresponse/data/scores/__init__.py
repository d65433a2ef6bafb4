"""How good a predicted distribution is: a proper loss for each row, and the metrics of each kind of outcome."""
