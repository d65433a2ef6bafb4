"""Matrices of samples and features: text, Parquet and .h5ad."""
