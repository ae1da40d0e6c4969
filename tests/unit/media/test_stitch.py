"""Joining videos."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.encode import SAMPLE_RATE, VideoWriter, rgb_to_planes
from filmgate.media.probe import open_video, probe
from filmgate.media.stitch import join_videos, stitch

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = Size(160, 96)


def _make_video(
    path: Path, colour: int, seconds: int, fps: int | Fraction = 24, size: Size = SIZE, tone: float = 440
) -> Path:
    """Encode a grey video with a moving bar and a tone."""
    frames = round(seconds * fps)
    with VideoWriter(path, size=size, fps=fps, title="One", comment="made here") as writer:
        times = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
        writer.add_sound(np.repeat(0.5 * np.sin(2 * np.pi * tone * times)[:, None], 2, axis=1).astype(np.float32))
        for number in range(frames):
            rgb = np.full((size.height, size.width, 3), colour, np.uint8)
            rgb[:, number % size.width] = 255
            frame = writer.new_frame()
            rgb_to_planes(rgb, frame)
            writer.write(frame)
    return path


def _greys(video: Path) -> list[int]:
    """The grey value of every frame, in presentation order."""
    with open_video(video) as container:
        shown = [
            (frame.pts or 0, float(np.median(frame.to_ndarray(format="gray")))) for frame in container.decode(video=0)
        ]
    assert [pts for pts, _ in shown] == sorted({pts for pts, _ in shown})
    return [round(grey / 20) * 20 for _, grey in shown]


def _packets(video: Path) -> list[bytes]:
    with open_video(video) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _sound(video: Path) -> NDArray[np.float32]:
    with open_video(video) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def test_matching_videos_are_joined_without_encoding(tmp_path: Path) -> None:
    """The result has every packet of both; all its frames can be decoded, and its length is their sum."""
    first, second = _make_video(tmp_path / "a.mp4", 40, 2), _make_video(tmp_path / "b.mp4", 160, 1)
    assert stitch(first, second, tmp_path / "out.mp4") == 72
    probed = probe(tmp_path / "out.mp4")
    assert (probed.frames, probed.seconds, probed.size, probed.faststart) == (72, 3.0, SIZE, True)
    assert (probed.video_codec, probed.audio_codec) == ("h264", "aac")
    assert _packets(tmp_path / "out.mp4") == _packets(first) + _packets(second)
    assert _greys(tmp_path / "out.mp4") == _greys(first) + _greys(second)


def test_a_joined_video_can_be_extended_repeatedly(tmp_path: Path) -> None:
    """A joined video can be the first part of the next join, six times."""
    so_far, segment = _make_video(tmp_path / "0.mp4", 40, 1), _make_video(tmp_path / "s.mp4", 160, 1)
    for turn in range(1, 7):
        assert stitch(so_far, segment, tmp_path / f"{turn}.mp4") == 24 * (turn + 1)
        so_far = tmp_path / f"{turn}.mp4"
    assert probe(so_far).seconds == 7.0
    assert len(_packets(so_far)) == len(_greys(so_far)) == 168


def test_a_video_of_another_rate_is_encoded_at_the_new_rate(tmp_path: Path) -> None:
    """A video that can't be copied is encoded again: the total length and each frame's time are kept."""
    first, second = _make_video(tmp_path / "a.mp4", 40, 2, fps=12), _make_video(tmp_path / "b.mp4", 160, 1, fps=24)
    assert stitch(first, second, tmp_path / "out.mp4") == 72
    assert probe(tmp_path / "out.mp4").seconds == 3.0
    greys = _greys(tmp_path / "out.mp4")
    assert greys == [greys[0]] * 48 + [greys[-1]] * 24
    assert greys[0] != greys[-1]


def test_a_fractional_frame_rate_is_kept(tmp_path: Path) -> None:
    """Videos of 29.97 frames a second are joined at that rate."""
    rate = Fraction(30000, 1001)
    first, second = _make_video(tmp_path / "a.mp4", 40, 2, fps=rate), _make_video(tmp_path / "b.mp4", 160, 1, fps=rate)
    assert stitch(first, second, tmp_path / "out.mp4") == 90
    assert probe(tmp_path / "out.mp4").fps == pytest.approx(29.97, abs=0.01)


def test_the_sound_is_in_sync_and_does_not_click(tmp_path: Path) -> None:
    """Each video's tone is heard in its own time, and samples at the seam differ no more than within a tone."""
    first, second = (
        _make_video(tmp_path / "a.mp4", 40, 2, tone=441.3),
        _make_video(tmp_path / "b.mp4", 160, 1, tone=881.7),
    )
    stitch(first, second, tmp_path / "out.mp4")
    sound = _sound(tmp_path / "out.mp4")[0]
    assert len(sound) == pytest.approx(3 * SAMPLE_RATE, abs=1024)
    for start, tone in ((0.5, 441.3), (2.3, 881.7)):
        piece = sound[int(start * SAMPLE_RATE) : int((start + 0.5) * SAMPLE_RATE)]
        loudest = np.argmax(np.abs(np.fft.rfft(piece)))
        assert 2 * loudest == pytest.approx(tone, abs=3)
    seam = np.abs(np.diff(sound[2 * SAMPLE_RATE - 2000 : 2 * SAMPLE_RATE + 2000]))
    assert seam.max() < 1.3 * np.abs(np.diff(sound[int(2.3 * SAMPLE_RATE) : int(2.8 * SAMPLE_RATE)])).max()


