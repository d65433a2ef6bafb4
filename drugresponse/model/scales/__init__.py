"""Whether the values of new samples are on the scale of the training."""
