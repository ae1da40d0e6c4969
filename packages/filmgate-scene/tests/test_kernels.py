"""Kernels: the translation that ships, the machine code that is kept, and what a call checks."""

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

# Draws one frame: some ten kernels.
PROGRAM = """
import hashlib
from filmgate.domain import Size
from filmgate_scene.still import render_still
frame = render_still("stars in space", at=0.5, size=Size(64, 96), seconds=4, seed=3)
digest = hashlib.sha256(frame.tobytes()).hexdigest()
"""


def digest() -> str:
    """Of the frame, drawn by this process."""
    names: dict[str, str] = {}
    exec(PROGRAM, names)  # noqa: S102 - the same program as other processes run
    return names["digest"]


def draw(cache: Path) -> tuple[str, str]:
    """The digest and the log of a process that draws it with that cache."""
    program = [sys.executable, "-c", f"{PROGRAM}print(digest)"]
    environ = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


class Compiler:
    """Makes code, and counts how often."""

    def __init__(self, code: bytes = b"machine code") -> None:
        self.code, self.calls = code, 0

    def __call__(self) -> bytes:
        """The code."""
        self.calls += 1
        return self.code


# -- what ships


def test_bitcode_is_the_translation_of_the_sources() -> None:
    """After a change of a kernel: ``make kernels``."""
    for name in bitcode.SOURCES:
        import_module(f"filmgate_scene.kernels.{name}")
    read = bitcode.Bitcode.read()
    assert read.sources == bitcode.source_digest()
    assert set(read.kernels) == {library.ALLOCATOR, *(kernel.name for kernel in declare.KERNELS)}


def test_every_module_of_kernels_is_translated() -> None:
    """None is missing from the list."""
    files = bitcode.FILE.parent.glob("*.py")
    assert {path.stem for path in files if "kernels.declare import" in path.read_text()} == set(bitcode.SOURCES)


def test_wording_is_no_part_of_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


# -- where machine code is kept


def test_machine_code_is_kept_per_user_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the user's cache folder, in a folder of this version, kernels, LLVM and processor."""
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("0.1.0-abc") == tmp_path / "filmgate" / "kernels" / "0.1.0-abc"


@pytest.mark.parametrize("changed", ["get_host_cpu_name", "get_process_triple"])
def test_another_processor_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """Machine code of one processor never runs on another that shares the home folder."""
    build = library._build_key()
    monkeypatch.setattr(llvm, changed, lambda: "another")
    assert library._build_key() != build
    assert library._build_key().partition("-")[0] == build.partition("-")[0]


def test_numba_cache_dir_is_honoured(tmp_path: Path) -> None:
    """A process keeps its machine code there; the next one reads it and draws the same."""
    assert draw(tmp_path) == (digest(), "")
    (folder,) = (tmp_path / "filmgate-scene").iterdir()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {f"{library.ALLOCATOR}.o", "finish_finish.o"} <= kept.keys()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert draw(tmp_path) == (digest(), "")
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == kept


def test_a_cache_that_cannot_be_written_costs_no_frame(tmp_path: Path) -> None:
    """The process compiles for itself, says so once, and draws the same."""
    (tmp_path / "file").touch()
    drawn, log = draw(tmp_path / "file")
    assert drawn == digest()
    assert log.count("\n") == 1
    assert "their cache can't be used" in log


def test_a_kernel_is_compiled_once(tmp_path: Path) -> None:
    """By one process for all."""
    compiler = Compiler()
    for _ in range(2):
        assert ObjectCache(tmp_path / "build").fetch("road_road", compiler) == compiler.code
    assert compiler.calls == 1


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 200])
def test_a_damaged_file_is_compiled_again(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What a full disk or a crash left is no machine code: it is replaced."""
    compiler = Compiler()
    (tmp_path / "build").mkdir(0o700)
    (tmp_path / "build" / "road_road.o").write_bytes(content)
    for _ in range(2):
        assert ObjectCache(tmp_path / "build").fetch("road_road", compiler) == compiler.code
    assert compiler.calls == 1
    assert caplog.text.count("is damaged") == 1


def test_a_file_that_cannot_be_kept_costs_time_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The folder vanished under the process, as if another one had pruned it."""
    compiler = Compiler()
    objects = ObjectCache(tmp_path / "build")
    (tmp_path / "build").rmdir()
    assert objects.fetch("road_road", compiler) == compiler.code
    assert "not kept" in caplog.text


def test_a_folder_that_others_can_write_to_is_not_trusted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is in it would be run."""
    compiler = Compiler()
    (tmp_path / "build").mkdir()
    (tmp_path / "build").chmod(0o777)
    for _ in range(2):
        ObjectCache(tmp_path / "build").fetch("road_road", compiler)
    assert compiler.calls == 2
    assert "others can write" in caplog.text


def test_builds_that_were_used_long_ago_are_removed(tmp_path: Path) -> None:
    """A new one takes the place of the one that was used least recently."""
    for number in range(object_cache._KEPT_BUILDS):
        ObjectCache(tmp_path / f"build{number}")
        os.utime(tmp_path / f"build{number}", (number, number))
    ObjectCache(tmp_path / "build0")  # used again
    ObjectCache(tmp_path / "new")
    kept = {f"build{number}" for number in range(object_cache._KEPT_BUILDS)} - {"build1"} | {"new"}
    assert {folder.name for folder in tmp_path.iterdir()} == kept


# -- calls


def test_arrays_come_and_go() -> None:
    """A kernel reads an array and returns one of its own, an empty one too."""
    assert box_blur(np.zeros((3, 4), np.float32), 1).tolist() == [[0.0] * 4] * 3
    assert fbm(0, 3, 0.1, 0.1, 0.0, 0.0, 2, 0, 1).shape == (3, 0)
    assert extent(np.zeros((2, 3, 4), np.float32), 0.5) == (3, 2, 0, 0)
    assert pack(np.ones((2, 3, 4), np.float32)).tolist() == [[0xFFFFFFFF] * 3] * 2


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 4)), np.zeros(4, np.float32), np.zeros((3, 4), np.float32).T],
    ids=["element type", "dimensions", "order"],
)
def test_an_array_of_another_kind_is_refused(array: np.ndarray) -> None:
    """Machine code would read past its end."""
    with pytest.raises(TypeError, match="finish_box_blur: values is not float32 of 2 dimensions in C order"):
        box_blur(array, 1)


def test_a_kernel_takes_as_many_arguments_as_declared() -> None:
    """No more, no fewer."""
    with pytest.raises(ValueError, match="argument"):
        box_blur(np.zeros((3, 4), np.float32))  # type: ignore[call-arg]


def test_memory_that_is_not_there_is_an_error_of_its_own() -> None:
    """As NumPy's."""
    with pytest.raises(MemoryError):
        fbm(1 << 30, 1 << 30, 0.1, 0.1, 0.0, 0.0, 2, 0, 1)
