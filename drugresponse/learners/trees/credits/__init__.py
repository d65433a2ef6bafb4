"""What trees credit each of their inputs with."""
