"""A disk that can lose power, fill up and fail: the Python side of ``disk.c``."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["COMPILER", "FaultyDisk"]

COMPILER = "cc"
SOURCE = Path(__file__).with_name("disk.c")

_SYNC_ALL = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for path in (folder, *(os.path.join(folder, name) for name in names)):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
"""


class FaultyDisk:
    """One folder on such a disk.

    Args:
        folder: what the process under test writes to; it exists.
        scratch: where the shim and the mirror are kept.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self._mirror = scratch / "mirror"
        self._shim = scratch / "disk.so"
        if not self._shim.exists():
            scratch.mkdir(parents=True, exist_ok=True)
            command = [COMPILER, "-shared", "-fPIC", "-O2", "-o", str(self._shim), str(SOURCE), "-ldl", "-lpthread"]
            subprocess.run(command, check=True, capture_output=True)

    def environment(self, *, fault: int = 0, at: int = 0, times: int = 1) -> dict[str, str]:
        """Environment variables for a process on this disk.

        Args:
            fault: an errno, with which operations on the folder fail; 0: none fails.
            at: the first operation that fails, from 1.
            times: how many fail.
        """
        watched = {"LD_PRELOAD": str(self._shim), "DISK_ROOT": str(self.folder), "DISK_MIRROR": str(self._mirror)}
        return watched | ({"DISK_FAIL": f"{fault}@{at}+{times}"} if fault else {})

    def sync_all(self) -> None:
        """Sync the folder's whole content to the disk."""
        shutil.rmtree(self._mirror, ignore_errors=True)
        for part in ("files", "folders"):
            (self._mirror / part).mkdir(parents=True)
        command = [sys.executable, "-c", _SYNC_ALL, str(self.folder)]
        subprocess.run(command, check=True, env={**os.environ, **self.environment()})

    def cut_power(self) -> None:
        """Reduce the folder to its synced content; no process may have it open."""
        survived = self.folder.with_name(f"{self.folder.name}.survived")
        shutil.rmtree(survived, ignore_errors=True)
        self._restore_folder("root", survived)
        shutil.rmtree(self.folder)
        survived.rename(self.folder)

    def _restore_folder(self, identity: str, target: Path) -> None:
        target.mkdir(mode=0o700)
        names = self._mirror / "folders" / identity
        for line in names.read_text(encoding="utf-8").splitlines() if names.exists() else []:
            kind, entry, name = line.split(" ", 2)
            if kind == "d":
                self._restore_folder(entry, target / name)
                continue
            content = self._mirror / "files" / entry
            # A name that was synced with its folder, of a file that was not: it exists, and is empty.
            shutil.copyfile(content, target / name) if content.exists() else (target / name).touch()
            (target / name).chmod(0o600)


DISK_FULL = errno.ENOSPC
IO_ERROR = errno.EIO
