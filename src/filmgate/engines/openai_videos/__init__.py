"""``openai-videos``: any server that implements the Videos API, in one of its dialects or a model server's flavour."""

from __future__ import annotations

from filmgate.engines.openai_videos.engine import OpenAIVideosEngine
from filmgate.engines.openai_videos.options import KIND, ModelProfile, OpenAIVideosOptions, read_options
from filmgate.engines.options import EngineContext

__all__ = ["KIND", "ModelProfile", "OpenAIVideosEngine", "OpenAIVideosOptions", "build", "read_options"]


def build(context: EngineContext) -> OpenAIVideosEngine:
    """Create the engine (its factory).

    Raises:
        SettingsError: an option is unknown or can't be used; the text names it.
    """
    return OpenAIVideosEngine(context.name, read_options(context))
