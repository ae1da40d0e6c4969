"""Every fault of the mock upstream, and the outcome of its video: the engine in the real flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.domain import NewVideo, Recipe, Status, VideoRecord, new_id
from filmgate.engines import EngineContext
from filmgate.engines.openai_videos import OpenAIVideosEngine, read_options
from filmgate.testing import mock
from filmgate.testing.engine_contract import sample_job
from filmgate.testing.harness import BALANCE, MODEL, PRICE, SMALL, FlowHarness
from filmgate.testing.mock import FAULTS, ExpectedOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SHORTER = {"reply-late": "0.2", "poll-late": "0.2", "poll-drips": "0.2", "content-drips": "0.2", "content-late": "0.2"}
"""Arguments that make a fault occur quickly."""

CODES = {
    ExpectedOutcome.UNKNOWN: {"submission_unknown"},
    ExpectedOutcome.LOST: {"upstream_lost"},
    ExpectedOutcome.BAD_OUTPUT: {"invalid_output", "download_failed"},
    ExpectedOutcome.TIMED_OUT: {"engine_timeout"},
}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FlowHarness]:
    """A flow harness in a folder of its own."""
    async with FlowHarness.open(tmp_path) as harness:
        yield harness


@pytest.fixture
async def upstream() -> AsyncIterator[mock.RunningMock]:
    """A mock that answers immediately."""
    async with mock.running(mock.MockConfig(any_size=True, models=[MODEL])) as running:
        yield running


@pytest.fixture
async def engine(upstream: mock.RunningMock, tmp_path: Path) -> AsyncIterator[OpenAIVideosEngine]:
    """An engine for the mock with short timeouts."""
    engine = engine_of(upstream, tmp_path)
    yield engine
    await engine.stop()


def engine_of(upstream: mock.RunningMock, folder: Path, vendor: str = "openai", **more: Any) -> OpenAIVideosEngine:
    """An engine for the mock in the role of that vendor."""
    options = {
        "base_url": upstream.vendor_url(vendor),
        "flavour": "plain",
        "submit_timeout": 1.0,
        "poll_timeout": 1.0,
        "idle_timeout": 0.4,
        "download_timeout": 5.0,
        "download_limit": 2_000_000,
        "allow_hosts": ["localhost"],
        **more,
    }
    return OpenAIVideosEngine(
        "scripted", read_options(EngineContext(name="scripted", options=options, cache=folder, scratch=folder))
    )


async def accept(harness: FlowHarness, prompt: str) -> VideoRecord:
    """A newly accepted video with that prompt."""
    new = NewVideo(
        id=new_id(),
        account_id=harness.account.id,
        model=MODEL,
        engine="scripted",
        recipe=Recipe(prompt=prompt, size=SMALL, seconds=1, seed=7),
        price_micros=PRICE,
        fingerprint=new_id("print"),
    )
    return (await harness.store.videos.create(new, harness.clock()))[0]


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.stage != "service"])
async def test_every_fault_has_its_expected_outcome(
    harness: FlowHarness, upstream: mock.RunningMock, engine: OpenAIVideosEngine, name: str
) -> None:
    """Nothing is submitted twice, and only a delivered video is charged."""
    argument = f"={SHORTER[name]}" if name in SHORTER else ""
    if name == "id-reused":
        await engine.submit(sample_job(size=SMALL, seconds=1))
    prompt = f"A boat [mock:{name}{argument}]"
    video = await harness.run_to_end(engine, await accept(harness, prompt))
    code = video.error.code if video.error else None
    verdict = FAULTS[name].verdict
    completes = verdict in {ExpectedOutcome.COMPLETED, ExpectedOutcome.RETRIED}
    assert video.status is (Status.COMPLETED if completes else Status.FAILED), code
    assert verdict not in CODES or code in CODES[verdict]
    assert mock.submissions(upstream.lines).get(prompt, 0) <= 1
    assert await harness.balance() == BALANCE - PRICE * completes
    if video.error is not None:
        assert not [
            word for word in ("127.0.0.1", "localhost", "sk-", video.ticket) if word and word in str(video.error)
        ]


@pytest.mark.parametrize("vendor", sorted(mock.VENDORS))
async def test_every_vendor_delivers_a_video(
    harness: FlowHarness, upstream: mock.RunningMock, tmp_path: Path, vendor: str
) -> None:
    """Each dialect is configured by name, each flavour by name or detected."""
    arguments = {"dialect": vendor} if vendor in {"dmxapi", "apiyi", "apiyi-async"} else {"flavour": vendor}
    if vendor == "openai":
        arguments = {"flavour": "auto"}
    engine = engine_of(upstream, tmp_path, vendor, **({"flavour": "auto"} | arguments))
    video = await harness.run_to_end(engine, await accept(harness, "A boat"))
    assert video.status is Status.COMPLETED, video.error
    await engine.stop()
