"""Upstream URLs: which are accepted, and which address is connected to."""

from __future__ import annotations

import pytest
from tests.support.net import PUBLIC, Names

from filmgate.net.addresses import AllowedHosts, BadUrl
from filmgate.net.client import UpstreamClient
from filmgate.net.resolvers import CheckedResolver


async def test_the_checked_address_is_the_one_that_is_connected_to() -> None:
    """A name that now resolves to a private address is refused by the same resolution that the connection would use."""
    names = Names(vendor=[[PUBLIC], ["10.0.0.7"], [PUBLIC, "::1"], []])
    checking = CheckedResolver(names, AllowedHosts(["vendor.example:8000"]))
    assert [result["host"] for result in await checking.resolve("vendor.example", 443)] == [PUBLIC]
    for _ in range(3):
        with pytest.raises(OSError, match="not public"):
            await checking.resolve("vendor.example", 443)
    assert len(names.lookups) == 4


@pytest.mark.parametrize("base", ["", "media.example", "ftp://media.example", "http://key@media.example/v1"])
def test_an_invalid_url_is_refused(base: str) -> None:
    """The request fails before anything is sent."""
    with pytest.raises(BadUrl):
        UpstreamClient(base)
