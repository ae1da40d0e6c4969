"""Prompt understanding: split into shots, tokenise, combine. Pure functions, for English and Chinese."""

from filmgate_scene.prompt.understanding import understand

__all__ = ["understand"]
