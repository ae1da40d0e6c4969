"""Registered camera moves."""

from __future__ import annotations

import math

from filmgate_scene import registry
from filmgate_scene.lens import Lens, ease


@registry.camera(
    "static",
    en=("static shot", "static camera", "still camera", "fixed camera", "locked-off", "static"),
    zh=("固定镜头", "静止镜头", "固定机位"),
)
def static(share: float, seconds: float) -> Lens:
    """On a tripod: no movement."""
    del share, seconds
    return Lens()


@registry.camera("pan", en=("pan", "pans", "panning"), zh=("摇镜", "平移", "横移", "摇摄", "横摇"))
def pan(share: float, seconds: float) -> Lens:
    """Turn from left to right."""
    del seconds
    return Lens(pan=0.16 * (ease(share) - 0.5), x=0.15 * (share - 0.5))


@registry.camera("tilt", en=("tilt", "tilts", "tilting", "tilt up"), zh=("俯仰", "上摇", "仰拍"))
def tilt(share: float, seconds: float) -> Lens:
    """Turn upwards, from low to high."""
    del seconds
    return Lens(tilt=0.07 * (ease(share) - 0.5) * 2)


@registry.camera(
    "zoom",
    en=("zoom", "zooms", "zooming", "close-up", "closeup", "close up"),
    zh=("变焦", "拉近", "推近", "特写", "放大"),
)
def zoom(share: float, seconds: float) -> Lens:
    """Increase the focal length."""
    del seconds
    return Lens(zoom=1 + 0.22 * ease(share))


@registry.camera(
    "dolly", en=("dolly", "push in", "push-in", "pushes in", "moves forward"), zh=("推镜头", "推镜", "推进", "前进")
)
def dolly(share: float, seconds: float) -> Lens:
    """Move slowly forward."""
    return Lens(z=0.7 * (ease(share) - 0.15), y=0.02 * math.sin(seconds * 0.7))


@registry.camera("orbit", en=("orbit", "orbits", "orbiting", "circling", "arc shot"), zh=("环绕", "绕着", "围绕"))
def orbit(share: float, seconds: float) -> Lens:
    """Orbit the centre of the frame: move sideways while turning back."""
    del seconds
    angle = (ease(share) - 0.5) * 1.8
    return Lens(x=0.9 * math.sin(angle), z=0.25 * math.cos(angle), pan=-0.10 * math.sin(angle))


@registry.camera(
    "aerial",
    en=("aerial", "drone", "bird's-eye", "birds-eye", "bird's eye", "flyover", "from above"),
    zh=("航拍", "无人机", "俯瞰", "鸟瞰", "俯拍"),
)
def aerial(share: float, seconds: float) -> Lens:
    """Rise and fly forward."""
    return Lens(y=0.5 * ease(share), z=0.9 * share, tilt=-0.03 * ease(share), x=0.05 * math.sin(seconds * 0.4))


@registry.camera(
    "follow",
    en=("follow", "follows", "following", "tracking shot", "tracking", "tracks"),
    zh=("跟拍", "跟随", "跟踪", "追踪镜头"),
)
def follow(share: float, seconds: float) -> Lens:
    """Move beside the moving subject; the stage adds the subject's speed."""
    return Lens(x=0.35 * (share - 0.5), y=0.015 * math.sin(seconds * 2.1), zoom=1 + 0.04 * ease(share))


@registry.camera("handheld", en=("handheld", "hand-held", "shaky", "documentary"), zh=("手持", "晃动", "纪录片"))
def handheld(share: float, seconds: float) -> Lens:
    """Slight, continuous irregular motion."""
    t = seconds
    return Lens(
        pan=0.006 * (math.sin(t * 1.7) + 0.5 * math.sin(t * 4.1 + 1)),
        tilt=0.008 * (math.sin(t * 1.3 + 2) + 0.4 * math.sin(t * 3.7)),
        z=0.25 * share,
        zoom=1.03,
    )
