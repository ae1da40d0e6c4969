"""The invariants, as one pure function: what clients saw, what the rows say and what lies in the folder must agree.

Every test that kills, cuts or floods a Filmgate ends in :func:`violations`. It shares no code with the server: rows
are read from the database file as they are (:func:`read_rows`), files from the folder (:func:`read_files`), a
process's figures from the kernel (:func:`read_figures`).

The invariants' names are those of docs/explanation, a file a group:

- :mod:`~filmgate.testing.checker.lost_and_duplicate`: I1 nothing accepted is lost, I2 nothing paid is submitted twice
- :mod:`~filmgate.testing.checker.ledger`: I3 the books are right
- :mod:`~filmgate.testing.checker.progress`: I4 a status only moves forward, and bytes stay as they are
- :mod:`~filmgate.testing.checker.webhooks`: I5 whoever listens is told
- :mod:`~filmgate.testing.checker.isolation`: I6 accounts are apart, I7 an error has the wire's shape
- :mod:`~filmgate.testing.checker.leaks`: I8 no secret stands anywhere in the clear
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
