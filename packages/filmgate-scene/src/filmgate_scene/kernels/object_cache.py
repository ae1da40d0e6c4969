"""Caches the kernels' machine code in a folder of the user, for all processes, data folders and environments.

Each build (the package's version, its kernels, LLVM and the processor) has its own folder. A file is its content's
digest, then its content: a file truncated by a crash or a full disk is compiled again. An unusable cache costs time,
but never fails a video.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from filmgate.atomic_files import atomic_write

__all__ = ["ObjectCache", "cache_folder"]

_OWNER_ONLY = 0o700
_WRITABLE_BY_OTHERS = 0o022
_DIGEST_BYTES = 32
_KEPT_BUILDS = 4  # two environments, each before and after an update
_log = logging.getLogger(__name__)


def cache_folder(build: str) -> Path:
    """The folder of a build: in ``NUMBA_CACHE_DIR`` if that is set, else in the user's cache folder."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(chosen, "filmgate-scene") if chosen else user_cache_path("filmgate") / "kernels"
    return root / build


class ObjectCache:
    """The cached files of one build.

    Args:
        folder: the build's folder, which may not exist yet; its siblings belong to other builds.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._usable = self._open()

    def fetch(self, name: str, compile_code: Callable[[], bytes]) -> bytes:
        """Return machine code from the cache, or compile it and store it there.

        Two processes may compile the same code at once: both write the same file atomically. With a lock, a suspended
        process could block the other.
        """
        path = self._folder / f"{name}.o"
        code = self._read(path)
        if code is None:
            code = compile_code()
            self._write(path, code)
        return code

    def _open(self) -> bool:
        try:
            is_new = not self._folder.exists()
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
            if not _is_private(self._folder):
                _log.warning("each process compiles its kernels, since others can write to %s", self._folder)
                return False
            os.utime(self._folder)
            if is_new:
                _prune(self._folder.parent)
        except OSError as error:
            _log.warning("each process compiles its kernels, since their cache cannot be used: %s", error)
            return False
        return True

    def _read(self, path: Path) -> bytes | None:
        """Read a file's code; None if the file is missing or damaged."""
        if not self._usable:
            return None
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("cannot read a compiled kernel: %s", error)
            return None
        code = content[_DIGEST_BYTES:]
        if hashlib.sha256(code).digest() != content[:_DIGEST_BYTES]:
            _log.warning("compiled kernel is damaged and is compiled again: %s", path)
            return None
        return code

    def _write(self, path: Path, code: bytes) -> None:
        if not self._usable:
            return
        try:
            atomic_write(path, hashlib.sha256(code).digest() + code, mode=0o600, durable=False)
        except OSError as error:
            _log.warning("cannot store a compiled kernel: %s", error)


def _is_private(folder: Path) -> bool:
    """Whether only this user can write to the folder, since its files are executed."""
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS


def _prune(root: Path) -> None:
    """Remove the least recently used builds; a process that still runs one compiles what it misses."""
    builds = sorted((folder for folder in root.iterdir() if folder.is_dir()), key=lambda folder: folder.stat().st_mtime)
    for folder in builds[:-_KEPT_BUILDS]:
        shutil.rmtree(folder, ignore_errors=True)
