"""The automatic learner, which weighs the others."""
