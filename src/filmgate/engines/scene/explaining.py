"""What the renderer makes of a prompt, for people who want to know."""

from __future__ import annotations

import msgspec

from filmgate.engines.scene.film import FPS
from filmgate.engines.scene.notes import KIND, describe
from filmgate.engines.scene.prompt import understand

__all__ = ["explanation"]


def explanation(prompt: str, *, seed: int, seconds: int) -> dict[str, object]:
    """The description as plain data, what kind of film it becomes, and all of it in a line."""
    description = understand(prompt, seed=seed, frames=seconds * FPS)
    plain: dict[str, object] = msgspec.to_builtins(description)
    return {"kind": KIND, "summary": describe(description), **plain}
