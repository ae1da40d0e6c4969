"""The ``model-server`` dialect: the contract as servers of video models speak it, for clients written against them.

DELETE of an unfinished video cancels and deletes it there (vLLM-Omni, Unsloth Studio), where the contract answers 400.
"""

from __future__ import annotations

from msgspec.structs import replace

from filmgate.wire.openai import OPENAI

__all__ = ["MODEL_SERVER"]

MODEL_SERVER = replace(OPENAI, name="model-server", base_path="/model-server/v1", deletes_running=True)
