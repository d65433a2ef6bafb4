"""Simulated cohorts with a known truth, in memory and as files."""
