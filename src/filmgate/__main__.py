"""``filmgate`` and ``python -m filmgate``."""

from __future__ import annotations

import sys

from filmgate.cli import gc_policy
from filmgate.cli.environment import Environment
from filmgate.cli.main import run

__all__ = ["main"]


def main() -> None:
    """Run the command line in this process's environment and exit with its exit code."""
    gc_policy.on_start()
    code = run(sys.argv[1:], Environment.of_process())
    gc_policy.before_exit()
    sys.exit(code)


if __name__ == "__main__":
    main()
