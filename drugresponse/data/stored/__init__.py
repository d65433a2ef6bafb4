"""Columns that stay where they are stored: what is known of them, and how they are changed as they are read."""
