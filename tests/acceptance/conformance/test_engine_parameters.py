"""Parameters of model servers, by the official SDK through this server to an upstream that logs what it got."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai
import pytest
from tests.support.served import serving

from filmgate.client import Client
from filmgate.testing import mock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.served import Served

CONFIG = """
[engines.wan]
kind = "openai-videos"
base_url = "{url}"
flavour = "sglang"
paid = false
min_poll_interval = 0.05
allow_hosts = ["127.0.0.1"]

[engines.wan.profiles."*"]
fps = 16
frame_rule = "4k+1"

[routes.sora-2]
engines = ["wan"]
"""
MODELS = """
[models.sora-2]
sizes = ["64x64"]
default_size = "64x64"
[models.sora-2-pro]
engine = "testcard"
"""
GIVEN: dict[str, Any] = {
    "num_inference_steps": 30,
    "guidance_scale": 5.5,
    "negative_prompt": "rain, 雨",
    "fps": 24,
    "num_frames": 97,
    "user": "u-1",
}
SENT = {name: str(value) for name, value in GIVEN.items() if name != "user"}


def _ask_official_sdk(served: Served) -> None:
    with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as client:
        video = client.videos.create_and_poll(prompt="by form", extra_body=GIVEN)
        assert (video.status, video.seconds) == ("completed", "4")
        by_json = client.post("/videos", cast_to=dict[str, Any], body={"prompt": "by json", **GIVEN})
        assert client.videos.poll(str(by_json["id"])).status == "completed"
        with pytest.raises(openai.BadRequestError) as caught:
            client.videos.create(prompt="refused", model="sora-2-pro", extra_body={"negative_prompt": "rain"})
        assert caught.value.param == "negative_prompt"
        assert caught.value.body is not None
        assert "The model 'sora-2-pro' does not take 'negative_prompt'." in str(caught.value)
        with pytest.raises(openai.BadRequestError, match="takes 1 to 100"):
            client.videos.create(prompt="refused", extra_body={"num_inference_steps": 101})
        parameters = client.models.retrieve("sora-2").to_dict()["parameters"]
        assert isinstance(parameters, dict)
        assert parameters["num_inference_steps"] == {"type": "integer", "minimum": 1, "maximum": 100}


def _ask_own_sdk(served: Served) -> None:
    with Client(base_url=served.base_url, api_key=served.key) as client:
        video = client.videos.create_and_poll("by our sdk", **GIVEN)
        assert video.status == "completed"
        assert client.models.list()[0].parameters["fps"] == {"type": "integer", "minimum": 1, "maximum": 60}


@pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")
async def test_parameters_reach_the_model_server(tmp_path: Path) -> None:
    """From every encoding, unchanged and in its names; what no engine takes is refused by name and never sent."""
    async with mock.running(mock.MockConfig(vendor="sglang", any_size=True)) as upstream:
        config = tmp_path / "filmgate.toml"
        config.write_text(CONFIG.format(url=upstream.base_url), encoding="utf-8")

        def ask() -> None:
            with serving(tmp_path, MODELS, FILMGATE_CONFIG=str(config)) as served:
                _ask_official_sdk(served)
                _ask_own_sdk(served)

        await asyncio.to_thread(ask)
        submitted = [line for line in upstream.lines if line.event is mock.LogEvent.SUBMISSION]
    assert [line.prompt for line in submitted] == ["by form", "by json", "by our sdk"]
    assert [line.parameters for line in submitted] == [SENT] * 3
    assert {(line.fps, line.frames) for line in submitted} == {(24, 97)}
