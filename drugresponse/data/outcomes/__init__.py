"""What a response is: a number, yes or no, one of ordered classes, a value known between limits, or a time."""
