"""The checks of ``filmgate doctor``, one function each; they return findings and raise no error about them."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from msgspec import Struct

from filmgate.cli.exit_codes import ExitCode

__all__ = ["Finding", "ProbeTarget", "check_address", "check_api", "check_connection", "check_machine", "embedded"]

MIN_FREE_BYTES = 512 * 1024 * 1024
"""Minimum free bytes on the disk."""

MAX_CLOCK_SKEW = 60.0
"""Maximum difference of two clocks, in seconds."""

TIMEOUT = 15.0

SHUT_DOWN_HOSTS = {
    "api.openai.com": "2026-09-24",
    "sora.chatgpt.com": "2026-04-26",
}
"""Hosts whose video API was shut down, and the date."""

_LOCAL_PREFIXES = ("localhost", "127.", "10.", "192.168.", "[::1]", "::1")


class Finding(Struct, frozen=True, kw_only=True):
    """Result of one check. Its texts are ``doctor.{name}.message`` and, unless passed, ``doctor.{name}.hint``."""

    check: str  # what was checked
    name: str  # the result
    passed: bool = True
    blocking: bool = True  # whether nothing works until it is fixed
    code: ExitCode = ExitCode.ERROR  # exit code if this is the first blocking finding
    values: Mapping[str, object] = {}


class ProbeTarget(Struct, frozen=True, kw_only=True):
    """An API to check."""

    as_written: str  # the URL as the user wrote it
    base_url: str  # the normalised URL
    headers: Mapping[str, str]  # with the API key
    models: tuple[str, ...] = ()  # model names that the API should list

    @property
    def host(self) -> str:
        """The host name."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """The port; by scheme if the URL names none."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secure(self) -> bool:
        """Whether the URL uses TLS."""
        return self.base_url.startswith("https:")


