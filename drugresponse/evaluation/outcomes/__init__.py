"""Scores and tables of outcomes that are not continuous."""
