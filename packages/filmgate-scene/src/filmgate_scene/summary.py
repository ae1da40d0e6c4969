"""Descriptions in words: for the video's tags, the video's notes and ``explain``."""

from __future__ import annotations

from filmgate_scene.description import Description, SceneShot, SubjectSpec

__all__ = ["KIND", "describe"]

KIND = "procedural animatic"
"""The kind of these videos: procedural, not AI-generated."""


def describe(description: Description) -> str:
    """Summarise a description in a line: "beach at sunset with dog (golden, run); camera: follow | …"."""
    return " | ".join(_describe_shot(shot) for shot in description.shots)


def _describe_shot(shot: SceneShot) -> str:
    """Summarise one shot."""
    words = shot.setting + (" (the nearest by meaning)" if shot.guessed else "")
    words += f" at {shot.time}" if shot.time else ""
    if shot.subjects:
        words += " with " + ", ".join(_describe_subject(spec) for spec in shot.subjects)
    named = {
        "weather": ", ".join(shot.weather),
        "style": ", ".join(shot.style),
        "camera": ", ".join(shot.camera),
        "tempo": shot.tempo,
        "text": shot.text,
    }
    return words + "".join(f"; {name}: {value}" for name, value in named.items() if value)


def _describe_subject(spec: SubjectSpec) -> str:
    """Summarise one kind of subject."""
    number = f"{spec.count} × " if spec.count > 1 else ""
    details = ", ".join((*spec.attributes, *([spec.action] if spec.action else [])))
    return f"{number}{spec.kind}" + (f" ({details})" if details else "")
