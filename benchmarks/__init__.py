"""Accuracy and cost of every learner beside plain references, on the cohorts of a data folder."""
