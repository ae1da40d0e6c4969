"""The names that other video APIs give to this API's parameters; an error suggests the right one, nothing is taken."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

__all__ = ["suggest"]

OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "prompt": ("text", "input", "description", "promptText", "textPrompt"),
    "model": ("modelName", "modelId", "engine", "deployment"),
    "seconds": ("duration", "durationSeconds", "nSeconds", "length", "videoLength", "videoDuration"),
    "size": ("resolution", "aspectRatio", "ratio", "orientation", "width", "height", "dimensions", "videoSize"),
    "input_reference": (
        *("image", "images", "img", "file", "files", "inputImage", "initImage", "startImage", "sourceImage"),
        *("firstFrame", "firstFrameImage", "startFrame", "firstFrameUrl", "imageFile", "imageReference", "imagePath"),
        *("referenceImage", "referenceImages", "reference", "inputReferences", "inputReferenceUrl"),
        *("imageUrl", "imageUrls", "referenceImageUrl", "inputImageUrl"),
    ),
    "characters": ("character", "characterId", "characterIds"),
    "callback_url": ("callback", "webhook", "webhookUrl", "notifyUrl", "notifyHook", "hookUrl"),
    "seed": ("randomSeed",),
    "fit": ("resize", "resizeMode"),
    "metadata": ("meta",),
    "fps": ("frameRate", "framesPerSecond", "videoFps"),
    "num_frames": ("frames", "frameCount", "nFrames", "videoFrames"),
    "num_inference_steps": ("steps", "inferenceSteps", "numSteps", "samplingSteps", "sampleSteps"),
    "guidance_scale": ("cfg", "cfgScale", "guidance"),
    "negative_prompt": ("negative", "negPrompt", "negativeText"),
    "user": ("userId", "endUser", "endUserId", "safetyIdentifier"),
    "video": ("videoId", "videoUrl", "source", "sourceVideo", "inputVideo", "file", "inputReference"),
    # keys of a reference
    "image_url": ("url", "uri", "image"),
    "file_id": ("id", "file"),
    "id": ("videoId", "characterId"),
}


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_RIGHT_NAMES: Final = {
    (right, wrong) for right, others in OTHER_NAMES.items() for wrong in (*map(_plain, others), _plain(right))
}


def suggest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one probably means: of another API, or in other letters (``callbackUrl``).

    Args:
        name: the unknown name, of bounded length.
        known: the names that the request may have.
    """
    wrong = _plain(name)
    return next((right for right in known if _plain(right) == wrong or (right, wrong) in _RIGHT_NAMES), None)
