"""``filmgate submit``: what it sends."""

from __future__ import annotations

from tests.support.cli import Ran, cli


def _submit(*arguments: str) -> Ran:
    return cli("submit", "a dog", *arguments, FILMGATE_BASE_URL="http://127.0.0.1:1/v1", FILMGATE_API_KEY="fg-1")


def test_parameters_of_engines_are_sent_as_given() -> None:
    """Each ``--param`` is a field; the last of two with one name counts."""
    params = ("--param", "num_inference_steps=20", "--param", "negative_prompt=rain=snow", "--param", "fps=24")
    ran = _submit("--print-curl", *params, "--param", "num_inference_steps=30")
    assert ran.code == 0, ran.err
    assert '"num_inference_steps":"30","negative_prompt":"rain=snow","fps":"24"' in ran.out


def test_an_unknown_parameter_is_refused_before_anything_is_sent() -> None:
    """The error lists the known ones."""
    for wrong in ("steps=30", "fps", "fps="):
        ran = _submit("--param", wrong)
        assert ran.code == 2
        assert f"'{wrong}' is not NAME=VALUE with one of the names fps, num_frames, num_inference_steps" in ran.err
