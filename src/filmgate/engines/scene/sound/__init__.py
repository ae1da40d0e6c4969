"""What is heard: beds and short sounds, made by rules, mixed in sync with what is seen. 48 kHz, stereo, float32."""

from filmgate.engines.scene.sound.loudness import integrated_loudness
from filmgate.engines.scene.sound.mixing import TARGET, ShotSound, mix

__all__ = ["TARGET", "ShotSound", "integrated_loudness", "mix"]
