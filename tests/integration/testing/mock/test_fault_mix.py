"""How a running mock chooses the fault of a job."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from filmgate.testing import mock

if TYPE_CHECKING:
    from tests.support.raw_client import Starting


async def test_an_unknown_fault_is_refused(start: Starting) -> None:
    """In the prompt and in the header, with a 400 that says where the list is."""
    _, raw = await start()
    seen = await raw.post("/v1/videos", {"prompt": "A boat [mock:nonsense]"})
    assert seen.status == 400
    assert "--list-faults" in seen.json["error"]["message"]
    assert (await raw.post("/v1/videos", {"prompt": "A"}, **{"X-Mock-Fault": "nonsense"})).status == 400


async def test_a_header_names_a_fault(start: Starting) -> None:
    """On a create for the whole job; on a look or a download for that one."""
    _, raw = await start(any_size=True)
    order = {"prompt": "A boat", "size": "64x64", "seconds": "1"}
    assert (await raw.post("/v1/videos", order, **{"X-Mock-Fault": "submit-402"})).status == 402
    assert (await raw.post("/v1/videos", order, **{"X-Mock-Fault": "submit-402"})).status == 402
    path = f"/v1/videos/{(await raw.post('/v1/videos', order, **{'X-Mock-Fault': 'poll-404'})).json['id']}"
    assert [(await raw.get(path)).status for _ in range(2)] == [404, 200]
    assert (await raw.get(path, **{"X-Mock-Fault": "poll-5xx=502"})).status == 502
    assert (await raw.get(path, **{"X-Mock-Fault": "content-html"})).status == 200
    assert b"sign in" in (await raw.get(f"{path}/content", **{"X-Mock-Fault": "content-html"})).body
    assert b"ftyp" in (await raw.get(f"{path}/content")).body


async def test_a_mix_strikes_its_share(start: Starting) -> None:
    """A refused create that is sent again is drawn for again; what a tag names comes first."""
    upstream, raw = await start(mix=mock.parse_mix("submit-429*1", rate=0.5, seed=5))
    statuses = Counter([(await raw.post("/v1/videos", {"prompt": "A boat"})).status for _ in range(60)])
    assert statuses.keys() == {200, 429}
    assert 15 <= statuses[429] <= 45
    assert len([line for line in upstream.lines if line.fault == "submit-429"]) == statuses[429]
    tagged_ones = [await raw.post("/v1/videos", {"prompt": f"B {n} [mock:id-null]"}) for n in range(20)]
    assert {seen.status for seen in tagged_ones} == {200}
