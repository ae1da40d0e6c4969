"""Servers that claim to follow ``openai``, and how each differs: data and small functions over that dialect.

:func:`detect_flavour` recognises a server by its models list.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from filmgate.domain import PARAMETER_RANGES, ParameterRange
from filmgate.wire.upstream import parsing
from filmgate.wire.upstream.base import HttpCall, JobRequest, standard_fields, status_table, video_path
from filmgate.wire.upstream.openai import FAILURE_WORDS, OPENAI

__all__ = ["FASTVIDEO", "FILMGATE", "FLAVOURS", "NEW_API", "SGLANG", "TENSORRT_LLM", "VLLM_OMNI", "detect_flavour"]

_DIFFUSION = {
    "fps": ParameterRange("integer", 1, 60),
    "num_frames": ParameterRange("integer", 1, 7_200),
    "num_inference_steps": ParameterRange("integer", 1, 100),
    "guidance_scale": ParameterRange("number", 0, 20),
    "negative_prompt": ParameterRange("string", 1, 4_000),
}
"""What the request models of the model servers have in common: ``VideoGenerationsRequest`` of SGLang 0.5 and FastVideo
0.2, ``VideoGenerationRequest`` of vLLM-Omni 0.30. Steps are bounded, since each costs as much as the first.
"""

_USER = {"user": PARAMETER_RANGES["user"]}

_SEED_MODULUS = 2**31
"""A seed below this modulus suits every random generator."""


def _model_fields(request: JobRequest) -> dict[str, str]:
    """Add frames and their rate: these servers assume 24 a second, even for a model that was made for 16."""
    fields = standard_fields(request)
    if request.fps is not None:
        fields["fps"] = str(request.fps)
    if request.frames is not None:
        fields["num_frames"] = str(request.frames)
    if request.seed is not None:
        fields["seed"] = str(request.seed % _SEED_MODULUS)
    return fields


def _tensorrt_fields(request: JobRequest) -> dict[str, str]:
    """Send seconds, maybe a fraction, since no other field sets the length, and request MP4: the default is AVI."""
    fields = _model_fields(request)
    if request.frames is not None and request.fps:
        fields["seconds"] = f"{request.frames / request.fps:g}"
    fields.pop("num_frames", None)
    return {**fields, "output_format": "mp4"}


def _filmgate_fields(request: JobRequest) -> dict[str, str]:
    fields = standard_fields(request)
    return fields if request.seed is None else {**fields, "seed": str(request.seed)}


def _delete(ticket: str) -> HttpCall:
    return HttpCall(method="DELETE", path=video_path(ticket))


def _post_cancel(ticket: str) -> HttpCall:
    return HttpCall(method="POST", path=f"{video_path(ticket)}/cancel")


SGLANG = replace(
    OPENAI, name="sglang", fields=_model_fields, url_keys=("url",), url_in_refusal=True, parameters=_DIFFUSION
)  # its DELETE forgets the job while the GPU continues: no cancel
VLLM_OMNI = replace(OPENAI, name="vllm-omni", fields=_model_fields, cancel_call=_delete, parameters=_DIFFUSION | _USER)
FASTVIDEO = replace(OPENAI, name="fastvideo", fields=_model_fields, url_keys=("url",), parameters=_DIFFUSION)
TENSORRT_LLM = replace(
    OPENAI,
    name="tensorrt-llm",
    fields=_tensorrt_fields,
    # It gets its length in seconds, and refuses a scale of 0.
    parameters={name: each for name, each in _DIFFUSION.items() if name != "num_frames"}
    | {"guidance_scale": ParameterRange("number", 0.1, 20)},
)
NEW_API = replace(
    OPENAI,
    name="new-api",
    statuses=status_table(
        queued="queued pending submitted not_start in_queue waiting",
        in_progress="in_progress processing running generating",
        completed="completed succeeded success",
        failed="failed failure fail error",
    ),  # its ``unknown`` is not listed: poll again
    failure_words=FAILURE_WORDS,
    envelopes=("data",),
    id_keys=("id", "task_id"),
    error_keys=("error", "fail_reason"),
    url_keys=("url", "metadata.url"),
    supports_list=False,
)
FILMGATE = replace(
    OPENAI, name="filmgate", fields=_filmgate_fields, cancel_call=_post_cancel, parameters=_USER
)  # which others it takes depends on its own engines

FLAVOURS = {each.name: each for each in (SGLANG, VLLM_OMNI, FASTVIDEO, TENSORRT_LLM, NEW_API, FILMGATE)}

_FLAVOUR_BY_OWNER = {
    "sglang": SGLANG,
    "vllm": VLLM_OMNI,
    "vllm-omni": VLLM_OMNI,
    "fastvideo": FASTVIDEO,
    "tensorrt_llm": TENSORRT_LLM,
    "filmgate": FILMGATE,
}
_FLAVOUR_BY_HEADER = {"x-oneapi-request-id": NEW_API, "x-new-api-version": NEW_API}


def detect_flavour(headers: Mapping[str, str], body: bytes) -> str | None:
    """Return the flavour of a server by its response to ``GET /models``; None if it gives no sign."""
    for name, flavour in _FLAVOUR_BY_HEADER.items():
        if parsing.find_header(headers, name) is not None:
            return flavour.name
    models = (parsing.parse_object(body) or {}).get("data")
    for model in models if isinstance(models, list) else ():
        owner = model.get("owned_by") if isinstance(model, dict) else None
        if isinstance(owner, str) and owner.lower() in _FLAVOUR_BY_OWNER:
            return _FLAVOUR_BY_OWNER[owner.lower()].name
    return None
