"""Downloading: into a part file, taken up where it broke off, verified, synced, then renamed."""

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
"""Told the bytes that are here and, where the server says so, of how many."""

MAX_FRUITLESS_TRIES = 6
"""Times that a broken download is taken up without having gained a byte."""

MAX_REDIRECTS = 5
"""Redirects that are followed; the key stays behind where they lead to another host."""

_REDIRECTS = {301, 302, 303, 307, 308}
_ETAG = re.compile(r'"([A-Za-z0-9._-]{1,80})"')
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTENT_TYPES = ("video/", "image/", "application/octet-stream", "binary/octet-stream")


class _ContentInfo(Struct, frozen=True):
    """What an answer with content says about the whole file."""

    offset: int  # of the first byte that follows
    total: int | None
    etag: str | None  # strong, without quotes
    media_type: str


class _PartFile:
    """The file beside the target that grows; its name says of which content it is a part."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.etag: str | None = None
        self._file: IO[bytes] | None = None
        self.size = 0

    @property
    def path(self) -> Path:
        """Where it lies."""
        tag = f".{self.etag}" if self.etag else ""
        return self._target.with_name(f"{self._target.name}{tag}.part")

    def resume(self) -> None:
        """Take up what an earlier download left, if it says of what."""
        start, end = f"{self._target.name}.", ".part"
        for path in self._target.parent.glob("*.part"):
            etag = path.name[len(start) : -len(end)]
            if path.name.startswith(start) and _ETAG.fullmatch(f'"{etag}"'):
                self.etag, self.size = etag, path.stat().st_size

    def start(self, info: _ContentInfo) -> None:
        """Get ready for bytes from the offer's offset on; what is of no use any more is removed."""
        self.close()
        if info.etag != self.etag or info.offset == 0:
            self.path.unlink(missing_ok=True)
            self.etag = info.etag
        self._file = self.path.open("r+b" if info.offset else "wb")
        self._file.truncate(info.offset)
        self._file.seek(info.offset)
        self.size = info.offset

    def write(self, chunk: bytes) -> None:
        """Append."""
        if self._file is None:
            raise ValueError("not begun")
        self._file.write(chunk)
        self.size += len(chunk)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Remove it: nothing good can come of it."""
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
    """Bring the content to ``target``: there it is whole, verified and synced, or not at all.

    ``url`` is where the last look said that the film lies, if it said so.

    Raises:
        OutputExists: the target is there already and ``force`` was not given.
        IntegrityError: what arrived is not what the server says it has.
        VideoNotReady, VideoExpired, VideoNotFound: what the server answered.
        ConnectionFailed: it broke too often; the next call goes on where this one stopped.
        OSError: the disk refused; the part stays where it can be taken up.
    """
    if target.exists() and not force:
        raise OutputExists(f"{target} exists already.")
    part = _PartFile(target)
    part.resume()
    try:
        offer = yield from _transfer(state, backend, backend.content(video_id, variant, url), part, on_bytes)
    finally:
        part.close()
    yield RunBlocking(lambda: _verify(part, offer))
    yield RunBlocking(lambda: commit_file(part.path, target, force=force))
    return target


def download_bytes(
    state: ClientState, video_id: str, variant: str, *, backend: Backend = FILMGATE
) -> Procedure[ApiResponse]:
    """The content in memory, verified as far as bytes can be.

    Raises:
        IntegrityError: what arrived is not what the server says it has.
        FilmgateError: what the server answered.
    """
    request = msgspec.structs.replace(backend.content(video_id, variant, None)(), max_body_bytes=state.max_file_bytes)
    answer = yield from _request_content(state, backend, request, Send)
    offer = _parse_content_info(answer)
    if offer.total is not None and offer.total != len(answer.body):
        raise IntegrityError(f"{len(answer.body)} bytes of {offer.total} arrived.")
    _check_digest(hashlib.sha256(answer.body).hexdigest(), offer)
    return answer


def _transfer(
    state: ClientState,
    backend: Backend,
    content_request: ContentRequest,
    part_file: _PartFile,
    on_bytes: OnBytes | None,
) -> Generator[Effect, Any, _ContentInfo]:
    """Ask for what is missing until nothing is."""
    fruitless = 0
    while True:
        before = part_file.size
        answer = yield from _request_content(
            state, backend, content_request(offset=part_file.size, etag=part_file.etag), Open
        )
        if answer.status == 416 and part_file.size:
            part_file.discard()
            continue
        offer = _parse_content_info(answer)
        if offer.offset and (offer.offset, offer.etag) != (part_file.size, part_file.etag):
            broken: object = "the server sent another part of the content than it was asked for"
            if not part_file.size:
                raise UnexpectedAnswer(f"The download can't begin: {broken}.")
            part_file.discard()
        else:
            part_file.start(offer)
            broken = yield from _copy_body(part_file, offer, on_bytes, state.max_file_bytes)
            if broken is None and part_file.size >= (offer.total or 0):
                return offer
        fruitless = 0 if part_file.size > before else fruitless + 1
        if fruitless >= MAX_FRUITLESS_TRIES:
            raise ConnectionFailed(f"The download broke off: {broken or 'the answer ended early'}.")
        yield Sleep(backoff(state, fruitless))


def _request_content(
    state: ClientState, backend: Backend, request: Request, make_effect: Callable[[Request], Effect]
) -> Procedure[ApiResponse]:
    """The answer from wherever the content lies; a film that is only just completed may not be there yet."""
    late = hops = 0
    while True:
        yield from _check_address(state, request.url)
        answer = yield from send_with_retries(state, request, make_effect)
        if answer.status in _REDIRECTS and "location" in answer.headers and hops < MAX_REDIRECTS:
            url = urljoin(request.url or "", answer.headers["location"])
            request = msgspec.structs.replace(request, url=url, params={})
            hops += 1
        elif late < (backend.ready_retries if make_effect is Open else 0) and backend.is_not_ready(answer):
            yield Sleep(backoff(state, late))
            late += 1
        else:
            return answer


def _check_address(state: ClientState, url: str | None) -> Procedure[None]:
    """Check that a server may send us to a URL: a public host, the server's own, or one in its private network.

    Raises:
        UnexpectedAnswer: the URL is not http(s), or its host has a private or reserved address.
    """
    if url is None:
        return
    there, home = urlsplit(url), urlsplit(state.api_address)
    if there.scheme not in {"http", "https"} or not there.hostname:
        raise UnexpectedAnswer(f"The film is said to be at {url[:200]!r}, which is no web address.")
    if home.hostname in {None, there.hostname}:
        return
    scope = yield from _scope(state, there.hostname)
    if scope is IpScope.PUBLIC or (
        scope is IpScope.PRIVATE and (yield from _scope(state, home.hostname)) is not IpScope.PUBLIC
    ):
        return
    raise UnexpectedAnswer(f"The film is said to be at {there.hostname}, an address of a closed network: not asked.")


def _scope(state: ClientState, host: str) -> Procedure[IpScope]:
    """The most closed scope of a host's addresses; PUBLIC for a host without any, which can't be connected to."""
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
                raise IntegrityError(f"The answer goes on after {max_bytes} bytes: no film is so long.")
            if on_bytes is not None:
                on_bytes(part_file.size, info.total)
    except TransportFailure as fault:
        return fault
    finally:
        part_file.close()
    return None


def _parse_content_info(response: ApiResponse) -> _ContentInfo:
    if response.status not in {200, 206}:
        raise error_from_response(response)
    media_type = response.media_type
    if not media_type.startswith(_CONTENT_TYPES):
        raise UnexpectedAnswer(f"Got {media_type or 'something'} instead of a film.")
    tag = _ETAG.fullmatch(response.headers.get("etag", ""))
    length = response.headers.get("content-length", "")
    total, offset = (int(length) if length.isdecimal() else None), 0
    if response.status == 206:
        offset, total = _content_range(response.headers.get("content-range", ""))
    return _ContentInfo(offset, total, tag[1] if tag else None, media_type)


def _content_range(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", text.strip())
    if match is None:
        raise UnexpectedAnswer(f"A part of the content without its place: {text!r}.")
    return int(match[1]), int(match[2])


def _verify(part_file: _PartFile, info: _ContentInfo) -> None:
    """Length, hash, boxes; a part that fails is removed, or it would be taken up for ever."""
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
    """Detect a cut-off file by its boxes: a server may declare half a file as the whole, without a hash."""
    try:
        mp4_boxes.walk_video(path)
    except BadArtifact as error:
        raise IntegrityError(f"The file is no whole MP4. {error}") from error


def _check_digest(digest: str, info: _ContentInfo) -> None:
    if info.etag and _SHA256.fullmatch(info.etag) and info.etag != digest:
        raise IntegrityError("The bytes that arrived are not those that the server has (SHA-256).")


def commit_file(part: Path, target: Path, *, force: bool, sync: Callable[[int], object] = os.fsync) -> None:
    """Give a whole part its name; a power cut leaves all of the file there or none of it.

    Args:
        part: the file, verified.
        target: its name.
        force: whether a file that has it is replaced.
        sync: brings what a descriptor stands for to the disk.

    Raises:
        OutputExists: the name is taken.
    """
    with part.open("rb") as file:
        sync(file.fileno())
    if force:
        part.replace(target)
    else:
        try:
            _rename_exclusive(part, target)
        except FileExistsError as error:
            raise OutputExists(f"{target} exists already.") from error
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        sync(folder)
    finally:
        os.close(folder)


def _rename_exclusive(part: Path, target: Path) -> None:
    """Rename, but never over a file that appeared meanwhile."""
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
