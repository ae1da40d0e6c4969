"""A misbehaving upstream: the Sora-2 video API of many vendors, with every fault one can have, each by its name.

For our own fault and crash suites, and for whoever tests a client of that API. From the shell it is ``filmgate mock``;
within a test::

    async with mock.running(mock.Config(log=tmp_path / "log.jsonl")) as upstream:
        await my_client(upstream.base_url).create("A paper boat [mock:reply-lost]")
        assert mock.submissions(upstream.lines) == {"A paper boat [mock:reply-lost]": 1}
"""

from __future__ import annotations

from filmgate.testing.mock.config import Config
from filmgate.testing.mock.dialects import VENDORS
from filmgate.testing.mock.fault_mix import Mix, UnknownFault, parse_mix
from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import Fault, Stage, Verdict
from filmgate.testing.mock.films import film_of
from filmgate.testing.mock.log import Asked, Line, read_log, submissions
from filmgate.testing.mock.runner import Running, running

__all__ = [
    "FAULTS",
    "VENDORS",
    "Asked",
    "Config",
    "Fault",
    "Line",
    "Mix",
    "Running",
    "Stage",
    "UnknownFault",
    "Verdict",
    "film_of",
    "parse_mix",
    "read_log",
    "running",
    "submissions",
]
