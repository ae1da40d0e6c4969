"""A misbehaving upstream: the Sora-2 video API of many vendors, with every fault one can have, each by its name.

For our own fault and crash suites, and for testing other clients of that API. From the shell it is ``filmgate mock``;
within a test::

    async with mock.running(mock.MockConfig(log=tmp_path / "log.jsonl")) as upstream:
        await my_client(upstream.base_url).create("A paper boat [mock:reply-lost]")
        assert mock.submissions(upstream.lines) == {"A paper boat [mock:reply-lost]": 1}
"""

from __future__ import annotations

from filmgate.testing.mock.config import MockConfig
from filmgate.testing.mock.dialects import VENDORS
from filmgate.testing.mock.fault_mix import FaultMix, UnknownFault, parse_mix
from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import ExpectedOutcome, FaultSpec, FaultStage
from filmgate.testing.mock.fixtures import read_job_id
from filmgate.testing.mock.log import LogEvent, LogLine, read_log, submissions
from filmgate.testing.mock.runner import RunningMock, running

__all__ = [
    "FAULTS",
    "VENDORS",
    "ExpectedOutcome",
    "FaultMix",
    "FaultSpec",
    "FaultStage",
    "LogEvent",
    "LogLine",
    "MockConfig",
    "RunningMock",
    "UnknownFault",
    "parse_mix",
    "read_job_id",
    "read_log",
    "running",
    "submissions",
]
