"""Parses the documentation's pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from tests.support.paths import ROOT
from tests.support.served import TESTCARDS, Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHINESE_SUFFIX = ".zh-CN.md"
_PATTERNS = ("README*.md", "docs/**/*.md", "packages/*/gallery/*.md")
PAGES = sorted(page for place in _PATTERNS for page in ROOT.glob(place))

_FENCE = re.compile(
    r"(?:<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class Block(Struct, frozen=True):
    """A fenced block and the comment above it, which says how it is tested."""

    mark: str
    language: str
    text: str


def name_of(page: Path) -> str:
    """Return the page's path as a test id."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """Return all fenced blocks of a page."""
    return [
        Block(match["mark"] or "", match["language"], match["text"])
        for match in _FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def manual(*, chinese: bool) -> str:
    """Return the reference and how-to pages of one language, joined."""
    pages = [
        page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name.endswith(CHINESE_SUFFIX) == chinese
    ]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose videos are completed at once, and that may send webhooks to this machine."""
    with serving(tmp_path_factory.mktemp("manual"), TESTCARDS, FILMGATE_ALLOW_HOSTS="127.0.0.1") as running:
        yield running
