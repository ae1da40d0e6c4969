"""Errors of commands that call a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import Cli


def test_errors_are_json_in_json_output(cli: Cli) -> None:
    """Usage errors and connection errors."""
    ran = cli("list", "--nope", "--format", "json")
    assert json.loads(ran.out)["error"]["code"] == "usage"
    ran = cli("list", "--base-url", "http://127.0.0.1:9", "--format=json")
    assert json.loads(ran.out)["error"]["code"] == "connection_failed"
    assert (ran.code, ran.err) == (5, "")
