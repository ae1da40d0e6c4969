"""What is made of a film that exists."""

from __future__ import annotations

import msgspec
import pytest

from filmgate.domain import Asset, AssetKind, Operation, Size
from filmgate.errors import InvalidValue
from filmgate.services.revisions import MAX_EXTENSIONS, MAX_SECONDS, SourceVideo, build_recipe
from filmgate.wire.params import RevisionParams, VideoId

FILM = Asset(
    kind=AssetKind.VIDEO, key="videos/a.mp4", media_type="video/mp4", bytes=1, sha256="00", width=64, height=64
)
OURS = SourceVideo(
    content=FILM, size=Size(64, 64), seconds=8, model="sora-2", seed=7, prompts=("One", "Two"), video_id="video_a"
)


def _params(operation: Operation, seconds: int | None = None) -> RevisionParams:
    return RevisionParams(operation=operation, prompt="Three", video=VideoId("video_a"), seconds=seconds)


def test_a_remix_keeps_seed_size_and_length() -> None:
    """Only the prompt is new; the older ones stay underneath it."""
    recipe = build_recipe(_params(Operation.REMIX), OURS)
    assert (recipe.seed, recipe.size, recipe.seconds, recipe.render_seconds) == (7, Size(64, 64), 8, 8)
    assert (recipe.prompt, recipe.base_prompts, recipe.extensions) == ("Three", ("One", "Two"), 0)


def test_an_extension_makes_its_segment_only() -> None:
    """The film's length is the sum, what an engine makes is the segment."""
    recipe = build_recipe(_params(Operation.EXTEND, 4), OURS)
    assert (recipe.seconds, recipe.render_seconds, recipe.extensions) == (12, 4, 1)


def test_an_upload_gets_a_seed_of_its_request() -> None:
    """The same edit of a film of that size and length gives the same film."""
    uploaded = msgspec.structs.replace(OURS, model=None, seed=None, prompts=(), video_id=None)
    first, second = (build_recipe(_params(Operation.EDIT), uploaded) for _ in range(2))
    assert first == second
    assert first.base_prompts == ()


def test_a_film_is_extended_so_often_and_so_far() -> None:
    """The last extension that is allowed is made, the next is refused; so with the length."""
    often = msgspec.structs.replace(OURS, extensions=MAX_EXTENSIONS - 1)
    assert build_recipe(_params(Operation.EXTEND, 4), often).extensions == MAX_EXTENSIONS
    with pytest.raises(InvalidValue, match="6 times"):
        build_recipe(_params(Operation.EXTEND, 4), msgspec.structs.replace(often, extensions=MAX_EXTENSIONS))
    long = msgspec.structs.replace(OURS, seconds=MAX_SECONDS - 4)
    assert build_recipe(_params(Operation.EXTEND, 4), long).seconds == MAX_SECONDS
    with pytest.raises(InvalidValue, match="124 s long"):
        build_recipe(_params(Operation.EXTEND, 8), long)


def test_a_film_that_was_extended_six_times_can_be_remixed() -> None:
    """The limit is on extensions alone."""
    often = msgspec.structs.replace(OURS, extensions=MAX_EXTENSIONS)
    assert build_recipe(_params(Operation.REMIX), often).extensions == MAX_EXTENSIONS
