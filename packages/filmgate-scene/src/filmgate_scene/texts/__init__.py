"""Texts of the command ``scene`` and of the renderer's ``filmgate doctor`` checks: one module for each language."""
