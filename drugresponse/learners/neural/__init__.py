"""The neural drug-response model."""
