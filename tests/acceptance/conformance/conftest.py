"""The official SDK, shared by the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.served import Served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    """The official SDK with this server's base URL and key."""
    with openai.OpenAI(base_url=served.base_url, api_key=served.key, max_retries=0) as sdk:
        yield sdk
