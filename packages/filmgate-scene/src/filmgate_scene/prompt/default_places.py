"""Default places for prompts that name no place."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SUBJECT_PLACES", "TIME_PLACES", "WEATHER_PLACES"]

SUBJECT_PLACES: Mapping[str, tuple[str, ...]] = {
    "balloon": ("meadow", "mountains"),
    "bench": ("meadow", "street"),
    "bird": ("forest", "sea", "mountains"),
    "boat": ("sea", "beach"),
    "butterfly": ("meadow", "garden"),
    "cake": ("kitchen", "interior"),
    "car": ("road", "street", "city"),
    "cat": ("garden", "interior"),
    "child": ("meadow", "beach"),
    "coffee": ("interior", "kitchen"),
    "crowd": ("street", "stage", "city"),
    "deer": ("forest", "meadow", "snowfield"),
    "dog": ("meadow", "beach"),
    "fish": ("underwater", "sea"),
    "flower": ("meadow", "garden"),
    "horse": ("meadow", "desert", "beach"),
    "koi": ("garden",),
    "lantern": ("sea", "meadow"),
    "person": ("street", "meadow", "beach"),
    "plane": ("sky", "mountains"),
    "product": ("studio", "shop", "interior"),
    "robot": ("city", "street"),
    "rocket": ("desert", "space"),
    "ship": ("city", "space"),
    "streetlamp": ("street", "meadow"),
    "train": ("road", "viaduct", "meadow"),
    "tree": ("meadow", "forest"),
    "watermelon": ("kitchen", "street", "beach"),
    "whale": ("underwater", "sea"),
}
"""Settings that suit a subject, best first; the first registered one is used."""

WEATHER_PLACES: Mapping[str, tuple[str, ...]] = {
    "aurora": ("snowfield", "mountains"),
    "fireflies": ("meadow", "forest"),
    "fireworks": ("skyline", "sea"),
    "fog": ("forest", "mountains"),
    "leaves": ("forest", "garden"),
    "petals": ("garden", "meadow"),
    "rain": ("street", "city", "forest"),
    "snow": ("snowfield", "mountains", "forest"),
    "clear": ("sky", "meadow"),
    "storm": ("sea", "beach"),
}
"""Settings for a prompt that names only a weather ("heavy snow at night")."""

TIME_PLACES: Mapping[str, tuple[str, ...]] = {
    "sunset": ("sea", "beach"),
    "dawn": ("mountains",),
    "night": ("mountains",),
}
"""Settings for a prompt that names only a time of day ("a beautiful sunset")."""
