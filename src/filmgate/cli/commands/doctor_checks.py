"""What ``filmgate doctor`` looks at, one thing a function: each returns findings, none raises for what it finds."""

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

from filmgate.cli.exit_codes import Exit

__all__ = ["Finding", "Target", "address", "api", "embedded", "machine", "reach"]

ROOM = 512 * 1024 * 1024
"""Bytes that should be free."""

SKEW = 60.0
"""Seconds by which two clocks may differ."""

PATIENCE = 15.0

DEAD = {
    "api.openai.com": "2026-09-24",
    "sora.chatgpt.com": "2026-04-26",
}
"""Vendors whose video API was shut down, and when."""

_NEAR = ("localhost", "127.", "10.", "192.168.", "[::1]", "::1")


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. Its texts are ``doctor.{name}`` and, unless it is fine, ``doctor.{name}.mend``."""

    check: str  # what was looked at
    name: str  # what was found
    good: bool = True
    serious: bool = True  # whether it keeps things from working
    code: Exit = Exit.ERROR  # how the command ends, if this is the worst
    values: Mapping[str, object] = {}


class Target(Struct, frozen=True, kw_only=True):
    """An API to look at."""

    spelt: str  # the address as somebody wrote it
    base_url: str  # in its one spelling
    headers: Mapping[str, str]  # the key's
    models: tuple[str, ...] = ()  # that are to be served

    @property
    def host(self) -> str:
        """The name to look up."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """The port to knock at."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secure(self) -> bool:
        """Whether it is to speak TLS."""
        return self.base_url.startswith("https:")


def machine(folder: Path) -> Iterator[Finding]:
    """Python, the codecs, and room on the disk."""
    yield Finding(check="python", name="python", values={"version": sys.version.split()[0]})
    yield _codecs()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    good = free >= ROOM
    values = {"folder": folder, "free": free // 2**20, "least": ROOM // 2**20}
    name = "disk" if good else "disk_full"
    yield Finding(check="disk", name=name, good=good, code=Exit.DISK_FULL, values=values)


def embedded(folder: Path) -> Finding:
    """Whether commands without an address can use the engine in this process."""
    if find_spec("dbos") is None:
        return Finding(check="address", name="no_address", good=False, code=Exit.USAGE)
    return Finding(check="address", name="embedded", values={"data": folder})


def address(target: Target) -> Iterator[Finding]:
    """What can be seen in the address alone."""
    spelt, host = target.spelt.strip("\"' "), target.host
    values = {"spelt": spelt, "base_url": target.base_url, "host": host, "since": DEAD.get(host, "")}
    if host in DEAD:
        yield Finding(check="address", name="dead", good=False, values=values)
    elif spelt.rstrip("/") not in {target.base_url, target.base_url.removesuffix("/v1")}:
        yield Finding(check="address", name="odd", good=False, serious=False, values=values)
    elif not target.secure and not host.startswith(_NEAR):
        yield Finding(check="address", name="open", good=False, serious=False, values=values)
    else:
        yield Finding(check="address", name="address", values=values)


async def reach(target: Target, tls: ssl.SSLContext | None = None) -> AsyncIterator[Finding]:
    """The name, the port, the certificate; stops at the first that fails."""
    values: dict[str, object] = {"host": target.host, "port": target.port}
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port)
    except OSError as error:
        yield _unreached("dns", "dns_unknown", values, error)
        return
    yield Finding(check="dns", name="dns", values=values | {"address": found[0][4][0]})
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(target.host, target.port, ssl=_tls(target, tls))
        writer.close()
    except ssl.SSLCertVerificationError as error:
        yield _unreached("tls", "certificate", values, error, error.verify_message)
    except ssl.SSLError as error:
        yield _unreached("tls", "no_tls", values, error)
    except (OSError, TimeoutError) as error:
        yield _unreached("connection", "refused", values, error)
    else:
        yield Finding(check="connection", name="tls" if target.secure else "connection", values=values)


