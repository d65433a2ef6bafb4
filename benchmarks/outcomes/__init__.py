"""Outcomes of the clinic beside plain references: yes or no, classes, limits and times."""
