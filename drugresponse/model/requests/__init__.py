"""What is asked of a model: new samples, drugs and covariates in its terms."""
