"""A model on measurements of others: its skill, and scikit-learn's manners on tables that are joined by id."""
