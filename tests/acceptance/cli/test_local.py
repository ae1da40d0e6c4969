"""What commands import, counted in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import CliEnv

HEAVY = {"PIL", "aiohttp", "alembic", "av", "dbos", "numba", "numpy", "starlette", "structlog", "uvicorn"}
"""Packages that reading rows does not need; importing them costs three times what the command costs."""

PROGRAM = """
import json, sys
from filmgate.__main__ import main
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("command", [["list"], ["models"], ["show", "video_1"], ["delete", "video_1"], ["usage"]])
def test_reading_rows_loads_no_server(cli_env: CliEnv, command: list[str]) -> None:
    """A second command in a data folder imports no engine, decoder, queue, web framework or migration."""
    cli_env("keys", "create", "-q")
    environ = {"FILMGATE_DATA": str(cli_env.data), "HOME": str(cli_env.folder), "XDG_CONFIG_HOME": "/dev/null"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command], env=environ, capture_output=True, text=True, check=True
    )
    code, loaded = json.loads(ran.stdout.splitlines()[-1])
    assert (code == 0) == ("video_1" not in command), ran
    assert HEAVY.intersection(loaded) == set()


LAZY = {"PIL", "aiohttp", "alembic", "av", "mako", "numba", "numpy", "prometheus_client"}
"""Packages that a server loads with the first video, URL or scrape, or never."""

SERVER = """
import json, signal, sys
from filmgate.cli import gc_policy
from filmgate.__main__ import main

def when_ready():
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
    signal.raise_signal(signal.SIGTERM)

gc_policy.when_ready = when_ready
main()
"""


def test_a_server_is_ready_without_decoder_and_http_client(cli_env: CliEnv) -> None:
    """Nor the libraries of migrations and metrics: together they cost half as much again as the rest of the start."""
    environ = {"FILMGATE_DATA": str(cli_env.data), "HOME": str(cli_env.folder), "XDG_CONFIG_HOME": "/dev/null"}
    command = [sys.executable, "-c", SERVER, "serve", "--port", "0", "--format", "quiet"]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert LAZY.intersection(json.loads(ran.stdout.splitlines()[-1])) == set()
