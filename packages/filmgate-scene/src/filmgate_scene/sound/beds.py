"""Ambience beds, which sound continuously: wind, water, towns, rooms, animals, a soft chord."""

from __future__ import annotations

import numpy as np

from filmgate_scene.sound.events import call, drop, peep, rumble
from filmgate_scene.sound.registry import RATE, Mono, Stereo, bed
from filmgate_scene.sound.waves import (
    chirp,
    decay,
    drift,
    hump,
    noise,
    place,
    scatter,
    seconds,
    single,
    tone,
    wide_noise,
)

__all__: list[str] = []

_TAU = 2 * np.pi
_MAJOR = ((0, 7, 12, 16, 19), (-3, 4, 9, 12, 16), (5, 9, 12, 17, 21), (-5, 2, 7, 11, 14))
_MINOR = ((0, 3, 7, 12, 15), (-4, 0, 3, 8, 12), (3, 7, 10, 15, 19), (-2, 2, 5, 10, 14))


def _silence(count: int) -> Stereo:
    return np.zeros((count, 2), np.float32)


@bed("wind", en="wind", zh="风声")
def wind(count: int, random: np.random.Generator) -> Stereo:
    """Gusts, and a whistle that comes with them."""
    gusts = drift(count, random, 4.5, 0.3)
    body = wide_noise(count, random, 60, 700, -0.6) * gusts[:, None]
    whistle = noise(count, random, 700, 1400, -0.2) * gusts**3
    return single(0.07 * body + 0.008 * whistle[:, None])


