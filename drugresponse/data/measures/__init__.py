"""What the numbers of a response measure, and whether they can be that."""
