"""Client side of the ``apiyi`` dialect: JSON for text, a form with an image; a failure may lack its reason."""

from __future__ import annotations

from filmgate.wire.upstream.base import Upstream
from filmgate.wire.upstream.openai import FAILURE_WORDS, STATUS_WORDS

__all__ = ["APIYI"]

APIYI = Upstream(name="apiyi", statuses=STATUS_WORDS, failure_words=FAILURE_WORDS, text_as_json=True)
