"""What a prompt means: cut into shots, read word by word, put together. Pure, in both languages."""

from filmgate_scene.prompt.understanding import understand

__all__ = ["understand"]
