"""A page in Chromium, of another origin than the server's: the official JavaScript SDK, and a program with fetch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.browser import run_page
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.served import Served

NODE_CLIENTS = ROOT / ".cache" / "node"
"""The JavaScript clients of ``clients/package.json``; `make check` installs them."""

pytestmark = pytest.mark.needs("chromium", str(NODE_CLIENTS / ".ready"))


@pytest.fixture(scope="module")
def found(served: Served) -> Any:
    """What the page read."""
    folders = {"clients": Path(__file__).parent / "clients", "modules": NODE_CLIENTS / "node_modules"}
    return run_page(folders, "/clients/browser.html", {"origin": served.url, "key": served.key})


def test_the_official_sdk_makes_a_video(found: Any) -> None:
    """Create, poll at the pace that the server names, download, delete."""
    assert found["sdk"] == {"status": "completed", "readable": True, "mp4": True, "deleted": True}


def test_errors_are_the_sdks_own(found: Any) -> None:
    """Class, status, code and request id; none becomes a "Failed to fetch"."""
    assert found["errors"] == {
        "key": ["AuthenticationError", 401, "invalid_api_key", True],
        "id": ["NotFoundError", 404, "video_not_found", True],
        "value": ["BadRequestError", 400, "invalid_value", True],
        "path": ["NotFoundError", 404, "unknown_url", True],
    }


def test_chat_streams_and_its_links_show_media(found: Any) -> None:
    """The preview's pixels can be read, and the video plays."""
    assert found["chat"] == {"pixels": True, "width": 720}


def test_a_program_with_fetch(found: Any) -> None:
    """A form with an image; the content as a blob and in part, with its headers; the events as a stream."""
    assert found["fetch"] == {
        "blob": True,
        "name": f'attachment; filename="{found["fetch"]["id"]}.mp4"',
        "part": [206, "ftyp", True],
        "etag": True,
        "events": True,
        "id": found["fetch"]["id"],
    }


def test_a_page_can_not_read_the_operators_paths(found: Any) -> None:
    """Whether a server runs at an address is not every page's business."""
    assert found["operator"] == "TypeError"