def check_machine(folder: Path) -> Iterator[Finding]:
    """Check Python, the codecs and the free disk space."""
    yield Finding(check="python", name="python", values={"version": sys.version.split()[0]})
    yield _check_codecs()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    enough = free >= MIN_FREE_BYTES
    values = {"folder": folder, "free": free // 2**20, "least": MIN_FREE_BYTES // 2**20}
    name = "disk" if enough else "disk_full"
    yield Finding(check="disk", name=name, passed=enough, code=ExitCode.DISK_FULL, values=values)


def embedded(folder: Path) -> Finding:
    """Check whether commands without a base URL can use the engine in this process."""
    if find_spec("dbos") is None:
        return Finding(check="address", name="no_address", passed=False, code=ExitCode.USAGE)
    return Finding(check="address", name="embedded", values={"data": folder})


def check_address(target: ProbeTarget) -> Iterator[Finding]:
    """Check the URL itself, without a connection."""
    written, host = target.as_written.strip("\"' "), target.host
    values = {"written": written, "base_url": target.base_url, "host": host, "since": SHUT_DOWN_HOSTS.get(host, "")}
    if host in SHUT_DOWN_HOSTS:
        yield Finding(check="address", name="shut_down", passed=False, values=values)
    elif written.rstrip("/") not in {target.base_url, target.base_url.removesuffix("/v1")}:
        yield Finding(check="address", name="normalized", passed=False, blocking=False, values=values)
    elif not target.secure and not host.startswith(_LOCAL_PREFIXES):
        yield Finding(check="address", name="unencrypted", passed=False, blocking=False, values=values)
    else:
        yield Finding(check="address", name="address", values=values)


async def check_connection(target: ProbeTarget, tls: ssl.SSLContext | None = None) -> AsyncIterator[Finding]:
    """Check name resolution, port and certificate; stop at the first failure."""
    values: dict[str, object] = {"host": target.host, "port": target.port}
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(target.host, target.port)
    except OSError as error:
        yield _failure("dns", "dns_unknown", values, error)
        return
    yield Finding(check="dns", name="dns", values=values | {"address": addresses[0][4][0]})
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(target.host, target.port, ssl=_tls(target, tls))
        writer.close()
    except ssl.SSLCertVerificationError as error:
        yield _failure("tls", "certificate", values, error, error.verify_message)
    except ssl.SSLError as error:
        yield _failure("tls", "no_tls", values, error)
    except (OSError, TimeoutError) as error:
        yield _failure("connection", "connection_refused", values, error)
    else:
        yield Finding(check="connection", name="tls" if target.secure else "connection", values=values)


async def check_api(client: httpx2.AsyncClient, target: ProbeTarget, now: float) -> AsyncIterator[Finding]:
    """List the models, which costs nothing: the response shows most problems of URL, key and clock."""
    url = f"{target.base_url}/models"
    try:
        response = await client.get(url, headers=dict(target.headers), timeout=TIMEOUT)
    except httpx2.TransportError as error:
        yield _failure("api", "no_response", {"url": url}, error)
        return
    yield _classify(response, url)
    if skew := _skew(response, now):
        yield Finding(check="clock", name="clock_skew", passed=False, blocking=False, values={"seconds": round(skew)})
    else:
        yield Finding(check="clock", name="clock")
    if response.is_success and target.models:
        yield _check_models(response, target.models)


def _classify(response: httpx2.Response, url: str) -> Finding:
    values = {"url": url, "status": response.status_code, "location": response.headers.get("location", "")}
    for matches, name, code in _RESPONSE_CHECKS:
        if matches(response):
            check = "key" if code is ExitCode.KEY else "api"
            return Finding(check=check, name=name, passed=False, code=code, values=values)
    return Finding(check="api", name="api", values=values | {"count": len(_model_ids(response) or ())})


_RESPONSE_CHECKS: tuple[tuple[Callable[[httpx2.Response], bool], str, ExitCode], ...] = (
    (lambda answer: answer.is_redirect, "redirect", ExitCode.USAGE),
    (lambda answer: "html" in answer.headers.get("content-type", ""), "html", ExitCode.USAGE),
    (lambda answer: answer.status_code in {401, 403}, "key_refused", ExitCode.KEY),
    (lambda answer: answer.status_code in {404, 405}, "no_models", ExitCode.USAGE),
    (lambda answer: answer.status_code == httpx2.codes.TOO_MANY_REQUESTS, "busy", ExitCode.TEMPORARY),
    (lambda answer: answer.is_server_error, "busy", ExitCode.TEMPORARY),
    (lambda answer: not answer.is_success or _model_ids(answer) is None, "unexpected_response", ExitCode.ERROR),
)
"""Problems that a response shows: test, finding name, exit code. The first match counts."""


def _model_ids(response: httpx2.Response) -> list[str] | None:
    try:
        data = response.json()["data"]
        return [str(each["id"]) for each in data]
    except (ValueError, KeyError, TypeError):
        return None


def _check_models(response: httpx2.Response, expected: tuple[str, ...]) -> Finding:
    listed = _model_ids(response) or []
    missing = [name for name in expected if name not in listed]
    values = {"models": ", ".join(missing or expected), "listed": ", ".join(listed[:10])}
    if missing:
        # Some vendors list only some of their models.
        return Finding(check="models", name="models_missing", passed=False, blocking=False, values=values)
    return Finding(check="models", name="models", values=values)


def _skew(response: httpx2.Response, now: float) -> float | None:
    """Return the seconds that the server's clock is ahead, if more than ``MAX_CLOCK_SKEW``."""
    try:
        skew = parsedate_to_datetime(response.headers.get("date", "")).timestamp() - now
    except ValueError:
        return None
    return skew if abs(skew) > MAX_CLOCK_SKEW else None


def _failure(check: str, name: str, values: Mapping[str, object], error: Exception, message: str = "") -> Finding:
    reason = message or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Finding(check=check, name=name, passed=False, code=ExitCode.TEMPORARY, values={**values, "reason": reason})


def _tls(target: ProbeTarget, custom: ssl.SSLContext | None) -> ssl.SSLContext | None:
    return (custom or ssl.create_default_context()) if target.secure else None


def _check_codecs() -> Finding:
    try:
        import av  # noqa: PLC0415 - whether it can be loaded is the question

        for name in ("libx264", "aac"):
            av.Codec(name, "w")
    except ModuleNotFoundError:
        return Finding(check="codecs", name="client_only")
    except (ImportError, ValueError) as error:
        return Finding(check="codecs", name="no_codecs", passed=False, values={"reason": error})
    return Finding(check="codecs", name="codecs", values={"version": av.__version__})
