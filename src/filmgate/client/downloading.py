"""Downloads: into a part file, resumed after a break, verified, synced, then renamed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from filmgate.client.backends.filmgate import FILMGATE, Backend, ContentRequest
from filmgate.client.effects import (
    ApiResponse,
    Effect,
    Open,
    Procedure,
    Read,
    Request,
    RunBlocking,
    Send,
    Sleep,
    TransportFailure,
)
from filmgate.client.responses import error_from_response
from filmgate.client.retrying import ClientState, backoff, send_with_retries
from filmgate.errors import BadArtifact, ConnectionFailed, IntegrityError, OutputExists, UnexpectedAnswer
from filmgate.media import mp4_boxes
from filmgate.security.ip_scope import IpScope, is_ip_literal, scope_of

__all__ = ["OnBytes", "commit_file", "download_bytes", "save"]

OnBytes = Callable[[int, int | None], object]
"""Called with the bytes received so far and the total size (None if the server does not send it)."""

MAX_FRUITLESS_TRIES = 6
"""Consecutive resumes of a broken download that gain no byte."""

MAX_REDIRECTS = 5
"""Redirects followed; the key is not sent if a redirect leads to another host."""

_REDIRECTS = {301, 302, 303, 307, 308}
_ETAG = re.compile(r'"([A-Za-z0-9._-]{1,80})"')
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTENT_TYPES = ("video/", "image/", "application/octet-stream", "binary/octet-stream")


class _ContentInfo(Struct, frozen=True):
    """What a content response declares about the whole file."""

    offset: int  # position of the first byte of the body
    total: int | None
    etag: str | None  # strong, without quotes
    media_type: str


class _PartFile:
    """The growing file beside the target; its name contains the ETag of the content it is a part of."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.etag: str | None = None
        self._file: IO[bytes] | None = None
        self.size = 0

    @property
    def path(self) -> Path:
        """The part file's path."""
        tag = f".{self.etag}" if self.etag else ""
        return self._target.with_name(f"{self._target.name}{tag}.part")

    def resume(self) -> None:
        """Continue the part file of an earlier download, if its name contains an ETag."""
        prefix, suffix = f"{self._target.name}.", ".part"
        for path in self._target.parent.glob("*.part"):
            etag = path.name[len(prefix) : -len(suffix)]
            if path.name.startswith(prefix) and _ETAG.fullmatch(f'"{etag}"'):
                self.etag, self.size = etag, path.stat().st_size

    def start(self, info: _ContentInfo) -> None:
        """Prepare for bytes from ``info.offset`` on; remove a part of other content."""
        self.close()
        if info.etag != self.etag or info.offset == 0:
            self.path.unlink(missing_ok=True)
            self.etag = info.etag
        self._file = self.path.open("r+b" if info.offset else "wb")
        self._file.truncate(info.offset)
        self._file.seek(info.offset)
        self.size = info.offset

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        if self._file is None:
            raise ValueError("not started")
        self._file.write(chunk)
        self.size += len(chunk)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Close and remove the part file: it cannot be completed."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.etag, self.size = None, 0


def save(
    state: ClientState,
    video_id: str,
    target: Path,
    *,
    variant: str = "video",
    force: bool = False,
    on_bytes: OnBytes | None = None,
    url: str | None = None,
    backend: Backend = FILMGATE,
) -> Procedure[Path]:
    """Download the content to ``target``: the file appears whole, verified and synced, or not at all.

    ``url`` is the address of the content from the last poll, if the server sends one.

    Raises:
        OutputExists: the target exists and ``force`` is false.
        IntegrityError: the received bytes are not the ones the server declares.
        VideoNotReady, VideoExpired, VideoNotFound: the server's error.
        ConnectionFailed: the connection broke too often; the next call resumes where this one stopped.
        OSError: the disk failed; the part file stays and can be resumed.
    """
    if target.exists() and not force:
        raise OutputExists(f"{target} already exists.")
    part = _PartFile(target)
    part.resume()
    try:
        info = yield from _transfer(state, backend, backend.content(video_id, variant, url), part, on_bytes)
    finally:
        part.close()
    yield RunBlocking(lambda: _verify(part, info))
    yield RunBlocking(lambda: commit_file(part.path, target, force=force))
    return target


