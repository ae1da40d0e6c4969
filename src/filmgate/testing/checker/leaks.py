"""I8: no key, secret or signed URL appears in clear text in a log, an error, a metric or the database."""

from __future__ import annotations

from collections.abc import Iterator

from filmgate.testing.checker.facts import SecretScan

__all__ = ["leaked_secrets"]


def leaked_secrets(scan: SecretScan) -> Iterator[str]:
    """Places that contain a secret; names its kind, never the secret."""
    canaries = {name: secret.encode() for name, secret in scan.canaries.items()}
    for where, text in scan.texts:
        for name, secret in canaries.items():
            if secret in text:
                yield f"I8: {name} stands in {where}"
