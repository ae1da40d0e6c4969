"""A retired engine, rebuilt against its upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from tests.support.polling import until_async

from filmgate.bootstrap import engine_factory
from filmgate.config import settings
from filmgate.engines.base import JobState
from filmgate.security.secret_box import SecretBox
from filmgate.testing import mock
from filmgate.testing.engine_contract import sample_job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from filmgate.bootstrap.engine_factory import ConfiguredEngines
    from filmgate.config.settings import Settings

KEY = "sk-very-secret-0123456789"


FILE = """
[engines.dmx]
kind = "openai-videos"
base_url = "https://dmx.example/v1"
key_env = "DMX_KEY"

[engines.apiyi]
kind = "openai-videos"
base_url = "https://apiyi.example/v1"
key_file = "apiyi.key"

[routes.sora-2]
engines = ["dmx", "apiyi"]

[models.mine]
like = "sora-2"
engine = "testcard"

[models.sora-2]
price = { default = 5 }
"""


def _settings(tmp_path: Path, text: str = FILE) -> Settings:
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "apiyi.key").write_text(f"{KEY}\n", encoding="ascii")
    return settings.load(file, {}, {"data": tmp_path / "data"})


def _assemble(tmp_path: Path, text: str = FILE, environ: Mapping[str, str] | None = None) -> ConfiguredEngines:
    vault = SecretBox.from_keyfile(tmp_path / "vault.key")
    return engine_factory.build_engines(
        _settings(tmp_path, text), {"DMX_KEY": "sk-dmx"} if environ is None else environ, vault
    )


async def test_a_retired_engine_reads_its_stored_results(tmp_path: Path) -> None:
    """Its key changed before a chat video was fetched: only the stored result has the video's URL."""
    async with mock.running(mock.MockConfig(seconds_per_job=(0.0, 0.0))) as vendor:
        text = f'[engines.chat]\nkind = "chat-sse"\nbase_url = "{vendor.base_url}"\nkey_env = "CHAT_KEY"\n'
        configured = _assemble(tmp_path, text, {"CHAT_KEY": "sk-old-0123456789"})
        ticket = await configured.engines["chat"].submit(replace(sample_job(), model="sora-2-hd-10s-chat", seconds=10))

        async def is_done() -> bool:
            return (await configured.engines["chat"].poll(ticket)).state is JobState.DONE

        await until_async(is_done)
        await configured.engines["chat"].stop()
    retired = engine_factory.engine_rebuilder(
        _settings(tmp_path, text), SecretBox.from_keyfile(tmp_path / "vault.key")
    )(configured.identities[0])
    assert (await retired.poll(ticket)).state is JobState.DONE
    await retired.stop()
