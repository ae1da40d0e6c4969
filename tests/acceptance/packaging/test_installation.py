"""The installations that users choose: what each brings, and what a command says whose part is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.installation import COMMAND, laid_out, size

Filmgate = Callable[..., "subprocess.CompletedProcess[str]"]

BASE_LIMIT = 65_000_000
"""Bytes of the base installation: what users of an SDK expect."""


@pytest.fixture(scope="module", params=["filmgate"])
def filmgate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Filmgate:
    """Runs ``filmgate`` in an installation of the requirement that the test names."""
    folder = tmp_path_factory.mktemp("installation")
    environ = laid_out(folder, request.param) | {"HOME": str(tmp_path_factory.mktemp("home")), "LANG": "C"}

    def run(*arguments: str, module: tuple[str, ...] = COMMAND) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*module, *arguments], env=environ, capture_output=True, text=True, check=False)

    return run


def test_the_base_installation_is_small() -> None:
    """The SDK and the client side of the command line stay within 65 MB."""
    assert size("filmgate") <= BASE_LIMIT


def test_the_base_installation_has_the_sdk(filmgate: Filmgate) -> None:
    """Both clients can be imported and made."""
    program = "import filmgate; filmgate.Client(base_url='http://127.0.0.1:9', api_key='k'); filmgate.AsyncClient"
    ran = filmgate("-c", program, module=COMMAND[:2])
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("generate", "--help"), ("batch", "--help"), ("man",), ("config", "list"), ("--version",)],
)
def test_the_base_installation_has_the_client_side(filmgate: Filmgate, arguments: tuple[str, ...]) -> None:
    """Help, the manual page and the configuration need no extra."""
    ran = filmgate(*arguments)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_the_base_installation_talks_to_a_server(filmgate: Filmgate) -> None:
    """A command with an address gets as far as the connection."""
    ran = filmgate("list", "--base-url", "http://127.0.0.1:9", "--api-key", "k")
    assert ran.returncode == 5, ran.stderr


MISSING = [
    (("serve",), "server"),
    (("keys", "list"), "server"),
    (("mock",), "mock"),
    (("mcp",), "mcp"),
    (("story", "story.yaml"), "media"),
    (("scene", "explain", "a cat"), "scene"),
    (("generate", "a cat"), "all"),
    (("list",), "all"),
]


@pytest.mark.parametrize(("arguments", "extra"), MISSING)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_missing_part_is_named_in_one_line(
    filmgate: Filmgate, arguments: tuple[str, ...], extra: str, language: str
) -> None:
    """The line names the command that installs it; the exit code is that of a wrong setting."""
    ran = filmgate("--lang", language, *arguments)
    [line] = ran.stderr.splitlines()
    assert f"filmgate {arguments[0]}`" in line
    assert line.endswith(f"pip install 'filmgate[{extra}]'")
    assert (ran.returncode, ran.stdout) == (2, "")


@pytest.mark.parametrize("filmgate", ["filmgate[server]"], indirect=True)
def test_a_missing_engine_is_named_with_its_installation(filmgate: Filmgate) -> None:
    """A server without the renderer says how to install it; Tab and help don't list its command."""
    ran = filmgate("config", "check")
    assert ran.returncode == 2
    assert "There is no engine 'scene'" in ran.stdout
    assert "pip install 'filmgate[scene]'" in ran.stdout
    assert "\n  scene " not in filmgate("--help").stdout


@pytest.mark.parametrize("filmgate", ["filmgate[server]"], indirect=True)
def test_models_whose_engine_is_not_installed_are_left_out(filmgate: Filmgate, tmp_path: Path) -> None:
    """With a route for one model the server starts without the renderer and offers that model alone."""
    file = tmp_path / "filmgate.toml"
    file.write_text('[routes.sora-2]\nengines = ["testcard"]\n', encoding="utf-8")
    ran = filmgate("models", "--config", str(file), "--data", str(tmp_path / "data"), "--format", "jsonl")
    assert ran.returncode == 0, ran.stderr
    assert '"sora-2"' in ran.stdout
    assert "sora-2-pro" not in ran.stdout


@pytest.mark.parametrize("filmgate", ["filmgate[scene]"], indirect=True)
def test_help_loads_no_more_than_it_needs(filmgate: Filmgate) -> None:
    """The renderer's command is listed, without the event loop, the compiler and the package metadata."""
    program = (
        "import sys; from filmgate.cli.environment import Environment; from filmgate.cli.main import run\n"
        "run(['--help'], Environment.of_process())\n"
        "print('loaded:', *{'asyncio', 'importlib.metadata', 'numba', 'numpy', 'PIL'} & sys.modules.keys())"
    )
    ran = filmgate("-c", program, module=COMMAND[:2])
    assert "\n  scene " in ran.stdout, ran.stderr
    assert ran.stdout.splitlines()[-1].split() == ["loaded:"]
