"""Sample and drug embeddings that meet in a product: what the factor learners share."""
