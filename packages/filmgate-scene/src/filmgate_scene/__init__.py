"""The embedded renderer: draws a procedural animatic from a prompt, offline.

The engine itself is small; only its worker processes load the renderer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filmgate_scene.engine import SceneEngine

__all__ = ["SceneEngine", "explain"]


def __getattr__(name: str) -> object:
    # On first use: the command line's help needs neither the engine nor asyncio.
    if name == "SceneEngine":
        from filmgate_scene import engine  # noqa: PLC0415 - see above

        return engine.SceneEngine
    raise AttributeError(f"module 'filmgate_scene' has no attribute '{name}'")


def explain(prompt: str, *, seed: int = 0, seconds: int = 4) -> dict[str, object]:
    """Explain a prompt as plain data: the description, and a one-line summary for people."""
    from filmgate_scene.explain import explain_prompt  # noqa: PLC0415 - it loads the renderer

    return explain_prompt(prompt, seed=seed, seconds=seconds)
