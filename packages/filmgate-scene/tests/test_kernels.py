"""Kernels: the shipped translation, the cache of machine code, and the checks of a call."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import llvmlite.binding as llvm
import numpy as np
import pytest

from filmgate_scene.kernels import bitcode, declare, library, object_cache
from filmgate_scene.kernels.finish import box_blur
from filmgate_scene.kernels.noise import fbm
from filmgate_scene.kernels.object_cache import ObjectCache, cache_folder
from filmgate_scene.kernels.plates import extent, pack

if TYPE_CHECKING:
    from pathlib import Path

# Draws one frame with about ten kernels.
PROGRAM = """
import hashlib
from filmgate.domain import Size
from filmgate_scene.still import render_still
frame = render_still("stars in space", at=0.5, size=Size(64, 96), seconds=4, seed=3)
digest = hashlib.sha256(frame.tobytes()).hexdigest()
"""


def digest() -> str:
    """The digest of the frame, drawn by this process."""
    names: dict[str, str] = {}
    exec(PROGRAM, names)  # noqa: S102 - the same program as the other processes run
    return names["digest"]


def draw(cache: Path) -> tuple[str, str]:
    """The digest and the log of a process that draws the frame with this cache."""
    program = [sys.executable, "-c", f"{PROGRAM}print(digest)"]
    environ = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


class Compiler:
    """Returns code, and counts its calls."""

    def __init__(self, code: bytes = b"machine code") -> None:
        self.code, self.calls = code, 0

    def __call__(self) -> bytes:
        """Return the code."""
        self.calls += 1
        return self.code


# -- the shipped file


def test_bitcode_is_current() -> None:
    """Run ``make kernels`` after a change of a kernel."""
    for name in bitcode.SOURCES:
        import_module(f"filmgate_scene.kernels.{name}")
    read = bitcode.Bitcode.read()
    assert read.sources == bitcode.source_digest()
    assert set(read.kernels) == {library.ALLOCATOR, *(kernel.name for kernel in declare.KERNELS)}


def test_bitcode_has_no_source_paths() -> None:
    """The same sources give the same file in every folder."""
    assert b".py" not in b"".join(module.code for module in bitcode.Bitcode.read().modules)


def test_every_kernel_module_is_translated() -> None:
    """The list of modules is complete."""
    files = bitcode.FILE.parent.glob("*.py")
    assert {path.stem for path in files if "kernels.declare import" in path.read_text()} == set(bitcode.SOURCES)


def test_digest_ignores_comments_and_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment, a docstring or a line break needs no new translation; a number does."""
    (tmp_path / "road.py").write_text('"""Road."""\n\n\ndef one() -> float:\n    """One."""\n    return 1.0  # metre\n')
    (tmp_path / "same.py").write_text('"""A road."""\n\ndef one() -> float:\n    "1"\n    return (\n        1.0)\n')
    (tmp_path / "other.py").write_text(
        '"""Road."""\n\n\ndef one() -> float:\n    """One."""\n    return 1.5  # metre\n'
    )
    digests = []
    for name in ("road", "same", "other"):
        (tmp_path / f"{name}.py").replace(tmp_path / "road.py")
        monkeypatch.setattr(bitcode, "FILE", tmp_path / "bitcode.xz")
        monkeypatch.setattr(bitcode, "SOURCES", ("road",))
        digests.append(bitcode.source_digest())
    assert digests[0] == digests[1] != digests[2]


# -- the cache


def test_cache_is_per_user_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the user's cache folder, in a folder for this version, kernels, LLVM and processor."""
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("0.1.0-abc") == tmp_path / "filmgate" / "kernels" / "0.1.0-abc"


