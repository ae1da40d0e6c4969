"""``make reliability SEED=…``: every campaign at release size; writes RELIABILITY.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reliability.campaigns import CAMPAIGNS
from reliability.report import ROOT, ReportRow, render_page


def main() -> int:
    """Run the campaigns and write the page; 1 if any found a violation."""
    given = _arguments()
    rows: list[ReportRow] = []
    for name in given.only or CAMPAIGNS:
        for row in _run(CAMPAIGNS[name], given.seed, given.scale):
            rows.append(row)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            (ROOT / given.out).write_text(render_page(rows, seed=given.seed, scale=given.scale), encoding="utf-8")
    return int(any(row.violations for row in rows))


def _run(row: Callable[[Path, int, float], Iterator[ReportRow]], seed: int, scale: float) -> Iterator[ReportRow]:
    with tempfile.TemporaryDirectory(prefix="filmgate-reliability-") as folder:
        began = time.monotonic()
        for came in row(Path(folder), seed, scale):
            yield came.with_seconds(time.monotonic() - began)
            began = time.monotonic()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make reliability", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="seed of all random decisions")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the release's counts")
    parser.add_argument("--out", default="RELIABILITY.md", help="the page, from the repository's root")
    parser.add_argument("only", nargs="*", choices=[[], *CAMPAIGNS], help="only these campaigns")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
