"""Few strong effects among many features: most of them exactly without one."""
