"""Texts of the command ``scene`` and of what ``filmgate doctor`` checks: a module for each language."""
