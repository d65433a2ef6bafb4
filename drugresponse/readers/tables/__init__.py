"""Files of samples, drugs, pairs, responses, doses and folds."""
