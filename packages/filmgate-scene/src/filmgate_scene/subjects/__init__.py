"""Subjects: one file for each kind."""
