"""Studies (screens, hospitals, laboratories, publications) that responses come from, and folds of whole ones."""
