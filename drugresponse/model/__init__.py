"""The whole model around a learner: fit, check, predict, store."""
