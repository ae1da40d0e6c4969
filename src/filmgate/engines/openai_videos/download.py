"""Downloads a finished video: finds its URL and maps failures to engine errors."""

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
    """Downloads the videos of one engine.

    Args:
        name: the engine's.
        client: sends the requests; its key goes to the upstream's own origin only.
        options: limits and timeouts.
    """

    def __init__(self, name: str, client: UpstreamClient, options: OpenAIVideosOptions) -> None:
        self._name = name
        self._client = client
        self._options = options

    async def fetch(self, upstream: Upstream, ticket: str, report: JobReport | None, into: Path) -> None:
        """Write the video of a completed job to ``into``.

        Args:
            upstream: builds and reads the requests.
            ticket: of the job.
            report: its last poll, if the dialect returns the video's URL there.
            into: the file; removed if the fetch fails.

        Raises:
            EngineUnavailable: the download failed.
            BadArtifact: the downloaded file is no video.
        """
        call = upstream.content(ticket, report)
        failure = await self._download(call.url or self._client.url(call.path), into)
        other_url = failure and upstream.read_content_error(failure.status, failure.body)
        if other_url:
            failure = await self._download(other_url, into)
        if failure:
            log.warning("upstream.fetch", engine=self._name, status=failure.status)
            raise EngineUnavailable(retry_after=retry_after(failure.headers))

    async def _download(self, url: str, into: Path) -> HttpStatusError | None:
        """Download; return the error response if there was one."""
        options = self._options
        limit, within = options.download_limit, options.download_timeout
        try:
            await download(self._client, url, into, limit=limit, within=within, content_error=content_error)
        except HttpStatusError as failure:
            return failure
        except TransportError as fault:
            log.warning("upstream.fetch", engine=self._name, reason=str(fault))
            raise EngineUnavailable from fault
        except UnexpectedContent as error:
            raise BadArtifact(str(error)) from error
        return None


def content_error(head: bytes) -> str | None:
    """Return what is wrong with a file that starts with ``head``; None for an MP4."""
    if head[4:8] == b"ftyp":
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    kinds = {b"<": "HTML", b"{": "JSON", b"[": "JSON"}
    if start in kinds:
        return f"The file is no MP4, it looks like {kinds[start]}."
    return "The file is no MP4." if head else "The file is empty."
