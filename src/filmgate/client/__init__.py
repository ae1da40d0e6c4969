"""The SDK: ``Client`` and ``AsyncClient``, one logic, against this server and whoever speaks its API."""

from filmgate.client.durations import Experience
from filmgate.client.endpoint import Endpoint, base_url_from, endpoint
from filmgate.client.operations import Content
from filmgate.client.responses import CharacterData, Model, VideoData
from filmgate.client.sdk import (
    AsyncClient,
    AsyncModels,
    AsyncVideo,
    AsyncVideos,
    Client,
    Models,
    Video,
    Videos,
)
from filmgate.client.webhooks import WebhookEvent, Webhooks

__all__ = [
    "AsyncClient",
    "AsyncModels",
    "AsyncVideo",
    "AsyncVideos",
    "CharacterData",
    "Client",
    "Content",
    "Endpoint",
    "Experience",
    "Model",
    "Models",
    "Video",
    "VideoData",
    "Videos",
    "WebhookEvent",
    "Webhooks",
    "base_url_from",
    "endpoint",
]
