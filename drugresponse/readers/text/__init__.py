"""Delimited text and the numbers in it."""
