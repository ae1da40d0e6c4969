"""I8: no key, secret or signed URL stands in the clear in a log, an error, a metric or the database."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.testing.checker.facts import SecretScan

__all__ = ["leaked_secrets"]


def leaked_secrets(scan: SecretScan) -> Iterator[str]:
    """Places where a secret stands; what it is, never the secret itself."""
    canaries = {name: secret.encode() for name, secret in scan.canaries.items()}
    for where, text in scan.texts:
        for name, secret in canaries.items():
            if secret in text:
                yield f"I8: {name} stands in {where}"
