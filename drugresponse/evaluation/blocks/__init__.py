"""What each named block of features adds to the others."""
