"""Weathers: one file for each."""
