"""Pilot measurements of new samples."""
