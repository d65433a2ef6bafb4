"""What held-out scores amount to: how far a skill may be from the truth, and whether it is a gain."""
