"""Whoever makes a video: one file or package an engine."""
