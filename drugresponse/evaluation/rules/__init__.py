"""Rules that a laboratory uses already, scored beside the learners."""