async def api(client: httpx2.AsyncClient, target: Target, now: float) -> AsyncIterator[Finding]:
    """A cheap question that costs nothing: which models there are; the answer says most of what can be wrong."""
    url = f"{target.base_url}/models"
    try:
        answer = await client.get(url, headers=dict(target.headers), timeout=PATIENCE)
    except httpx2.TransportError as error:
        yield _unreached("api", "silent", {"url": url}, error)
        return
    yield _judged(answer, url)
    if skew := _skew(answer, now):
        yield Finding(check="clock", name="clock_off", good=False, serious=False, values={"seconds": round(skew)})
    else:
        yield Finding(check="clock", name="clock")
    if answer.is_success and target.models:
        yield _served(answer, target.models)


def _judged(answer: httpx2.Response, url: str) -> Finding:
    values = {"url": url, "status": answer.status_code, "location": answer.headers.get("location", "")}
    for wrong, name, code in _VERDICTS:
        if wrong(answer):
            check = "key" if code is Exit.KEY else "api"
            return Finding(check=check, name=name, good=False, code=code, values=values)
    return Finding(check="api", name="api", values=values | {"count": len(_listed(answer) or ())})


_VERDICTS: tuple[tuple[Callable[[httpx2.Response], bool], str, Exit], ...] = (
    (lambda answer: answer.is_redirect, "redirect", Exit.USAGE),
    (lambda answer: "html" in answer.headers.get("content-type", ""), "html", Exit.USAGE),
    (lambda answer: answer.status_code in {401, 403}, "key_refused", Exit.KEY),
    (lambda answer: answer.status_code in {404, 405}, "no_models", Exit.USAGE),
    (lambda answer: answer.status_code == httpx2.codes.TOO_MANY_REQUESTS, "busy", Exit.TEMPORARY),
    (lambda answer: answer.is_server_error, "busy", Exit.TEMPORARY),
    (lambda answer: not answer.is_success or _listed(answer) is None, "strange", Exit.ERROR),
)
"""What an answer shows to be wrong, the first that fits, and how the command ends then."""


def _listed(answer: httpx2.Response) -> list[str] | None:
    try:
        data = answer.json()["data"]
        return [str(each["id"]) for each in data]
    except (ValueError, KeyError, TypeError):
        return None


def _served(answer: httpx2.Response, wanted: tuple[str, ...]) -> Finding:
    there = _listed(answer) or []
    missing = [name for name in wanted if name not in there]
    values = {"models": ", ".join(missing or wanted), "there": ", ".join(there[:10])}
    if missing:
        # Some vendors list only some of what they serve.
        return Finding(check="models", name="models_missing", good=False, serious=False, values=values)
    return Finding(check="models", name="models", values=values)


def _skew(answer: httpx2.Response, now: float) -> float | None:
    """Seconds that the server is ahead, if that is much."""
    try:
        skew = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - now
    except ValueError:
        return None
    return skew if abs(skew) > SKEW else None


def _unreached(check: str, name: str, values: Mapping[str, object], error: Exception, said: str = "") -> Finding:
    reason = said or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Finding(check=check, name=name, good=False, code=Exit.TEMPORARY, values={**values, "reason": reason})


def _tls(target: Target, given: ssl.SSLContext | None) -> ssl.SSLContext | None:
    return (given or ssl.create_default_context()) if target.secure else None


def _codecs() -> Finding:
    try:
        import av  # noqa: PLC0415 - whether it can be loaded is the question

        for name in ("libx264", "aac"):
            av.Codec(name, "w")
    except ModuleNotFoundError:
        return Finding(check="codecs", name="client_only")
    except (ImportError, ValueError) as error:
        return Finding(check="codecs", name="no_codecs", good=False, values={"reason": error})
    return Finding(check="codecs", name="codecs", values={"version": av.__version__})
