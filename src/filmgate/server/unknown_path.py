"""Paths that do not exist: an error that names the base URL which was probably meant.

A base URL with a slash at its end, without ``/v1`` or with ``/v1`` twice is the usual first mistake of a client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from filmgate.errors import UnknownUrl
from filmgate.server.addresses import public_root

__all__ = ["UnknownPath"]

MAX_PATH: Final = 300
"""Characters of a path up to which a hint is looked for, and which the error repeats."""

MAX_SLASHES: Final = 12
"""Slashes of a path up to which a hint is looked for."""


class UnknownPath:
    """The router's default: raises UnknownUrl.

    Args:
        routes: of the application.
        base_paths: of all dialects; the first is suggested where a path looks like none of them.
    """

    def __init__(self, routes: Sequence[Route], base_paths: Sequence[str]) -> None:
        self._routes = routes
        self._base_paths = base_paths
        rests = [route.path[len(base) + 1 :] for base in base_paths for route in routes if _is_under(route.path, base)]
        self._first_words = {rest.partition("/")[0] for rest in rests} - {""}

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise.

        Raises:
            UnknownUrl: always.
        """
        path = scope["path"]
        found = self._find(path) if len(path) <= MAX_PATH and path.count("/") <= MAX_SLASHES else None
        hint = "" if found is None else _hint(public_root(scope), path, *found)
        raise UnknownUrl(f"Invalid URL ({scope['method']} {path[:MAX_PATH]}){hint}")

    def _find(self, path: str) -> tuple[str, str] | None:
        """Return the base path and the rest of the path that was probably meant; None if there is none like it."""
        segments = [segment for segment in path.split("/") if segment]
        for position, segment in enumerate(segments):
            if segment in self._first_words:
                rest = "/" + "/".join(segments[position:])
                nearest = sorted(self._base_paths, key=lambda base: -_shared(base, segments[:position]))
                found = next((base for base in nearest if self._exists(base + rest)), None)
                if found is not None:
                    return found, rest
        return None

    def _exists(self, path: str) -> bool:
        return any(route.path_regex.match(path) for route in self._routes)


def _is_under(path: str, base: str) -> bool:
    return path.startswith(f"{base}/")


def _shared(base: str, segments: list[str]) -> int:
    """How many segments a base path and the beginning of a path share."""
    pairs = list(zip(base.split("/")[1:], segments, strict=False))
    return next((position for position, (own, other) in enumerate(pairs) if own != other), len(pairs))


def _hint(root: str, path: str, base: str, rest: str) -> str:
    text = f" (HINT: The address of this call is {root}{base}{rest}. Set the base URL to {root}{base}"
    if path.rstrip("/").endswith(base + rest) and path.rstrip("/") != base + rest:
        # Something stands before the right path: a program that adds the version to its base URL was given both.
        text += f", or to {root}{base.removesuffix('/v1')} for a program that adds /v1 by itself"
    if "//" in path or path.endswith("/"):
        text += ", without a slash at its end"
    return text + ".)"
