"""Price and expected time of a video, before it is submitted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from statistics import median

from msgspec import Struct, structs

from filmgate.client import AsyncClient, AsyncVideo, ModelData
from filmgate.domain import Status
from filmgate.errors import InvalidValue, MethodNotAllowed, NotFound, UnexpectedAnswer, UnknownModel

__all__ = ["Estimate", "check_model", "estimate_video", "list_models", "typical_seconds"]

DEFAULT_MODEL = "sora-2"
"""The server's default model."""

MAX_RECENT = 100
"""Maximum number of recent videos searched for similar ones."""

MAX_SAMPLES = 20
"""Maximum number of similar videos in the median."""


class Estimate(Struct, frozen=True, kw_only=True):
    """The estimate for a video. None: unknown."""

    model: str
    size: str | None
    seconds: str | None
    price_micros: int | None  # millionths of a unit
    expected_seconds: float | None = None  # from submission to completion: median of your recent similar videos


def check_model(models: Sequence[ModelData], *, model: str | None, size: str | None, seconds: str | None) -> Estimate:
    """Check parameters against the server's models, with the server's own error texts, and return their estimate.

    Raises:
        UnknownModel: the server does not have the model.
        InvalidValue: the model does not support the size or seconds.
    """
    name = model or DEFAULT_MODEL
    known = next((each for each in models if each.id == name), None)
    if known is None:
        if models:
            raise UnknownModel.with_known(name, [each.id for each in models])
        return Estimate(model=name, size=size, seconds=seconds, price_micros=None)
    for param, value, supported in (("size", size, known.sizes), ("seconds", seconds, known.seconds)):
        if value is not None and supported and value not in supported:
            raise InvalidValue.unsupported(param, value, supported)
    return Estimate(
        model=name,
        size=size or known.default_size,
        seconds=seconds or known.default_seconds,
        price_micros=known.price_micros(size, seconds),
    )


def typical_seconds(videos: Sequence[AsyncVideo], target: Estimate) -> float | None:
    """Return the median seconds that similar videos took; None without any."""
    durations = (
        video.completed_at - video.created_at
        for video in videos
        if video.status is Status.COMPLETED
        and video.completed_at
        and (video.model, video.size, video.seconds) == (target.model, target.size, target.seconds)
    )
    samples = list(islice(durations, MAX_SAMPLES))
    return median(samples) if samples else None


async def list_models(client: AsyncClient) -> list[ModelData]:
    """Return the server's models; empty if it has no such endpoint."""
    try:
        return await client.models.list()
    except (NotFound, MethodNotAllowed, UnexpectedAnswer):
        return []


async def estimate_video(
    client: AsyncClient, *, model: str | None, size: str | None, seconds: str | None, timed: bool = False
) -> Estimate:
    """Estimate by the server's models; ``timed``: also by your recent videos. Raises as :func:`check_model`."""
    estimate = check_model(await list_models(client), model=model, size=size, seconds=seconds)
    if not timed:
        return estimate
    recent: list[AsyncVideo] = []
    try:
        async for video in client.videos.list(limit=MAX_RECENT):
            recent.append(video)
            if len(recent) >= MAX_RECENT:
                break
    except (NotFound, MethodNotAllowed, UnexpectedAnswer):
        return estimate
    return structs.replace(estimate, expected_seconds=typical_seconds(recent, estimate))
