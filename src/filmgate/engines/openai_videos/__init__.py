"""``openai-videos``: any server that speaks the Videos API, in one of its dialects or a model server's flavour."""

from __future__ import annotations

from filmgate.engines.openai_videos.engine import OpenAIVideosEngine
from filmgate.engines.openai_videos.options import KIND, Options, Profile, read_options

__all__ = ["KIND", "OpenAIVideosEngine", "Options", "Profile", "read_options"]
