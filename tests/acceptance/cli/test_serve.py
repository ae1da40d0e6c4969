"""The server process: first start, lock, shutdown, and keys beside it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Cli, CliEnv


def test_a_server_from_its_first_start_to_its_shutdown(cli_env: CliEnv, cli: Cli) -> None:
    """The first key is shown once, a second server is refused, keys work at once, shutdown has exit code 0."""
    with cli_env.serving() as (url, process):
        refused = cli_env("serve", "--port", "0")
        assert refused.code == 2
        assert url in refused.err
        created = cli_env("keys", "create", "-q")
        key = created.out.strip()
        assert (created.err, key.startswith("fg-")) == ("", True)
        assert cli("list", "--base-url", url, "--api-key", key).code == 0
        listed = [json.loads(line) for line in cli_env("keys", "list", "--format", "jsonl").out.splitlines()]
        assert [row["name"] for row in listed] == ["first", "key"]
        assert key not in str(listed)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    first = next(line.partition("=")[2] for line in out.splitlines() if "OPENAI_API_KEY" in line)
    with cli_env.serving("--host", "0.0.0.0") as (url, process):  # noqa: S104 - the warning is about it
        assert cli("list", "--base-url", url, "--api-key", first).code == 0
        assert cli_env("keys", "revoke", listed[0]["id"]).code == 0
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=90)
    assert process.returncode == 0
    assert out.splitlines() == [f"Filmgate is listening on {url}"]
    assert "Warning: other machines can reach 0.0.0.0" in err
    assert cli_env("keys", "revoke", listed[0]["id"]).code == 3
