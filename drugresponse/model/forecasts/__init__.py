"""What scores say of an outcome: probabilities, sets of classes, bounds and survival, learned on held-out scores."""
