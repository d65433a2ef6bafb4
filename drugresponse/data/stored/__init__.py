"""Columns that stay where they are stored: what is known of them and of their numbers."""
