"""SDK: ``Client`` and ``AsyncClient``, one logic, for Filmgate servers and servers with a compatible API."""

from filmgate.client.durations import DurationHistory
from filmgate.client.endpoint import ApiEndpoint, base_url_from, resolve_endpoint
from filmgate.client.operations import DownloadedContent
from filmgate.client.responses import CharacterData, ModelData, VideoData
from filmgate.client.sdk import (
    AsyncClient,
    AsyncModels,
    AsyncVideo,
    AsyncVideos,
    Client,
    SyncModels,
    Video,
    Videos,
)
from filmgate.client.webhooks import WebhookEvent, WebhookVerifier

__all__ = [
    "ApiEndpoint",
    "AsyncClient",
    "AsyncModels",
    "AsyncVideo",
    "AsyncVideos",
    "CharacterData",
    "Client",
    "DownloadedContent",
    "DurationHistory",
    "ModelData",
    "SyncModels",
    "Video",
    "VideoData",
    "Videos",
    "WebhookEvent",
    "WebhookVerifier",
    "base_url_from",
    "resolve_endpoint",
]
