"""The report: what was run, how often, and what was wrong."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["ROOT", "ReportRow", "render_page"]

ROOT = Path(__file__).parent.parent


class ReportRow(Struct, frozen=True):
    """One row."""

    name: str
    count: int
    unit: str
    violations: Sequence[str] = ()
    note: str = ""
    seconds: float = 0.0

    def with_seconds(self, seconds: float) -> ReportRow:
        """A copy with its duration."""
        return msgspec.structs.replace(self, seconds=seconds)

    def __str__(self) -> str:
        verdict = (
            "0 wrong" if not self.violations else f"{len(self.violations)} WRONG: {'; '.join(self.violations[:3])}"
        )
        return f"{self.name}: {self.count:,} {self.unit}, {verdict} ({self.seconds:.0f} s) {self.note}".rstrip()


def render_page(rows: Sequence[ReportRow], *, seed: int, scale: float) -> str:
    """RELIABILITY.md."""
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    lines = [
        "# Reliability",
        "",
        "No accepted job is lost, submitted twice or billed wrongly, whatever dies and whatever the upstream answers.",
        "This page is written by `make reliability`; the campaigns are in `reliability/`, the invariants in",
        "[how reliability is kept](docs/explanation/reliability.md).",
        "",
        f"Commit `{_commit()}`, seed {seed}, {scale:g} of a release's counts, {time.strftime('%Y-%m-%d')}, {machine}.",
        f"The same counts again: `make reliability SEED={seed}" + (f" SCALE={scale:g}" if scale != 1.0 else "") + "`.",
        "",
        "| Campaign | Count | Violations | Result |",
        "|---|---:|---:|---|",
        *(f"| {row.name} | {row.count:,} {row.unit} | {len(row.violations)} | {row.note} |" for row in rows),
    ]
    wrong = [f"- {row.name}: {sentence}" for row in rows for sentence in row.violations]
    return "\n".join([*lines, *(["", "## Violations", "", *wrong] if wrong else []), ""])


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
