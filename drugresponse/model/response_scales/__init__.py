"""The scale on which positive, skewed responses are learned, and the way back to the user's."""
