"""The five programs, compiled once, and the servers that they run against."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import Struct
from PIL import Image
from tests.support.paths import EXAMPLES
from tests.support.served import TESTCARDS, Served, new_key, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PYTHON, GO, JAVA, JAVASCRIPT, BASH = "python", "go", "java", "javascript", "bash"
LANGUAGES = [
    PYTHON,
    pytest.param(GO, marks=pytest.mark.needs("go")),
    pytest.param(JAVA, marks=pytest.mark.needs("java", "javac")),
    pytest.param(JAVASCRIPT, marks=pytest.mark.needs("node")),
    pytest.param(BASH, marks=pytest.mark.needs("bash", "curl")),
]


class Result(Struct, frozen=True):
    """Exit status and output of a program."""

    status: int
    stdout: str
    stderr: str


class Program(Struct, frozen=True):
    """One of the five programs, as a command."""

    command: list[str]

    def start(self, served: Served, folder: Path, *options: str, base: str = "/v1") -> subprocess.Popen[str]:
        """Start a run that polls every 0.2 s and saves its video in ``folder``."""
        values = {
            "--base-url": f"{served.url}{base}/",
            "--api-key": served.key,
            "--prompt": 'Ein Hund, "Bär", 在海滩奔跑, 100 % {true}',
            "--interval": "0.2",
            "--timeout": "60",
            "--out": str(folder),
        }
        values |= dict(zip(options[::2], options[1::2], strict=True))
        arguments = [argument for pair in values.items() for argument in pair]
        return subprocess.Popen(
            [*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, served: Served, folder: Path, *options: str, base: str = "/v1") -> Result:
        """Run the program to its end."""
        return finish(self.start(served, folder, *options, base=base))


def finish(process: subprocess.Popen[str]) -> Result:
    """Wait for a started run."""
    stdout, stderr = process.communicate(timeout=90)
    return Result(process.returncode, stdout, stderr)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Program]:
    """Return a function from a language to its program; each is compiled once a session."""
    ready: dict[str, Program] = {}

    def of(language: str) -> Program:
        if language not in ready:
            ready[language] = Program(_COMMANDS[language](tmp_path_factory.mktemp(language)))
        return ready[language]

    return of


@pytest.fixture(params=LANGUAGES)
def program(request: pytest.FixtureRequest, programs: Callable[[str], Program]) -> Program:
    """Run the test with each of the five programs."""
    return programs(request.param)


@pytest.fixture
def quick(served: Served) -> Served:
    """A server whose videos are test cards, made at once, and a new key: some dialects limit the creates of each."""
    return msgspec.structs.replace(served, key=asyncio.run(new_key(Path(served.folder))))


@pytest.fixture(scope="session")
def slow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the slow server."""
    return tmp_path_factory.mktemp("slow")


@pytest.fixture(scope="session")
def slow(slow_folder: Path) -> Iterator[Served]:
    """A server whose videos take 600 s, longer than any test."""
    with serving(slow_folder, TESTCARDS, FILMGATE_TESTCARD_DELAY="600") as running:
        yield running


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference image of the size that the programs ask for."""
    path = tmp_path_factory.mktemp("reference") / "first frame, 第一帧.png"
    Image.new("RGB", (1280, 720), (220, 120, 20)).save(path)
    return path


def _python(_folder: Path) -> list[str]:
    # Isolated and without site-packages: the standard library is all that it may need.
    return ["python3", "-I", "-S", str(EXAMPLES / "python" / "sora_video.py")]


def _go(folder: Path) -> list[str]:
    subprocess.run(["go", "build", "-o", folder / "sora_video", EXAMPLES / "go" / "sora_video.go"], check=True)  # noqa: S607 - whichever Go is on the PATH
    return [str(folder / "sora_video")]


def _java(folder: Path) -> list[str]:
    source = EXAMPLES / "java" / "SoraVideo.java"
    subprocess.run(["javac", "-Xlint:all,-serial", "-Werror", "-encoding", "UTF-8", "-d", folder, source], check=True)  # noqa: S607 - whichever JDK is on the PATH
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(folder), "SoraVideo"]


def _javascript(_folder: Path) -> list[str]:
    return ["node", str(EXAMPLES / "javascript" / "sora_video.mjs")]


def _bash(_folder: Path) -> list[str]:
    return ["bash", str(EXAMPLES / "bash" / "sora_video.sh")]


_COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    PYTHON: _python,
    GO: _go,
    JAVA: _java,
    JAVASCRIPT: _javascript,
    BASH: _bash,
}
