"""The ``apiyi`` dialect from the client's side: JSON for text, a form with a picture; a failure may lack its reason."""

from __future__ import annotations

from filmgate.wire.upstream.base import Upstream
from filmgate.wire.upstream.openai import ENDINGS, STATUSES

__all__ = ["APIYI"]

APIYI = Upstream(name="apiyi", statuses=STATUSES, endings=ENDINGS, text_as_json=True)
