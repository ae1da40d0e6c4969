"""Sound: measured properties of soundtracks."""

from __future__ import annotations

import numpy as np
import pytest

from filmgate.domain import Size
from filmgate_scene.cues import SoundCues, SoundEvent
from filmgate_scene.prompt import understand
from filmgate_scene.shots import shot_renderer
from filmgate_scene.sound import TARGET, ShotSound, integrated_loudness, mix
from filmgate_scene.sound.loudness import limit
from filmgate_scene.sound.registry import BEDS, EVENTS, RATE, Stereo


def shot(start: float, end: float, *events: SoundEvent, **ambience: float) -> ShotSound:
    """A shot with these sounds."""
    return ShotSound(start, end, SoundCues(ambience=ambience, events=events))


def steepest(sound: Stereo) -> float:
    """The largest step between two samples."""
    return float(np.abs(np.diff(sound, axis=0)).max())


def test_loudness_follows_the_recommendation() -> None:
    """A full-scale sine of 997 Hz in one channel measures -3.01 LUFS (ITU-R BS.1770-4, annex 1)."""
    t = np.arange(5 * RATE) / RATE
    sine = np.stack([np.sin(2 * np.pi * 997 * t), 0 * t], axis=1).astype(np.float32)
    assert integrated_loudness(sine) == pytest.approx(-3.01, abs=0.02)
    assert integrated_loudness(0.1 * sine) == pytest.approx(-23.01, abs=0.02)


def test_loudness_gates_silence() -> None:
    """Sound that is half silent is as loud as its loud half."""
    noise = np.random.default_rng(1).normal(0, 0.1, (4 * RATE, 2)).astype(np.float32)
    gated = np.concatenate([noise, np.zeros_like(noise)])
    assert integrated_loudness(gated) == pytest.approx(integrated_loudness(noise), abs=0.4)
    assert integrated_loudness(np.zeros((RATE, 2), np.float32)) == float("-inf")


@pytest.mark.parametrize("name", sorted(BEDS))
def test_every_bed_is_a_stereo_sound(name: str) -> None:
    """It has the requested length, is finite, audible, not shrill, and wider than mono where possible."""
    samples = BEDS[name](2 * RATE, np.random.default_rng(3))
    assert samples.shape == (2 * RATE, 2)
    assert samples.dtype == np.float32
    assert 0.001 < np.sqrt(np.mean(samples**2)) < 0.2
    assert np.abs(samples).max() < 1.0


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_starts_and_ends_in_silence(name: str) -> None:
    """An event is short, audible, and does not click."""
    samples = EVENTS[name](np.random.default_rng(3))
    assert samples.ndim == 1
    assert samples.dtype == np.float32
    assert len(samples) < 4 * RATE
    assert 0.03 < np.abs(samples).max() < 1.0
    assert abs(samples[0]) < 0.01
    assert abs(samples[-1]) < 0.01


@pytest.mark.parametrize("seconds", [1, 4, 20])
def test_soundtrack_has_its_length_and_loudness(seconds: int) -> None:
    """It is exactly as long as the video, at the target, never near clipping, silent at both ends."""
    sound = mix([shot(0, seconds, waves=0.8, wind=0.4, gulls=0.3, pad=0.3)], seconds=seconds, seed=5)
    assert sound.shape == (seconds * RATE, 2)
    assert integrated_loudness(sound) == pytest.approx(TARGET, abs=0.5)
    assert np.abs(sound).max() <= 0.82 + 1e-6
    assert np.abs(sound[[0, -1]]).max() < 1e-3


def test_same_seed_gives_the_same_sound() -> None:
    """The sound depends only on the cues and the seed."""
    scene = [shot(0, 2, SoundEvent(0.5, "step"), rain=1.0, birds=0.5)]
    assert np.array_equal(mix(scene, seconds=2, seed=1), mix(scene, seconds=2, seed=1))
    assert not np.array_equal(mix(scene, seconds=2, seed=1), mix(scene, seconds=2, seed=2))


