"""The log is the truth: what was answered is in it, whatever died."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from filmgate.testing import mock
from filmgate.testing.mock.log import RequestLog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.raw_client import RawClient, Starting


async def create(raw: RawClient, prompt: str) -> str:
    """The new job's id."""
    return str((await raw.post("/v1/videos", {"prompt": prompt})).json["id"])


async def test_a_lost_reply_is_a_submission(start: Starting, tmp_path: Path) -> None:
    """Whatever the client saw: accepted is accepted, refused is refused, and each look and download is told."""
    log = tmp_path / "log.jsonl"
    _, raw = await start(log=log, any_size=True)
    await raw.post("/v1/videos", {"prompt": "A [mock:reply-lost]"})
    await raw.post("/v1/videos", {"prompt": "B [mock:submit-5xx]"})
    await raw.post("/v1/videos", {"prompt": "C", "size": "0x0"})
    job = await create(raw, "D [mock:poll-404]")
    await raw.get(f"/v1/videos/{job}")
    await raw.get(f"/v1/videos/{job}/content")
    await raw.get("/v1/videos/nobody")
    await raw("DELETE", f"/v1/videos/{job}")
    lines = mock.read_log(log)
    assert [line.event for line in lines] == [
        *("start", "submission", "refusal", "refusal", "submission", "poll", "content", "poll", "delete")
    ]
    assert [line.fault for line in lines[1:6]] == ["reply-lost", "submit-5xx", "", "", "poll-404"]
    assert lines[7].http_status == 404
    assert mock.submissions(lines) == {"A [mock:reply-lost]": 1, "D [mock:poll-404]": 1}
    assert mock.submissions(lines, by=lambda line: line.vendor) == {"openai": 2}


async def test_jobs_come_back_as_they_were(start: Starting, tmp_path: Path) -> None:
    """After a restart a job has its faults, its looks so far and its length; what was deleted stays so."""
    log = tmp_path / "log.jsonl"
    _, raw = await start(log=log, any_size=True)
    job = await create(raw, "A [mock:poll-404=2]")
    gone = await create(raw, "B")
    await raw("DELETE", f"/v1/videos/{gone}")
    assert (await raw.get(f"/v1/videos/{job}")).status == 404
    _, raw = await start(log=log, any_size=True)
    assert (await raw.get(f"/v1/videos/{gone}")).status == 404
    assert [(await raw.get(f"/v1/videos/{job}")).status for _ in range(2)] == [404, 200]
    first, second = [line for line in mock.read_log(log) if line.event is mock.LogEvent.SUBMISSION]
    assert (first.job, first.faults, second.job) == (job, ("poll-404=2",), gone)


async def test_a_torn_line_is_no_line(tmp_path: Path) -> None:
    """A power cut in the middle of a write spoils neither what is before it nor what comes after."""
    path = tmp_path / "log.jsonl"
    for number in range(2):
        log = RequestLog(path)
        await log.add(mock.LogLine(at=number, event=mock.LogEvent.LIST))
        await log.close()
        with path.open("ab") as file:
            file.write(b'{"at":3,"ask')
        assert [line.at for line in mock.read_log(path)] == list(range(number + 1))


async def test_a_line_is_written_though_its_asker_has_gone(tmp_path: Path) -> None:
    """A client that hangs up takes nothing out of the log; lines that wait share a sync."""
    path = tmp_path / "log.jsonl"
    log = RequestLog(path)
    asking = [asyncio.create_task(log.add(mock.LogLine(at=n, event=mock.LogEvent.LIST))) for n in range(50)]
    await asyncio.sleep(0)
    asking[7].cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*asking)
    await log.close()
    assert [line.at for line in mock.read_log(path)] == list(range(50))


@pytest.mark.parametrize("path", ["/mock/log", "/mock/jobs", "/mock/faults"])
async def test_the_mock_tells_of_itself(path: str, start: Starting) -> None:
    """Its log, its jobs and its faults as JSON, whatever key the vendors ask for."""
    _, raw = await start(key="sk-mock")
    await raw.post("/v1/videos", {"prompt": "A boat"}, Authorization="sk-mock")
    found = json.loads((await raw.get(path)).body)
    assert len(found) == {"/mock/log": 2, "/mock/jobs": 1, "/mock/faults": len(mock.FAULTS)}[path]
