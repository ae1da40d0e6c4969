"""The SDK: ``Client`` and ``AsyncClient``, one logic, against this server and whoever speaks its API."""

from filmgate.client.answers import CharacterData, Model, VideoData
from filmgate.client.endpoint import Endpoint, base_url_from, endpoint
from filmgate.client.experience import Experience
from filmgate.client.resources import Content
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
