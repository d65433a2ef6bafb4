"""Objects in memory, text cells and feature tables -> numbers with known kinds."""
