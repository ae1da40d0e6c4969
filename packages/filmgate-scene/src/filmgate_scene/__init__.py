"""The embedded renderer: a procedural animatic from a prompt, offline.

The engine itself is small; the renderer behind it is loaded in its worker processes only.
"""

from __future__ import annotations

from filmgate_scene.engine import SceneEngine

__all__ = ["SceneEngine", "explain"]


def explain(prompt: str, *, seed: int = 0, seconds: int = 4) -> dict[str, object]:
    """What the renderer makes of a prompt, as plain data: the description, and a line for people."""
    from filmgate_scene.explain import explanation  # noqa: PLC0415 - it loads the renderer

    return explanation(prompt, seed=seed, seconds=seconds)
