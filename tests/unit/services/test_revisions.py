"""Recipes of remixes, edits and extensions."""

from __future__ import annotations

import msgspec
import pytest

from filmgate.domain import Asset, AssetKind, EngineParameters, Operation, Size
from filmgate.errors import InvalidValue
from filmgate.services.revisions import MAX_EXTENSIONS, MAX_SECONDS, SourceVideo, build_recipe
from filmgate.wire.params import RevisionParams, VideoId

VIDEO = Asset(
    kind=AssetKind.VIDEO, key="videos/a.mp4", media_type="video/mp4", bytes=1, sha256="00", width=64, height=64
)
SOURCE = SourceVideo(
    content=VIDEO, size=Size(64, 64), seconds=8, model="sora-2", seed=7, prompts=("One", "Two"), video_id="video_a"
)


def _params(operation: Operation, seconds: int | None = None) -> RevisionParams:
    return RevisionParams(operation=operation, prompt="Three", video=VideoId("video_a"), seconds=seconds)


def test_a_remix_keeps_seed_size_and_length() -> None:
    """Only the prompt is new; the earlier prompts become its base prompts."""
    recipe = build_recipe(_params(Operation.REMIX), SOURCE)
    assert (recipe.seed, recipe.size, recipe.seconds, recipe.render_seconds) == (7, Size(64, 64), 8, 8)
    assert (recipe.prompt, recipe.base_prompts, recipe.extensions) == ("Three", ("One", "Two"), 0)


def test_an_extension_renders_only_its_segment() -> None:
    """The video's length is the sum; the engine makes the segment."""
    recipe = build_recipe(_params(Operation.EXTEND, 4), SOURCE)
    assert (recipe.seconds, recipe.render_seconds, recipe.extensions) == (12, 4, 1)


def test_a_revision_keeps_its_sources_parameters() -> None:
    """Not the number of frames of another length, and not the user, who is the new request's own."""
    given = EngineParameters(fps=24, num_frames=193, negative_prompt="rain", user="u-1")
    source = msgspec.structs.replace(SOURCE, parameters=given)
    remix = build_recipe(msgspec.structs.replace(_params(Operation.REMIX), user="u-2"), source)
    assert remix.parameters == EngineParameters(fps=24, num_frames=193, negative_prompt="rain", user="u-2")
    extension = build_recipe(_params(Operation.EXTEND, 4), source)
    assert extension.parameters == EngineParameters(fps=24, negative_prompt="rain")


def test_the_seed_of_an_upload_is_derived_from_the_request() -> None:
    """The same edit of a video of the same size and length gives the same video."""
    uploaded = msgspec.structs.replace(SOURCE, model=None, seed=None, prompts=(), video_id=None)
    first, second = (build_recipe(_params(Operation.EDIT), uploaded) for _ in range(2))
    assert first == second
    assert first.base_prompts == ()


def test_the_number_of_extensions_and_the_total_length_are_limited() -> None:
    """The last allowed extension is accepted and the next one refused; the same holds for the length."""
    extended = msgspec.structs.replace(SOURCE, extensions=MAX_EXTENSIONS - 1)
    assert build_recipe(_params(Operation.EXTEND, 4), extended).extensions == MAX_EXTENSIONS
    with pytest.raises(InvalidValue, match="6 times"):
        build_recipe(_params(Operation.EXTEND, 4), msgspec.structs.replace(extended, extensions=MAX_EXTENSIONS))
    long = msgspec.structs.replace(SOURCE, seconds=MAX_SECONDS - 4)
    assert build_recipe(_params(Operation.EXTEND, 4), long).seconds == MAX_SECONDS
    with pytest.raises(InvalidValue, match="124 s long"):
        build_recipe(_params(Operation.EXTEND, 8), long)


def test_a_video_with_all_its_extensions_can_be_remixed() -> None:
    """The limit counts extensions only."""
    extended = msgspec.structs.replace(SOURCE, extensions=MAX_EXTENSIONS)
    assert build_recipe(_params(Operation.REMIX), extended).extensions == MAX_EXTENSIONS
