"""Whether this installation computes right: a pack of files with known answers, and the checks that are made of it."""