def download_bytes(
    state: ClientState, video_id: str, variant: str, *, backend: Backend = FILMGATE
) -> Procedure[ApiResponse]:
    """Download the content into memory and verify its length and digest.

    Raises:
        IntegrityError: the received bytes are not the ones the server declares.
        FilmgateError: the server's error.
    """
    request = msgspec.structs.replace(backend.content(video_id, variant, None)(), max_body_bytes=state.max_file_bytes)
    response = yield from _request_content(state, backend, request, Send)
    info = _parse_content_info(response)
    if info.total is not None and info.total != len(response.body):
        raise IntegrityError(f"{len(response.body)} bytes of {info.total} arrived.")
    _check_digest(hashlib.sha256(response.body).hexdigest(), info)
    return response


def _transfer(
    state: ClientState,
    backend: Backend,
    content_request: ContentRequest,
    part_file: _PartFile,
    on_bytes: OnBytes | None,
) -> Generator[Effect, Any, _ContentInfo]:
    """Request the missing bytes until the part file is complete."""
    fruitless = 0
    while True:
        size_before = part_file.size
        response = yield from _request_content(
            state, backend, content_request(offset=part_file.size, etag=part_file.etag), Open
        )
        if response.status == 416 and part_file.size:  # noqa: PLR2004 - Range Not Satisfiable: the part is too long
            part_file.discard()
            continue
        info = _parse_content_info(response)
        if info.offset and (info.offset, info.etag) != (part_file.size, part_file.etag):
            failure: object = "the server sent another range than the requested one"
            if not part_file.size:
                raise UnexpectedAnswer(f"The download cannot start: {failure}.")
            part_file.discard()
        else:
            part_file.start(info)
            failure = yield from _copy_body(part_file, info, on_bytes, state.max_file_bytes)
            if failure is None and part_file.size >= (info.total or 0):
                return info
        fruitless = 0 if part_file.size > size_before else fruitless + 1
        if fruitless >= MAX_FRUITLESS_TRIES:
            raise ConnectionFailed(f"The download broke off: {failure or 'the response ended early'}.")
        yield Sleep(backoff(state, fruitless))


def _request_content(
    state: ClientState, backend: Backend, request: Request, make_effect: Callable[[Request], Effect]
) -> Procedure[ApiResponse]:
    """Request the content, following redirects and retrying while the file of a just completed video is not ready."""
    not_ready_count = redirect_count = 0
    while True:
        yield from _check_address(state, request.url)
        response = yield from send_with_retries(state, request, make_effect)
        if response.status in _REDIRECTS and "location" in response.headers and redirect_count < MAX_REDIRECTS:
            url = urljoin(request.url or "", response.headers["location"])
            request = msgspec.structs.replace(request, url=url, params={})
            redirect_count += 1
        elif not_ready_count < (backend.ready_retries if make_effect is Open else 0) and backend.is_not_ready(response):
            yield Sleep(backoff(state, not_ready_count))
            not_ready_count += 1
        else:
            return response


def _check_address(state: ClientState, url: str | None) -> Procedure[None]:
    """Check that a server may redirect us to a URL: a public host, the server's own, or one in its private network.

    Raises:
        UnexpectedAnswer: the URL is not http(s), or its host has a private or reserved address.
    """
    if url is None:
        return
    target, api = urlsplit(url), urlsplit(state.api_address)
    if target.scheme not in {"http", "https"} or not target.hostname:
        raise UnexpectedAnswer(f"The server refers to {url[:200]!r}, which is not an http(s) URL.")
    if api.hostname in {None, target.hostname}:
        return
    scope = yield from _scope(state, target.hostname)
    if scope is IpScope.PUBLIC or (
        scope is IpScope.PRIVATE and (yield from _scope(state, api.hostname)) is not IpScope.PUBLIC
    ):
        return
    raise UnexpectedAnswer(f"The server refers to {target.hostname}, an address of a private or reserved network.")


