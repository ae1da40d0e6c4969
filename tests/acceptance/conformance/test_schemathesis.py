"""Generated requests for every operation of the server's OpenAPI document."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.served import Serve

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

EXAMPLES = int(os.environ.get("FILMGATE_TEST_SCHEMATHESIS", "0"))
"""Random requests per operation: 450 make 5,000 cases; 0 runs a sample without the systematic ones."""

# Small videos, because thousands are made.
MODELS = """
[models.sora-2]
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["4", "8"]
default_size = "64x64"

[models.sora-2-pro]
engine = "testcard"
sizes = ["64x64", "128x64", "128x128"]
seconds = ["4", "8", "12"]
default_size = "64x64"
"""


@pytest.mark.timeout(300 + 5 * EXAMPLES)
def test_no_generated_request_breaks_the_contract(tmp_path: Path, serve: Serve) -> None:
    """No 5xx, and every response has a documented status, type, schema and headers."""
    with serve(tmp_path, MODELS) as server:
        result = subprocess.run(
            [
                *(str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml")),
                *("run", f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {server.key}"),
                *("--checks", "all", "--max-examples", str(EXAMPLES or 5), "--no-color", "--warnings", "off"),
                *("--request-timeout", "70", "--suppress-health-check", "all", "--seed", "1"),
                *("--phases", "examples,coverage,fuzzing,stateful" if EXAMPLES else "fuzzing,stateful"),
                *("--max-response-time", "65"),  # the longest long poll and a margin
            ],
            env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 0, result.stdout + result.stderr
    generated = re.search(r"(\d+) generated", result.stdout)
    assert generated is not None
    assert int(generated[1]) > 100
    print(result.stdout.partition("SUMMARY")[2])  # noqa: T201 - the published count is read from here
