"""Pilot measurements of new samples: joined to what a model knows, they correct its other predictions."""