def _scope(state: ClientState, host: str) -> Procedure[IpScope]:
    """Return the most restricted scope of a host's addresses; PUBLIC for a host without any, which is unreachable."""
    addresses = [host] if is_ip_literal(host) else (yield RunBlocking(partial(state.resolve_host, host)))
    return max(map(scope_of, addresses), default=IpScope.PUBLIC)


def _copy_body(
    part_file: _PartFile, info: _ContentInfo, on_bytes: OnBytes | None, max_bytes: int
) -> Generator[Effect, Any, TransportFailure | None]:
    try:
        while chunk := (yield Read()):
            part_file.write(chunk)
            if part_file.size > max_bytes:
                part_file.discard()
                raise IntegrityError(f"The response is longer than {max_bytes} bytes, the limit for a file.")
            if on_bytes is not None:
                on_bytes(part_file.size, info.total)
    except TransportFailure as failure:
        return failure
    finally:
        part_file.close()
    return None


def _parse_content_info(response: ApiResponse) -> _ContentInfo:
    if response.status not in {200, 206}:
        raise error_from_response(response)
    media_type = response.media_type
    if not media_type.startswith(_CONTENT_TYPES):
        raise UnexpectedAnswer(f"Got {media_type or 'no content type'} instead of a video or an image.")
    tag = _ETAG.fullmatch(response.headers.get("etag", ""))
    length = response.headers.get("content-length", "")
    total, offset = (int(length) if length.isdecimal() else None), 0
    if response.status == 206:  # noqa: PLR2004 - Partial Content
        offset, total = _content_range(response.headers.get("content-range", ""))
    return _ContentInfo(offset, total, tag[1] if tag else None, media_type)


def _content_range(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", text.strip())
    if match is None:
        raise UnexpectedAnswer(f"A partial response with the Content-Range {text!r}.")
    return int(match[1]), int(match[2])


def _verify(part_file: _PartFile, info: _ContentInfo) -> None:
    """Check length, digest and boxes; remove a part that fails, otherwise every later call would resume it."""
    try:
        _check_file(part_file, info)
    except IntegrityError:
        part_file.discard()
        raise


def _check_file(part_file: _PartFile, info: _ContentInfo) -> None:
    if info.total is not None and part_file.size != info.total:
        raise IntegrityError(f"{part_file.size} bytes of {info.total} arrived.")
    with part_file.path.open("rb") as file:
        _check_digest(hashlib.file_digest(file, "sha256").hexdigest(), info)
    if info.media_type == "video/mp4":
        _check_mp4(part_file.path)


def _check_mp4(path: Path) -> None:
    """Detect a truncated file by its boxes: a server may declare half a file as the whole, without a digest."""
    try:
        mp4_boxes.walk_video(path)
    except BadArtifact as error:
        raise IntegrityError(f"The file is not a complete MP4. {error}") from error


def _check_digest(digest: str, info: _ContentInfo) -> None:
    if info.etag and _SHA256.fullmatch(info.etag) and info.etag != digest:
        raise IntegrityError("The SHA-256 of the received bytes differs from the server's.")


def commit_file(part: Path, target: Path, *, force: bool, sync: Callable[[int], object] = os.fsync) -> None:
    """Rename a complete part to its target; after a power failure all of the file is there or none of it.

    Args:
        part: the file, verified.
        target: its final path.
        force: replace an existing file.
        sync: flushes a file descriptor to the disk.

    Raises:
        OutputExists: the target exists and ``force`` is false.
    """
    with part.open("rb") as file:
        sync(file.fileno())
    if force:
        part.replace(target)
    else:
        try:
            _rename_exclusive(part, target)
        except FileExistsError as error:
            raise OutputExists(f"{target} already exists.") from error
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        sync(folder)
    finally:
        os.close(folder)


def _rename_exclusive(part: Path, target: Path) -> None:
    """Rename, but never replace a file that was created in the meantime."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        part.rename(target)
    else:
        part.unlink()
