"""Measured responses before they are a table: doses, repeats, and what only looks like a response."""
