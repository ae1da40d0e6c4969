"""A simulated vendor, and how well the SDK waits for its videos: the SDK's own procedure, in simulated time."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Generator
from typing import Any

import msgspec

from filmgate.client.durations import DurationHistory
from filmgate.client.effects import ApiResponse, Effect, Procedure, RunBlocking, Send, Sleep
from filmgate.client.responses import VideoData
from filmgate.client.retrying import ClientState
from filmgate.client.waiting import poll_until_finished

__all__ = ["SimulatedVendor", "fixed_interval", "sdk_polling", "summary"]

JOBS = 200
Outcome = tuple[float, int]
"""Seconds between a video's end and the moment that its client learnt of it; number of polls."""


class SimulatedVendor:
    """Jobs of two to five minutes whose progress jumps: a few levels each, up to five percent off the truth."""

    def __init__(self, seed: int = 1) -> None:
        dice = random.Random(seed)  # noqa: S311 - to be repeatable
        self.jobs = [self._job(dice) for _ in range(JOBS)]

    @staticmethod
    def _job(dice: random.Random) -> tuple[float, list[tuple[float, int]]]:
        duration = dice.uniform(120, 300)
        levels = sorted(dice.sample(range(5, 96), dice.randint(2, 6)))
        return duration, [(duration * level / 100 * dice.uniform(0.95, 1.05), level) for level in levels]


def fixed_interval(vendor: SimulatedVendor, every: float) -> list[Outcome]:
    """A loop that polls at a fixed interval."""
    looks = [(duration, math.ceil(duration / every)) for duration, _ in vendor.jobs]
    return [(count * every - duration, count) for duration, count in looks]


def sdk_polling(vendor: SimulatedVendor) -> list[Outcome]:
    """The SDK, which learns from each job for the next."""
    experience = DurationHistory()
    return [_simulate(duration, jumps, experience) for duration, jumps in vendor.jobs]


def summary(outcomes: list[Outcome]) -> tuple[float, float]:
    """Mean seconds late, mean polls a job."""
    return statistics.mean(late for late, _ in outcomes), statistics.mean(looks for _, looks in outcomes)


def _simulate(duration: float, levels: list[tuple[float, int]], experience: DurationHistory) -> Outcome:
    now, looks = 0.0, 0

    def answer() -> ApiResponse:
        done = now >= duration
        progress = 100 if done else max([0, *(level for at, level in levels if at <= now)])
        status = "completed" if done else "in_progress"
        job = {"id": "video_1", "model": "sora-2", "status": status, "progress": progress, "size": "1280x720"}
        return ApiResponse(200, {"content-type": "application/json"}, msgspec.json.encode(job))

    def see(_video: VideoData, _request_id: str | None) -> Procedure[None]:
        yield from ()

    session = ClientState(clock=lambda: now, jitter=lambda: 0.5, duration_history=experience)
    machine: Generator[Effect, Any, None] = poll_until_finished(session, "video_1", see)
    result: object = None
    while True:
        try:
            action = machine.send(result)
        except StopIteration:
            return now - duration, looks
        result = None
        match action:
            case Sleep(seconds):
                now += seconds
            case RunBlocking(call):
                result = call()
            case Send():
                looks += 1
                result = answer()
