"""Which features go with the response to which drug; no model in it."""
