"""The tools of an agent: submit, get, list, estimate, download. No call takes longer than 45 seconds.

An agent may use one budget and one folder: paths outside the folder are refused, and a cost is reserved from the
budget before anything is sent.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from filmgate.cli.inputs.estimate import Estimate, estimate_video
from filmgate.cli.units import format_units
from filmgate.client import AsyncClient, AsyncVideo
from filmgate.domain import Status
from filmgate.errors import (
    FilmgateError,
    InvalidImage,
    InvalidValue,
    OutputExists,
    OverBudget,
    ServerError,
    SubmissionUnknown,
    UnexpectedAnswer,
    VideoFailed,
    WaitTimeout,
)

__all__ = ["MAX_CALL_SECONDS", "MAX_WAIT_SECONDS", "Tools"]

MAX_CALL_SECONDS = 45.0
"""Time limit of a call in seconds: hosts of agents give up after a minute."""

MAX_WAIT_SECONDS = 40
"""Maximum wait of a call for its video in seconds, so that the response arrives within ``MAX_CALL_SECONDS``."""

PAGE_SIZE = 100
MAX_SCANNED = 10 * PAGE_SIZE

UNCERTAIN_ERRORS = (SubmissionUnknown, ServerError, UnexpectedAnswer)
"""Errors of a create after which the video may exist: its cost stays reserved."""


class Tools:
    """The tools of one session.

    Args:
        client: the API.
        folder: where videos are saved and reference images are read from.
        budget_micros: what the session may spend, in micro-units; None: no limit.
    """

    def __init__(self, client: AsyncClient, folder: Path, budget_micros: int | None = None) -> None:
        self._client = client
        self._folder = folder.resolve()
        self._budget = budget_micros
        self._reserved: dict[str, int] = {}  # cost in micro-units by video id; 0 for failed videos
        self._pending = 0  # cost of creates without a response yet, in micro-units
        self._downloads: dict[str, asyncio.Task[Path]] = {}

    async def close(self) -> None:
        """Cancel running downloads; the next session resumes them where they stopped."""
        for task in self._downloads.values():
            task.cancel()
        await asyncio.gather(*self._downloads.values(), return_exceptions=True)

    async def submit_video(
        self,
        prompt: str,
        model: str | None = None,
        seconds: str | None = None,
        size: str | None = None,
        input_reference: str | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Submit a video; agents read ``DESCRIPTIONS`` of :mod:`filmgate.cli.commands.mcp.server`."""
        image = None if input_reference is None else self._resolve_image(input_reference)
        estimated = await estimate_video(self._client, model=model, size=size, seconds=seconds)
        price = self._check_budget(estimated)
        self._pending += price
        try:
            video = await self._client.videos.create(
                prompt,
                model=model,
                seconds=seconds,
                size=size,
                input_reference=image,
                idempotency_key=idempotency_key,
            )
        except FilmgateError as error:
            if not isinstance(error, UNCERTAIN_ERRORS):
                self._pending -= price
            raise
        self._pending -= price
        self._reserved.setdefault(video.id, price)
        return self._video_dict(video) | {"cost": format_units(price)} | self._budget_summary()

    async def get_video(self, video_id: str, wait_seconds: int = 0) -> dict[str, Any]:
        """Return a video, after an optional wait for its end."""
        video = await self._client.videos.retrieve(video_id)
        if wait_seconds > 0 and not video.finished:
            try:
                await video.wait(timeout=min(wait_seconds, MAX_WAIT_SECONDS))
            except (WaitTimeout, VideoFailed):
                await video.refresh()
        return self._video_dict(video)

    async def list_videos(self, limit: int = 20, status: str | None = None, after: str | None = None) -> dict[str, Any]:
        """List the account's videos, newest first."""
        if status is not None and status not in set(Status):
            raise InvalidValue.unsupported("status", status, [str(each) for each in Status])
        videos: list[dict[str, object]] = []
        scanned, last_id = 0, after
        async for video in self._client.videos.list(after=after, limit=PAGE_SIZE):
            scanned, last_id = scanned + 1, video.id
            if status is None or video.status == status:
                videos.append(self._video_dict(video))
            if len(videos) >= max(1, min(limit, PAGE_SIZE)) or scanned >= MAX_SCANNED:
                return {"videos": videos, "next_after": last_id}
        return {"videos": videos, "next_after": None}

    async def estimate(
        self, model: str | None = None, seconds: str | None = None, size: str | None = None
    ) -> dict[str, Any]:
        """Estimate the price and time of a video; submit nothing."""
        estimated = await estimate_video(self._client, model=model, size=size, seconds=seconds, timed=True)
        cost = None if estimated.price_micros is None else format_units(estimated.price_micros)
        return {
            "model": estimated.model,
            "size": estimated.size,
            "seconds": estimated.seconds,
            "cost": cost,
            "expected_seconds": estimated.expected_seconds,
        } | self._budget_summary()

    async def download(self, video_id: str, file_name: str | None = None) -> dict[str, Any]:
        """Save a completed video; a long download continues between calls."""
        target = self._target(file_name or f"{video_id}.mp4")
        task = self._downloads.get(video_id)
        if task is None:
            video = await self._client.videos.retrieve(video_id)
            if target.exists():
                raise OutputExists(str(target))
            task = self._downloads[video_id] = asyncio.create_task(video.save(target), name=f"download {video_id}")
        done, _ = await asyncio.wait([task], timeout=MAX_WAIT_SECONDS)
        if not done:
            return {"id": video_id, "saved": False, "note": "Still downloading: call download again."}
        del self._downloads[video_id]
        path = task.result()
        return {"id": video_id, "saved": True, "path": str(path), "bytes": path.stat().st_size}

    def _check_budget(self, estimated: Estimate) -> int:
        """Return the cost of the video, in micro-units.

        Raises:
            OverBudget: the session's budget does not cover it, or its price is unknown.
        """
        if self._budget is None:
            return estimated.price_micros or 0
        if estimated.price_micros is None:
            raise OverBudget("This session has a budget, but the server gives no price for the video.")
        left = self._budget - self._spent
        if estimated.price_micros > left:
            price = format_units(estimated.price_micros)
            raise OverBudget(
                f"The video costs {price}, but only {format_units(left)} of this session's budget is left."
            )
        return estimated.price_micros

    @property
    def _spent(self) -> int:
        return sum(self._reserved.values()) + self._pending

    def _budget_summary(self) -> dict[str, object]:
        left = None if self._budget is None else format_units(self._budget - self._spent)
        return {"spent_this_session": format_units(self._spent), "budget_left": left}

    def _video_dict(self, video: AsyncVideo) -> dict[str, object]:
        if video.status is Status.FAILED and video.id in self._reserved:
            self._reserved[video.id] = 0
        return {name: value for name, value in video.to_dict().items() if value is not None}

    def _resolve_image(self, reference: str) -> str:
        if reference.startswith(("http://", "https://", "data:")):
            return reference
        path = (self._folder / reference).resolve()
        if not path.is_relative_to(self._folder):
            raise InvalidImage("A reference image must be a URL or a file in this session's folder.")
        return str(path)

    def _target(self, file_name: str) -> Path:
        name = Path(file_name).name
        if name != file_name or name in {"", ".", ".."} or not name.isprintable():
            raise InvalidValue("The file name must not contain a folder: videos are saved in this session's folder.")
        return self._folder / (name if name.endswith(".mp4") else f"{name}.mp4")
