"""Servers in processes of their own, shared by every test of a worker that does not need one for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.served import TESTCARDS, Serve, Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def serve() -> Serve:
    """For a test that needs a server of its own."""
    return serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose models are the contract's own, made as test cards."""
    with serving(tmp_path_factory.mktemp("served"), TESTCARDS) as running:
        yield running
