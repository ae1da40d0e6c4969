"""The process that a command runs in, as an argument: tests replace it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from msgspec import Struct

__all__ = ["Environment"]


class Environment(Struct, frozen=True, kw_only=True):
    """Streams, environment variables and a clock. Results go to ``stdout``, everything else to ``stderr``."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Callable[[], float] = time.time

    @classmethod
    def of_process(cls) -> Environment:
        """Return the environment of this process."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # an encoding that lacks a character shows a replacement
        return cls(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr, environ=os.environ)

    @property
    def language(self) -> str:
        """``zh`` where the locale is Chinese, else ``en``."""
        names = ("LC_ALL", "LC_MESSAGES", "LANG")
        locale = next((self.environ[name] for name in names if self.environ.get(name)), "")
        return "zh" if locale.lower().startswith("zh") else "en"

    @property
    def interactive(self) -> bool:
        """Whether ``stderr`` is a terminal, so that progress bars may be drawn there."""
        return self.stderr.isatty() and self.environ.get("TERM") != "dumb"
