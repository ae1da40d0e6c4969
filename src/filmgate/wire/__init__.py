"""Dialects: pure conversion between wire bytes or dicts and values."""
