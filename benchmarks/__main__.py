"""``make bench``: every row of docs/explanation/performance.md, or those named as arguments."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import rows


def main(names: list[str]) -> int:
    """Run the rows and print the table."""
    unknown = set(names) - set(rows.ROWS)
    if unknown:
        print(f"No such row: {', '.join(sorted(unknown))}. There are: {', '.join(rows.ROWS)}.", file=sys.stderr)
        return 2
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    print(f"{'work':<44}{'ours':>20}{'reference':>20}{'figure':>12}")
    for name in names or rows.ROWS:
        with tempfile.TemporaryDirectory(prefix="filmgate-bench-") as folder:
            for row in rows.ROWS[name](Path(folder)):
                print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
