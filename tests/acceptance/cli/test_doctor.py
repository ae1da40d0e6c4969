"""``filmgate doctor`` with an upstream in a process of its own."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import CliEnv


def test_an_upstream_generates_a_test_video(cli_env: CliEnv) -> None:
    """The engine is checked with its own key; a video is submitted only after consent."""
    ready, config = cli_env.folder / "mock", cli_env.folder / "filmgate.toml"
    mock = cli_env.start("mock", "--instant", "--port", "0", "--key", "sk-up", "--ready-file", str(ready))
    try:
        while not ready.exists():
            assert mock.poll() is None
        (cli_env.folder / "models.toml").write_text("", encoding="utf-8")
        config.write_text(
            f'[engines.up]\nkind = "openai-videos"\nbase_url = "{ready.read_text()}/v1"\nkey_env = "UP"\n'
            'models = { sora-2 = "sora-2", sora-2-pro = "gone" }\n[routes.sora-2]\nengines = ["up"]\n',
            encoding="utf-8",
        )
        doctor = ("doctor", "--config", str(config), "--upstream", "up", "--format", "jsonl")
        ran = cli_env(*doctor, "--dry-job", "--yes", UP="sk-up")
        assert ran.code == 0, ran
        rows = {row["check"]: row for row in map(json.loads, ran.out.splitlines())}
        assert (rows["models"]["result"], rows["job"]["result"]) == ("models_missing", "job")
        assert "gone" in rows["models"]["message"]
        assert cli_env(*doctor, "--dry-job", UP="sk-up").code == 2
        assert cli_env(*doctor, UP="sk-wrong").code == 4
        assert cli_env(*doctor).code == 2
    finally:
        mock.send_signal(signal.SIGTERM)
        mock.communicate(timeout=90)
