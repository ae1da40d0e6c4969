"""Addresses of upstreams: what is accepted, and which address is connected to."""

from __future__ import annotations

import pytest
from tests.support.net import PUBLIC, Names

from filmgate.net.addresses import AllowedHosts, BadUrl
from filmgate.net.client import UpstreamClient
from filmgate.net.resolvers import CheckedResolver


async def test_what_is_resolved_for_a_connection_is_what_is_checked() -> None:
    """A name that turns private is refused by the very answer that would have been connected to."""
    names = Names(vendor=[[PUBLIC], ["10.0.0.7"], [PUBLIC, "::1"], []])
    checking = CheckedResolver(names, AllowedHosts(["vendor.example:8000"]))
    assert [result["host"] for result in await checking.resolve("vendor.example", 443)] == [PUBLIC]
    for _ in range(3):
        with pytest.raises(OSError, match="not public"):
            await checking.resolve("vendor.example", 443)
    assert len(names.asked) == 4


@pytest.mark.parametrize("base", ["", "media.example", "ftp://media.example", "http://key@media.example/v1"])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadUrl):
        UpstreamClient(base)
