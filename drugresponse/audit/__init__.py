"""What the inputs say against an evaluation: leaks, copies, twins, one compound under two ids."""
