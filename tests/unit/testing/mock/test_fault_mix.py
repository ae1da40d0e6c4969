"""Which fault hits which job: tags, headers, seeded mixes."""

from __future__ import annotations

from collections import Counter

import pytest

from filmgate.testing import mock
from filmgate.testing.mock.fault_mix import faults_in_prompt, parse_fault


def draws(seed: int, prompts: list[str]) -> dict[str, str]:
    """What each prompt meets."""
    mix = mock.parse_mix("all", rate=0.5, seed=seed)
    return {prompt: ",".join(map(str, mix.draw(prompt, 0))) for prompt in prompts}


def test_a_seed_decides() -> None:
    """The same seed and prompt meet the same fault, in whatever order they come; another seed, another."""
    prompts = [f"Boat {number}" for number in range(200)]
    assert draws(7, prompts) == draws(7, prompts[::-1])
    assert draws(7, prompts) != draws(8, prompts)
    assert 70 <= sum(bool(fault) for fault in draws(7, prompts).values()) <= 130


def test_the_same_prompt_again_is_another_draw() -> None:
    """A load test that repeats one prompt meets all sorts of things."""
    mix = mock.parse_mix("reply-lost,failed", rate=1.0, seed=1)
    assert {str(mix.draw("A boat", turn)[0]) for turn in range(20)} == {"reply-lost", "failed"}


def test_weights() -> None:
    """A fault of weight 9 comes nine times as often as one of weight 1."""
    mix = mock.parse_mix("failed*9, poll-404=2 * 1", rate=1.0, seed=3)
    drawn = Counter(str(mix.draw(f"Boat {number}", 0)[0]) for number in range(1000))
    assert 850 <= drawn["failed"] <= 950
    assert drawn["failed"] + drawn["poll-404=2"] == 1000


def test_all_leaves_out_what_hits_others() -> None:
    """No outage, and nothing that only the client's deadline ends."""
    mix = mock.parse_mix("all", rate=1.0, seed=0)
    names = {strike.fault.name for strike in mix.faults}
    alone = {"outage", "reply-never", "never-ends", "slow-success", "progress-99", "status-unknown-ever"}
    assert names == mock.FAULTS.keys() - alone


def test_tags() -> None:
    """As many as stand in the prompt, with their arguments."""
    found = faults_in_prompt("A boat [mock:poll-404=3] at [sunset] [mock:content-resets=ever][mock:failed]")
    assert list(map(str, found)) == ["poll-404=3", "content-resets=ever", "failed"]
    assert faults_in_prompt("A boat [mock] mock:failed") == ()


@pytest.mark.parametrize("text", ["nonsense", "failed=1", "poll-404=often", "reply-late=x", ""])
def test_what_is_no_fault(text: str) -> None:
    """It is said, not ignored: a typing error would make a test pass that tests nothing."""
    with pytest.raises(mock.UnknownFault):
        parse_fault(text)


def test_what_is_no_mix() -> None:
    """The same of --faults; empty is none."""
    assert mock.parse_mix("", rate=1.0, seed=0).draw("A boat", 0) == ()
    for text in ("nonsense", "failed*often"):
        with pytest.raises(mock.UnknownFault):
            mock.parse_mix(text, rate=1.0, seed=0)