def test_events_sound_at_their_time() -> None:
    """A bark 1.25 s into the second shot is audible there and nowhere else."""
    quiet = [shot(0, 1, hum=0.02), shot(1, 4, SoundEvent(1.25, "bark"), hum=0.02)]
    sound = mix(quiet, seconds=4, seed=1)
    energy = (sound**2).sum(axis=1).reshape(-1, RATE // 20).sum(axis=1)
    assert energy.argmax() in {45, 46}
    assert energy[45:49].sum() > 0.9 * energy.sum()


def test_events_are_panned_to_their_position() -> None:
    """An event on the left is louder on the left."""
    sound = mix([shot(0, 2, SoundEvent(1.0, "bark", -0.9), hum=0.01)], seconds=2, seed=1)
    left, right = np.abs(sound[RATE : RATE + RATE // 4]).max(axis=0)
    assert left > 3 * right


def test_beds_change_without_a_click() -> None:
    """At a cut from the sea to the town nothing jumps, and a common bed continues."""
    sound = mix([shot(0, 2, waves=1.0, pad=0.5), shot(2, 4, city=1.0, pad=0.5)], seconds=4, seed=1)
    around = sound[2 * RATE - RATE // 10 : 2 * RATE + RATE // 10]
    assert steepest(around) <= 1.5 * steepest(sound)
    assert np.sqrt(np.mean(around**2)) > 0.01


def test_scene_without_sounds_is_not_silent() -> None:
    """It has the sound of air."""
    assert integrated_loudness(mix([shot(0, 2)], seconds=2, seed=1)) == pytest.approx(TARGET, abs=1)


def test_unknown_sounds_are_left_out() -> None:
    """A drawing may name a sound that is not registered."""
    scene = [shot(0, 2, SoundEvent(0.5, "theremin"), wind=0.5, kazoo=1.0)]
    assert np.isfinite(mix(scene, seconds=2, seed=1)).all()


def test_limiter_keeps_the_waveform() -> None:
    """A burst far above the ceiling is scaled down: a sine stays a sine."""
    t = np.arange(RATE) / RATE
    sine = np.stack([np.sin(2 * np.pi * 200 * t)] * 2, axis=1).astype(np.float32)
    sine *= np.where((t > 0.4) & (t < 0.6), 2.0, 0.5)[:, None].astype(np.float32)
    limited = limit(sine, 0.8)
    assert np.abs(limited).max() <= 0.8
    assert np.count_nonzero(np.abs(limited) > 0.799) < 0.02 * RATE
    assert np.array_equal(limited[: RATE // 5], sine[: RATE // 5])


@pytest.mark.parametrize(
    "prompt",
    [
        "A golden retriever runs along the beach at sunset",
        "a cake and coffee in a kitchen",
        "cyberpunk city at night in the rain",
        "a rocket launches into space",
        "教室里孩子在读书",
        "Shot 1: a dog on a beach. Shot 2: a city at night in the rain. Shot 3: a quiet classroom",
    ],
)
def test_soundtracks_are_equally_loud_without_clicks(prompt: str) -> None:
    """Every video's sound is at the target, in stereo, silent at its ends, without jumps between samples."""
    description = understand(prompt, seed=1, frames=8 * 24)
    shots, start = [], 0.0
    for number, shot in enumerate(description.shots):
        view = shot_renderer(description, number, size=Size(160, 90))
        shots.append(ShotSound(start, start + shot.frames / 24, view.sound_cues()))
        start += shot.frames / 24
    soundtrack = mix(shots, seconds=8, seed=1)
    assert integrated_loudness(soundtrack) == pytest.approx(TARGET, abs=0.3)
    assert 0.1 < np.corrcoef(soundtrack[:, 0], soundtrack[:, 1])[0, 1] < 0.95
    assert np.abs(soundtrack[[*range(24), *range(-24, 0)]]).max() < 0.001
    steps = np.abs(np.diff(soundtrack, axis=0)).max(axis=1)
    around = np.sqrt(np.convolve(steps**2, np.full(960, 1 / 960), "same")) + 1e-4
    assert (steps / around).max() < 12  # a crackle of the fire is 9
