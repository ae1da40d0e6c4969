"""Settings (places): one file for each."""
