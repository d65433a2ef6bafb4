"""What was said of the rows that folds held out."""
