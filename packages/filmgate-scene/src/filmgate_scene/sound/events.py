"""Short sound events: steps, splashes, bites, animal calls, bells."""

from __future__ import annotations

import numpy as np

from filmgate_scene.sound.registry import RATE, Mono, event
from filmgate_scene.sound.waves import chirp, decay, hump, noise, seconds, single, tone

__all__ = ["call", "drop", "peep", "rumble"]


def _samples(duration: float) -> int:
    return int(duration * RATE)


@event("step", "paw", "footstep", en="step", zh="脚步")
def step(random: np.random.Generator) -> Mono:
    """A foot on soft ground: a thud and a scuff."""
    count = _samples(0.13)
    thud = tone(count, random.uniform(70, 95)) * decay(count, 0.004, 0.025)
    scuff = noise(count, random, 200, 2600, -0.3) * decay(count, 0.006, 0.03)
    return single(0.12 * thud + 0.09 * scuff)


@event("hoof", en="hoofbeat", zh="马蹄")
def hoof(random: np.random.Generator) -> Mono:
    """A hoof: harder and hollower than a foot."""
    count = _samples(0.12)
    return single(
        0.3 * (tone(count, random.uniform(150, 210), 0.5) * decay(count, 0.002, 0.02)) + 0.5 * step(random)[:count]
    )


@event("splash", en="splash", zh="水花")
def splash(random: np.random.Generator) -> Mono:
    """A body breaks the water's surface."""
    count = _samples(0.7)
    samples = 0.16 * noise(count, random, 300, 6000, -0.3) * decay(count, 0.012, 0.12)
    for _ in range(5):
        bubble, at = drop(random), int(random.uniform(0.05, 0.5) * RATE)
        end = min(count, at + len(bubble))
        samples[at:end] += 1.2 * bubble[: end - at]
    return samples


@event("drop", "ripple", en="drop", zh="水滴")
def drop(random: np.random.Generator) -> Mono:
    """A drop falls into a pool: a tone that rises as its bubble shrinks."""
    count = _samples(0.09)
    t = seconds(count)
    return single(0.12 * chirp(random.uniform(500, 1400) * (1 + 6 * t)) * decay(count, 0.003, 0.02))


@event("wave", en="wave", zh="浪涌")
def wave(random: np.random.Generator) -> Mono:
    """One wave runs up the beach."""
    count = _samples(2.4)
    return single(0.14 * noise(count, random, 200, 5000, -0.4) * hump(count, 1.6))


@event("bite", "crunch", en="bite", zh="咬")
def bite(random: np.random.Generator) -> Mono:
    """Teeth through something crisp: three bursts."""
    samples = np.zeros(_samples(0.2), np.float32)
    for burst in range(3):
        count, at = _samples(0.07), int(burst * 0.038 * RATE * random.uniform(0.8, 1.2))
        samples[at : at + count] += 0.2 * noise(count, random, 900, 7000, -0.1) * decay(count, 0.002, 0.014)
    return samples


@event("bark", en="bark", zh="狗叫")
def bark(random: np.random.Generator) -> Mono:
    """A dog, once."""
    count = _samples(0.22)
    pitch = 420 + 260 * hump(count, 1.5)
    voice = chirp(pitch) + 0.6 * chirp(2 * pitch) + 0.35 * chirp(3 * pitch)
    return single(0.16 * (voice + 0.5 * noise(count, random, 400, 3000, -0.2)) * decay(count, 0.012, 0.06))


@event("meow", en="meow", zh="猫叫")
def meow(random: np.random.Generator) -> Mono:
    """A cat, once."""
    count = _samples(0.6)
    pitch = random.uniform(480, 620) * (1 + 0.35 * hump(count, 1.2))
    return single(0.1 * (chirp(pitch) + 0.5 * chirp(2 * pitch) + 0.3 * chirp(3 * pitch)) * hump(count, 0.8))


@event("chirp", "peep", en="chirp", zh="啾鸣")
def peep(random: np.random.Generator) -> Mono:
    """A small bird's single note."""
    count = _samples(random.uniform(0.05, 0.11))
    t = seconds(count)
    pitch = random.uniform(2300, 4500) + (random.random() - 0.3) * 9000 * t + 30 * 28 * np.cos(2 * np.pi * 28 * t)
    return single(0.12 * chirp(pitch.astype(np.float32)) * hump(count, 2))


@event("gull", "call", "cry", en="cry", zh="鸥鸣")
def call(random: np.random.Generator) -> Mono:
    """A gull's cry."""
    count = _samples(0.28)
    pitch = random.uniform(1100, 1350) + 450 * hump(count, 0.7)
    return single(0.12 * (chirp(pitch) + 0.4 * chirp(2 * pitch)) * hump(count, 1.2))


@event("flap", "wing", en="wing beat", zh="振翅")
def flap(random: np.random.Generator) -> Mono:
    """A wing beat."""
    count = _samples(0.16)
    return single(0.1 * noise(count, random, 150, 1500, -0.4) * hump(count, 2))


@event("whoosh", "pass", en="whoosh", zh="掠过")
def whoosh(random: np.random.Generator) -> Mono:
    """A fast pass-by."""
    count = _samples(0.9)
    return single(0.16 * noise(count, random, 150, 2400, -0.4) * hump(count, 3))


@event("thunder", en="thunder", zh="雷声")
def rumble(random: np.random.Generator) -> Mono:
    """Thunder: a crack, then a long roll."""
    count = _samples(3.2)
    roll = noise(count, random, 25, 160, -0.5) * decay(count, 0.06, 1.0)
    crack = noise(count, random, 200, 3000, -0.4) * decay(count, 0.004, 0.1)
    return single(0.22 * roll + 0.09 * crack)


@event("bell", "chime", "gong", en="bell", zh="钟声")
def bell(random: np.random.Generator) -> Mono:
    """A temple bell: inharmonic partials, the high ones decaying first."""
    count, pitch = _samples(3.0), random.uniform(220, 330)
    partials = ((0.5, 0.6, 2.0), (1.0, 1.0, 1.3), (1.19, 0.5, 0.9), (1.56, 0.4, 0.7), (2.0, 0.5, 0.5), (2.66, 0.2, 0.3))
    samples = np.zeros(count, np.float32)
    for ratio, strength, fall in partials:
        samples += strength * tone(count, pitch * ratio) * decay(count, 0.004, fall)
    return single(0.06 * samples)


@event("click", "tick", "clink", en="clink", zh="轻碰")
def click(random: np.random.Generator) -> Mono:
    """A cup set down."""
    count = _samples(0.15)
    pitch = random.uniform(1800, 2600)
    return single(0.08 * (tone(count, pitch) + 0.5 * tone(count, pitch * 1.52)) * decay(count, 0.001, 0.025))


@event("beep", en="beep", zh="提示音")
def beep(random: np.random.Generator) -> Mono:
    """A friendly machine."""
    count = _samples(0.12)
    return single(
        0.08 * tone(count, (880.0, 1174.7, 1318.5, 1760.0)[int(random.integers(4))], 0.3) * decay(count, 0.004, 0.03)
    )


@event("horn", "whistle", en="horn", zh="鸣笛")
def horn(random: np.random.Generator) -> Mono:
    """A ship or a train, far away."""
    count, pitch = _samples(1.6), random.uniform(180, 240)
    return single(0.06 * (tone(count, pitch, 0.6, 0.4, 0.2) + tone(count, pitch * 1.26, 0.5, 0.3)) * hump(count, 0.4))
