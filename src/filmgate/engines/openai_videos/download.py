"""Fetching a film: where it lies, and what it means if it does not come."""

from __future__ import annotations

from pathlib import Path

import structlog

from filmgate.engines.openai_videos.options import OpenAIVideosOptions
from filmgate.errors import BadArtifact, EngineUnavailable
from filmgate.net.client import TransportError, UpstreamClient
from filmgate.net.download import HttpStatusError, UnexpectedContent, download
from filmgate.wire.upstream import JobReport, Upstream
from filmgate.wire.upstream.parsing import retry_after

__all__ = ["Downloader", "content_error"]

log = structlog.get_logger()


class Downloader:
    """Downloads the films of one engine.

    Args:
        name: the engine's.
        client: how to get there; its key goes to the upstream's own origin only.
        options: limits and time-outs.
    """

    def __init__(self, name: str, client: UpstreamClient, options: OpenAIVideosOptions) -> None:
        self._name = name
        self._client = client
        self._options = options

    async def fetch(self, upstream: Upstream, ticket: str, report: JobReport | None, into: Path) -> None:
        """Write the film of a completed job to ``into``.

        Args:
            upstream: how it is spoken to.
            ticket: of the job.
            report: its last look, if the dialect says there where films lie.
            into: the file; nothing is left of it if the fetch fails.

        Raises:
            EngineUnavailable: it did not arrive.
            BadArtifact: what arrived is no film.
        """
        call = upstream.content(ticket, report)
        refused = await self._download(call.url or self._client.url(call.path), into)
        elsewhere = refused and upstream.read_content_error(refused.status, refused.body)
        if elsewhere:
            refused = await self._download(elsewhere, into)
        if refused:
            log.warning("upstream.fetch", engine=self._name, status=refused.status)
            raise EngineUnavailable(retry_after=retry_after(refused.headers))

    async def _download(self, url: str, into: Path) -> HttpStatusError | None:
        """Download; the refusal if there was one."""
        options = self._options
        limit, within = options.download_limit, options.download_timeout
        try:
            await download(self._client, url, into, limit=limit, within=within, content_error=content_error)
        except HttpStatusError as refused:
            return refused
        except TransportError as fault:
            log.warning("upstream.fetch", engine=self._name, reason=str(fault))
            raise EngineUnavailable from fault
        except UnexpectedContent as error:
            raise BadArtifact(str(error)) from error
        return None


def content_error(head: bytes) -> str | None:
    """What is wrong with a file that begins so; None for an MP4."""
    if head[4:8] == b"ftyp":
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    kinds = {b"<": "HTML", b"{": "JSON", b"[": "JSON"}
    if start in kinds:
        return f"The file is no MP4, it looks like {kinds[start]}."
    return "The file is no MP4." if head else "The file is empty."
