"""The invariants, as one pure function: what clients saw, what the rows say and what lies in the folder must agree.

Every test that kills, cuts or floods a Filmgate ends in :func:`violations`. It shares no code with the server: rows
are read from the database file as they are (:func:`read_rows`), files from the folder (:func:`read_files`), a
process's resources from the kernel (:func:`read_resources`).

The invariants' names are those of docs/explanation, a file a group:

- :mod:`~filmgate.testing.checker.lost_and_duplicate`: I1 nothing accepted is lost, I2 nothing paid is submitted twice
- :mod:`~filmgate.testing.checker.ledger`: I3 the ledger is right
- :mod:`~filmgate.testing.checker.progress`: I4 a status only moves forward, and bytes stay as they are
- :mod:`~filmgate.testing.checker.webhooks`: I5 every event reaches its endpoints
- :mod:`~filmgate.testing.checker.isolation`: I6 accounts are isolated, I7 an error has the API's shape
- :mod:`~filmgate.testing.checker.leaks`: I8 no secret is stored or logged in clear text
- :mod:`~filmgate.testing.checker.files`: I9 nothing is left over, or lies elsewhere
- :mod:`~filmgate.testing.checker.resources`: I10 a process at rest is as it was
"""

from __future__ import annotations

from filmgate.testing.checker.check import violations
from filmgate.testing.checker.collect import list_files, read_contents, read_files, read_resources, read_rows
from filmgate.testing.checker.facts import (
    AssetRow,
    ClientResponse,
    DatabaseSnapshot,
    FileDigest,
    HistoryRow,
    LedgerRow,
    OutboxEventRow,
    ProcessResources,
    ReceivedWebhook,
    ResourceCheck,
    ResourceTolerance,
    SecretScan,
    SurroundingFiles,
    VideoRow,
)

__all__ = [
    "AssetRow",
    "ClientResponse",
    "DatabaseSnapshot",
    "FileDigest",
    "HistoryRow",
    "LedgerRow",
    "OutboxEventRow",
    "ProcessResources",
    "ReceivedWebhook",
    "ResourceCheck",
    "ResourceTolerance",
    "SecretScan",
    "SurroundingFiles",
    "VideoRow",
    "list_files",
    "read_contents",
    "read_files",
    "read_resources",
    "read_rows",
    "violations",
]
