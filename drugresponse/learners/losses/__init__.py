"""What each kind of outcome costs a score, with slope and curvature: all that a learner needs to know of an outcome."""
