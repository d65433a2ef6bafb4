"""Prior knowledge of effects: a score of each sample beneath a learner, as strong as held-out rows allow."""
