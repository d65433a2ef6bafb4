"""Learners behind one interface, and the registry in which they are found by name."""
