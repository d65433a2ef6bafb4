"""Statistical traps planted into simulated cohorts: how many the commands tell of, and of how many clean cohorts."""
