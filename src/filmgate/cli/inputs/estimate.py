"""What a film will cost and how long it will take, known before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from statistics import median

from msgspec import Struct

from filmgate.client import AsyncClient, AsyncVideo, ModelData
from filmgate.domain import Status
from filmgate.errors import InvalidValue, MethodNotAllowed, NotFound, UnexpectedAnswer, UnknownModel

__all__ = ["Estimate", "check_model", "estimate_video", "list_models", "typical_seconds"]

DEFAULT_MODEL = "sora-2"
"""What a server makes of a request that names no model."""

MAX_RECENT = 100
"""Videos that are looked through for those of a kind."""

MAX_SAMPLES = 20
"""Videos of a kind whose times are worth averaging."""


class Estimate(Struct, frozen=True, kw_only=True):
    """A film before it is made; what is None is not known."""

    model: str
    size: str | None
    seconds: str | None
    price_micros: int | None  # millionths of a unit
    expected_seconds: float | None = None  # from the create to the film, by your own last ones of its kind


def check_model(models: Sequence[ModelData], *, model: str | None, size: str | None, seconds: str | None) -> Estimate:
    """Hold a wish against what a server says of its models, with the server's own words where it does not fit.

    Raises:
        UnknownModel: the server has others.
        InvalidValue: the model takes other sizes or seconds.
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
    """Seconds that films of this kind took; None where there was none."""
    took = (
        video.completed_at - video.created_at
        for video in videos
        if video.status is Status.COMPLETED
        and video.completed_at
        and (video.model, video.size, video.seconds) == (target.model, target.size, target.seconds)
    )
    times = list(islice(took, MAX_SAMPLES))
    return median(times) if times else None


async def list_models(client: AsyncClient) -> list[ModelData]:
    """What the server says of its models; nothing where it does not say."""
    try:
        return await client.models.list()
    except (NotFound, MethodNotAllowed, UnexpectedAnswer):
        return []


async def estimate_video(
    client: AsyncClient, *, model: str | None, size: str | None, seconds: str | None, timed: bool = False
) -> Estimate:
    """Ask the server; ``timed``: also for your last films, to know how long one takes. Raises as :func:`judge`."""
    wanted = check_model(await list_models(client), model=model, size=size, seconds=seconds)
    if not timed:
        return wanted
    recent: list[AsyncVideo] = []
    try:
        async for video in client.videos.list(limit=MAX_RECENT):
            recent.append(video)
            if len(recent) >= MAX_RECENT:
                break
    except (NotFound, MethodNotAllowed, UnexpectedAnswer):
        return wanted
    return Estimate(
        model=wanted.model,
        size=wanted.size,
        seconds=wanted.seconds,
        price_micros=wanted.price_micros,
        expected_seconds=typical_seconds(recent, wanted),
    )
