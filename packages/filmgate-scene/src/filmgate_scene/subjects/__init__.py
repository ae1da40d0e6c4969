"""Who and what can be in the picture: one file, one subject."""
