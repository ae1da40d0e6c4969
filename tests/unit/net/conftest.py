"""A fake resolver for tests of outbound requests."""

from __future__ import annotations

import pytest
from tests.support.net import PUBLIC, Names


@pytest.fixture
def names() -> Names:
    """``media.example`` is this machine, ``public.example`` a public address, ``inner.example`` a private one."""
    return Names(media=[["127.0.0.1"]], public=[[PUBLIC]], inner=[["10.0.0.7"]])
