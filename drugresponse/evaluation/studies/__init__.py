"""What an evaluation tells of studies beside its scores."""