def test_a_video_without_sound_is_extended(tmp_path: Path) -> None:
    """The part without sound is silent until the new segment starts."""
    first, second = _make_video(tmp_path / "a.mp4", 40, 1), _make_video(tmp_path / "b.mp4", 160, 1)
    with open_video(first) as container, av.open(str(tmp_path / "mute.mp4"), "w") as mute:
        stream = mute.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.size:
                packet.stream = stream
                mute.mux(packet)
    stitch(tmp_path / "mute.mp4", second, tmp_path / "out.mp4")
    sound = np.abs(_sound(tmp_path / "out.mp4")[0])
    assert sound[: int(0.95 * SAMPLE_RATE)].max() < 0.01
    assert sound[int(1.1 * SAMPLE_RATE) :].max() > 0.3


def test_videos_of_different_sizes_are_refused(tmp_path: Path) -> None:
    """No video is scaled without notice, and no file remains."""
    first, second = _make_video(tmp_path / "a.mp4", 40, 1), _make_video(tmp_path / "b.mp4", 160, 1, size=Size(64, 64))
    with pytest.raises(BadArtifact, match="sizes"):
        stitch(first, second, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_many_matching_videos_are_joined_without_encoding(tmp_path: Path) -> None:
    """In order, with every packet of each; their lengths add up."""
    videos = [_make_video(tmp_path / f"{grey}.mp4", grey, 1) for grey in (40, 100, 160, 220)]
    assert join_videos(videos, tmp_path / "all.mp4") == 96
    assert _greys(tmp_path / "all.mp4") == [40] * 24 + [100] * 24 + [160] * 24 + [220] * 24
    assert _packets(tmp_path / "all.mp4") == [packet for video in videos for packet in _packets(video)]
    assert probe(tmp_path / "all.mp4").seconds == 4


def test_different_videos_are_fitted_into_the_first_size(tmp_path: Path) -> None:
    """The result has the last one's rate and black bars beside narrower videos."""
    wide, tall = (
        _make_video(tmp_path / "a.mp4", 100, 1),
        _make_video(tmp_path / "b.mp4", 200, 1, fps=12, size=Size(48, 96)),
    )
    assert join_videos([wide, tall], tmp_path / "all.mp4") == 24
    probed = probe(tmp_path / "all.mp4")
    assert (probed.size, probed.fps, probed.seconds, probed.audio_codec) == (SIZE, 12, 2, "aac")
    with open_video(tmp_path / "all.mp4") as container:
        last = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][-1]
    assert last[48, :50].max() < 10
    assert last[48, 110:].max() < 10
    assert np.median(last[:, 60:100]) > 180