@bed("waves", "sea", en="waves", zh="海浪")
def waves(count: int, random: np.random.Generator) -> Stereo:
    """Breakers that roll up and run out: two wave trains that never synchronise."""
    t = seconds(count)
    phases = random.random(2) * _TAU
    roll = np.maximum(0, np.sin(_TAU * t / 4.6 + phases[0])) ** 1.6
    hiss = np.maximum(0, np.sin(_TAU * t / 6.1 + phases[1])) ** 2
    deep = wide_noise(count, random, 90, 2400, -0.5) * (0.25 + 0.75 * roll)[:, None]
    foam = wide_noise(count, random, 1800, 9000, -0.2) * (0.06 + 0.3 * hiss * np.roll(roll, RATE // 3))[:, None]
    return single((0.08 * (deep + foam)).astype(np.float32))


@bed("water", "stream", en="running water", zh="流水")
def water(count: int, random: np.random.Generator) -> Stereo:
    """A trickle with drops in it."""
    samples = wide_noise(count, random, 500, 3500, -0.3) * (0.014 * drift(count, random, 2.0, 0.3))[:, None]
    for at in scatter(count, random, 7):
        place(samples, drop(random), at, random.uniform(-0.8, 0.8), random.uniform(0.2, 1.6))
    return samples


@bed("rain", en="rain", zh="雨声")
def rain(count: int, random: np.random.Generator) -> Stereo:
    """Steady rain, with single near drops."""
    samples = wide_noise(count, random, 800, 9000, -0.2) * (0.035 * drift(count, random, 7.0, 0.75))[:, None]
    tick = [noise(576, random, 1500, 9000) * decay(576, 0.0005, 0.003) for _ in range(6)]
    for at in scatter(count, random, 60):
        place(samples, tick[at % 6], at, random.uniform(-1, 1), 0.06 * random.random() ** 3)
    return samples


@bed("birds", en="songbirds", zh="鸟鸣")
def birds(count: int, random: np.random.Generator) -> Stereo:
    """Songbirds at several distances, each with its own phrase."""
    samples = _silence(count)
    for at in scatter(count, random, 1.1):
        pan, near, song = random.uniform(-0.9, 0.9), random.uniform(0.2, 1.0), peep(random)
        for note in range(int(random.integers(2, 6))):
            place(samples, song, at + note * int(0.13 * RATE), pan, 0.4 * near)
    return samples


@bed("gulls", en="gulls", zh="海鸥")
def gulls(count: int, random: np.random.Generator) -> Stereo:
    """Gulls in the distance."""
    samples = _silence(count)
    for at in scatter(count, random, 0.4):
        pan, near = random.uniform(-0.8, 0.8), random.uniform(0.3, 1.0)
        for cry in range(int(random.integers(2, 4))):
            place(samples, call(random), at + cry * int(0.36 * RATE), pan, 0.5 * near)
    return samples


@bed("crickets", "cicadas", "insects", en="crickets", zh="虫鸣")
def crickets(count: int, random: np.random.Generator) -> Stereo:
    """A meadow at night: three crickets chirp at their own rates."""
    samples, t = _silence(count), seconds(count)
    for place_ in (-0.7, 0.1, 0.8):
        pitch, rate, phase = random.uniform(3900, 5200), random.uniform(1.6, 2.6), random.random()
        trill = np.maximum(0, np.sin(_TAU * 31 * t)) * (((t * rate + phase) % 1) < 0.45)
        trill = np.convolve(trill, np.full(240, 1 / 240, np.float32), "same")
        place(samples, (tone(count, pitch) * trill).astype(np.float32), 0, place_, 0.03)
    return samples


@bed("city", en="city", zh="城市")
def city(count: int, random: np.random.Generator) -> Stereo:
    """The hum of many streets, with a distant horn now and then."""
    samples = wide_noise(count, random, 35, 260, -0.7) * (0.08 * drift(count, random, 6.0, 0.6))[:, None]
    samples += 0.006 * wide_noise(count, random, 300, 2500, -0.5)
    for at in scatter(count, random, 0.15):
        length = int(0.5 * RATE)
        horn = (tone(length, 392, 0.5, 0.3) + tone(length, 494, 0.4)) * hump(length, 0.35)
        place(samples, horn, at, random.uniform(-0.9, 0.9), 0.004)
    return single(samples + 0.6 * traffic(count, random))


@bed("traffic", "road", en="traffic", zh="车流")
def traffic(count: int, random: np.random.Generator) -> Stereo:
    """Cars that pass from one side to the other."""
    samples = 0.02 * wide_noise(count, random, 40, 400, -0.6)
    for at in scatter(count, random, 0.5):
        length = int(RATE * random.uniform(2.0, 3.0))
        side = np.linspace(-1, 1, length, dtype=np.float32) * (1 if random.random() < 0.5 else -1)
        swell = np.exp(-((side * 2.4) ** 2)).astype(np.float32) * hump(length, 0.5)
        engine = noise(length, random, 80, 1200, -0.5) + 0.5 * chirp(95.0 * (1 - 0.06 * np.tanh(side * 4)))
        for channel, sign in ((0, -1), (1, 1)):
            begin, end = max(0, at - length // 2), min(count, at - length // 2 + length)
            audible = slice(begin - (at - length // 2), end - (at - length // 2))
            samples[begin:end, channel] += (
                0.05 * engine * swell * (0.55 + 0.45 * sign * np.abs(side) * np.sign(side))
            )[audible]
    return samples


@bed("chatter", "crowd", en="voices", zh="人声")
def chatter(count: int, random: np.random.Generator) -> Stereo:
    """A murmur of many unintelligible voices."""
    samples = 0.008 * wide_noise(count, random, 200, 1600, -0.5)
    t = seconds(count)
    for _ in range(8):
        pitch, syllables = random.uniform(105, 230), random.random(int(count / RATE * 5) + 3)
        speech = np.interp(t * 5, np.arange(len(syllables)), syllables).astype(np.float32)
        phase = np.cumsum(pitch * (1 + 0.25 * (speech - 0.5)), dtype=np.float64) * (_TAU / RATE)
        voice = sum((np.sin(k * phase) / k**1.2 for k in (1, 2, 3, 5)), np.zeros(count))
        place(samples, (voice * np.clip(speech - 0.35, 0, 1)).astype(np.float32), 0, random.uniform(-0.9, 0.9), 0.02)
    return samples


@bed("fire", en="fire", zh="炉火")
def fire(count: int, random: np.random.Generator) -> Stereo:
    """A hearth: breath and crackle."""
    samples = wide_noise(count, random, 60, 900, -0.6) * (0.04 * drift(count, random, 1.7, 0.5))[:, None]
    for at in scatter(count, random, 9):
        length = int(RATE * 0.02)
        place(
            samples,
            noise(length, random, 1200, 8000) * decay(length, 0.0004, 0.004),
            at,
            random.uniform(-0.5, 0.5),
            0.12 * random.random() ** 2,
        )
    return samples


@bed("hum", "machine", "engine", en="machines", zh="机器")
def hum(count: int, random: np.random.Generator) -> Stereo:
    """Machines behind a wall."""
    base = tone(count, 100, 0.6, 0.15, 0.1) * (0.02 * drift(count, random, 5.0, 0.8))
    return single((base[:, None] + 0.006 * wide_noise(count, random, 120, 900, -0.4)).astype(np.float32))


@bed("underwater", en="underwater", zh="水下")
def underwater(count: int, random: np.random.Generator) -> Stereo:
    """Muffled depth, bubbles rising."""
    samples = wide_noise(count, random, 30, 320, -0.6) * (0.1 * drift(count, random, 6.0, 0.6))[:, None]
    for at in scatter(count, random, 1.2):
        pan = random.uniform(-0.7, 0.7)
        for bubble in range(int(random.integers(3, 8))):
            place(samples, drop(random), at + bubble * int(0.07 * RATE), pan, random.uniform(0.25, 1.0))
    return samples


@bed("storm", "thunder", en="storm", zh="风暴")
def storm(count: int, random: np.random.Generator) -> Stereo:
    """Wind, and thunder far away."""
    samples = 1.4 * wind(count, random)
    for at in scatter(count, random, 0.15):
        place(samples, rumble(random), at, random.uniform(-0.5, 0.5), 0.3)
    return samples


@bed("pad", "music", en="music", zh="音乐")
def pad(count: int, random: np.random.Generator) -> Stereo:
    """Four soft chords, two and a half seconds each or a quarter of the video, cross-fading."""
    samples = _silence(count)
    root = 110 * 2 ** (float(random.integers(0, 6)) / 12)
    chords = _MAJOR if random.random() < 0.6 else _MINOR
    step = max(RATE * 2, count // 4 if count <= 10 * RATE else int(2.5 * RATE))
    for number, begin in enumerate(range(0, count, step)):
        length = step + int(1.4 * RATE)
        t = seconds(length)
        swell = np.minimum(1, t / 0.9) * np.clip((length / RATE - t) / 1.3, 0, 1)
        for detune, pan in ((-0.3, -0.5), (0.3, 0.5)):
            place(
                samples, _chord(root, chords[number % 4], length, detune) * swell.astype(np.float32), begin, pan, 0.018
            )
    return samples


def _chord(root: float, steps: tuple[int, ...], length: int, detune: float) -> Mono:
    """The notes of a chord, with decaying overtones."""
    voices = [tone(length, root * 2 ** (step / 12) + detune, 0.26, 0.1) for step in steps]
    return single(np.sum(voices, axis=0, dtype=np.float32))
