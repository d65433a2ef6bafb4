"""Responses of several studies on the scale of one: their shifts, and learners that are fitted beyond them."""
