"""What is heard: beds and short sounds, made by rules, mixed in sync with what is seen. 48 kHz, stereo, float32."""

from filmgate_scene.sound.loudness import integrated_loudness
from filmgate_scene.sound.mixing import TARGET, ShotSound, mix
from filmgate_scene.sound.registry import RATE, WORDS

__all__ = ["RATE", "TARGET", "WORDS", "ShotSound", "integrated_loudness", "mix"]
