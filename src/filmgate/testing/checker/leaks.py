"""I8: no key, secret or signed URL stands in the clear in a log, an error, a metric or the database."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.testing.checker.facts import Search

__all__ = ["leaked"]


def leaked(search: Search) -> Iterator[str]:
    """Places where a secret stands; what it is, never the secret itself."""
    canaries = {name: secret.encode() for name, secret in search.canaries.items()}
    for where, text in search.texts:
        for name, secret in canaries.items():
            if secret in text:
                yield f"I8: {name} stands in {where}"
