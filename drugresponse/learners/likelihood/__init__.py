"""Penalised likelihood: scores of outcomes that are no plain numbers, linear in inputs, shared over drugs."""
