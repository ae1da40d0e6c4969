"""Sound: ambience beds and short events, synthesised and mixed in sync with the video. 48 kHz, stereo, float32."""

from filmgate_scene.sound.loudness import integrated_loudness
from filmgate_scene.sound.mixing import TARGET, ShotSound, mix
from filmgate_scene.sound.registry import RATE, WORDS

__all__ = ["RATE", "TARGET", "WORDS", "ShotSound", "integrated_loudness", "mix"]
