"""Places: one file, one place."""