@pytest.mark.parametrize("changed", ["get_host_cpu_name", "get_process_triple"])
def test_each_processor_has_its_own_folder(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """Machine code of one processor never runs on another that shares the home folder."""
    build = library._build_key()
    monkeypatch.setattr(llvm, changed, lambda: "another")
    assert library._build_key() != build
    assert library._build_key().partition("-")[0] == build.partition("-")[0]


def test_numba_cache_dir_is_honoured(tmp_path: Path) -> None:
    """A process stores its machine code there; the next one reads it and draws the same frame."""
    assert draw(tmp_path) == (digest(), "")
    (folder,) = (tmp_path / "filmgate-scene").iterdir()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {f"{library.ALLOCATOR}.o", "finish_finish.o"} <= kept.keys()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert draw(tmp_path) == (digest(), "")
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == kept


def test_unwritable_cache_does_not_fail_rendering(tmp_path: Path) -> None:
    """The process compiles its own kernels, logs that once, and draws the same frame."""
    (tmp_path / "file").touch()
    drawn, log = draw(tmp_path / "file")
    assert drawn == digest()
    assert log.count("\n") == 1
    assert "their cache cannot be used" in log


def test_kernel_is_compiled_once(tmp_path: Path) -> None:
    """One process compiles it for all."""
    compiler = Compiler()
    for _ in range(2):
        assert ObjectCache(tmp_path / "build").fetch("road_road", compiler) == compiler.code
    assert compiler.calls == 1


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 200])
def test_damaged_file_is_compiled_again(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A file truncated by a full disk or a crash is replaced."""
    compiler = Compiler()
    (tmp_path / "build").mkdir(0o700)
    (tmp_path / "build" / "road_road.o").write_bytes(content)
    for _ in range(2):
        assert ObjectCache(tmp_path / "build").fetch("road_road", compiler) == compiler.code
    assert compiler.calls == 1
    assert caplog.text.count("is damaged") == 1


def test_failed_store_costs_only_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The folder vanished under the process, as if another process had pruned it."""
    compiler = Compiler()
    objects = ObjectCache(tmp_path / "build")
    (tmp_path / "build").rmdir()
    assert objects.fetch("road_road", compiler) == compiler.code
    assert "cannot store" in caplog.text


def test_folder_writable_by_others_is_not_trusted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its content would be executed."""
    compiler = Compiler()
    (tmp_path / "build").mkdir()
    (tmp_path / "build").chmod(0o777)
    for _ in range(2):
        ObjectCache(tmp_path / "build").fetch("road_road", compiler)
    assert compiler.calls == 2
    assert "others can write" in caplog.text


def test_least_recently_used_builds_are_removed(tmp_path: Path) -> None:
    """A new build replaces the least recently used one."""
    for number in range(object_cache._KEPT_BUILDS):
        ObjectCache(tmp_path / f"build{number}")
        os.utime(tmp_path / f"build{number}", (number, number))
    ObjectCache(tmp_path / "build0")  # used again
    ObjectCache(tmp_path / "new")
    kept = {f"build{number}" for number in range(object_cache._KEPT_BUILDS)} - {"build1"} | {"new"}
    assert {folder.name for folder in tmp_path.iterdir()} == kept


# -- calls


def test_kernels_read_and_return_arrays() -> None:
    """A kernel reads an array and returns a new one, also an empty one."""
    assert box_blur(np.zeros((3, 4), np.float32), 1).tolist() == [[0.0] * 4] * 3
    assert fbm(0, 3, 0.1, 0.1, 0.0, 0.0, 2, 0, 1).shape == (3, 0)
    assert extent(np.zeros((2, 3, 4), np.float32), 0.5) == (3, 2, 0, 0)
    assert pack(np.ones((2, 3, 4), np.float32)).tolist() == [[0xFFFFFFFF] * 3] * 2


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 4)), np.zeros(4, np.float32), np.zeros((3, 4), np.float32).T],
    ids=["element type", "dimensions", "order"],
)
def test_array_of_another_kind_is_refused(array: np.ndarray) -> None:
    """Machine code would read past its end."""
    with pytest.raises(TypeError, match="finish_box_blur: values is not float32 of 2 dimensions in C order"):
        box_blur(array, 1)


def test_wrong_number_of_arguments_is_refused() -> None:
    """Both fewer and more than declared."""
    with pytest.raises(ValueError, match="argument"):
        box_blur(np.zeros((3, 4), np.float32))  # type: ignore[call-arg]


def test_failed_allocation_raises_memory_error() -> None:
    """The error is MemoryError, as NumPy's is."""
    with pytest.raises(MemoryError):
        fbm(1 << 30, 1 << 30, 0.1, 0.1, 0.0, 0.0, 2, 0, 1)
