"""The whole model: what is fitted, what is asked of it, what it answers, and the file that keeps it."""
