"""Generated requests for every operation of the document that the server itself serves."""

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
"""Random requests an operation: 450 make 5,000 cases; 0 leaves it at a sample without the systematic ones."""

# Small films: thousands are made.
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


@pytest.mark.slow
@pytest.mark.timeout(300 + 5 * EXAMPLES)
def test_no_generated_request_breaks_the_contract(tmp_path: Path, serve: Serve) -> None:
    """No request makes a 5xx, and every answer is of a status, type, shape and headers that the document names."""
    with serve(tmp_path, MODELS) as server:
        ran = subprocess.run(
            [
                *(str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml")),
                *("run", f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {server.key}"),
                *("--checks", "all", "--max-examples", str(EXAMPLES or 5), "--no-color", "--warnings", "off"),
                *("--request-timeout", "70", "--suppress-health-check", "all", "--seed", "1"),
                *("--phases", "examples,coverage,fuzzing,stateful" if EXAMPLES else "fuzzing,stateful"),
                *("--max-response-time", "65"),  # the longest long poll, and some
            ],
            env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    generated = re.search(r"(\d+) generated", ran.stdout)
    assert generated is not None
    assert int(generated[1]) > 100
    print(ran.stdout.partition("SUMMARY")[2])  # noqa: T201 - the published count is read from here
