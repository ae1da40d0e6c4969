"""The encoder: exact, tagged, reproducible, without leftover files."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from filmgate.domain import Size
from filmgate.media.encode import SAMPLE_RATE, VideoWriter, YuvFrame, rgb_to_planes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = Size(160, 96)


def _fill(frame: YuvFrame, number: int) -> None:
    frame.y[:] = 40 + number
    frame.y[:, number : number + 20] = 200
    frame.u[:] = 110
    frame.v[:] = 150


def _tone(samples: int) -> NDArray[np.float32]:
    wave = 0.3 * np.sin(np.arange(samples) * (440 * 2 * np.pi / SAMPLE_RATE))
    return np.stack([wave, wave], axis=1).astype(np.float32)


def _encode_video(path: Path, *, frames: int = 48, fps: int = 24, pieces: str = "first", size: Size = SMALL) -> Path:
    """Encode a video with its sound added before, between or after its frames."""
    sound = _tone(frames * SAMPLE_RATE // fps)
    step = SAMPLE_RATE // fps
    with VideoWriter(path, size=size, fps=fps, title="A dog", comment="procedural animatic") as writer:
        if pieces == "first":
            writer.add_sound(sound)
        for number in range(frames):
            frame = writer.new_frame()
            _fill(frame, number)
            writer.write(frame)
            if pieces == "between":
                writer.add_sound(sound[number * step : (number + 1) * step])
        if pieces == "last":
            writer.add_sound(sound)
    return path


@pytest.mark.parametrize(
    ("size", "frames", "fps"), [(SMALL, 48, 24), (Size(96, 160), 60, 30), (Size(162, 98), 25, 24), (SMALL, 1, 24)]
)
def test_size_frame_count_and_length_are_exact(tmp_path: Path, size: Size, frames: int, fps: int) -> None:
    """Size, frame count, frame rate and the lengths of both tracks are exact to the tick."""
    path = _encode_video(tmp_path / "video.mp4", size=size, frames=frames, fps=fps)
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.frames, video.average_rate) == (
            size.width,
            size.height,
            frames,
            Fraction(fps),
        )
        assert video.duration is not None
        assert video.time_base is not None
        assert video.duration * video.time_base * fps == frames
        assert audio.duration == frames * SAMPLE_RATE // fps
        assert sum(1 for _ in container.decode(video=0)) == frames


def test_codecs_and_tags_are_widely_playable(tmp_path: Path) -> None:
    """H.264 High yuv420p with two-second groups, AAC-LC stereo at 48 kHz, and a description in the tags."""
    with av.open(str(_encode_video(tmp_path / "video.mp4", frames=97))) as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (video.name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        assert (audio.name, audio.profile, audio.sample_rate, audio.layout.name) == ("aac", "LC", 48_000, "stereo")
        assert container.metadata["title"] == "A dog"
        assert container.metadata["comment"] == "procedural animatic"
        keys = [frame.pts for frame in container.decode(video=0) if frame.key_frame]
        assert len(keys) >= 3


def test_the_index_comes_before_the_data(tmp_path: Path) -> None:
    """A player can start before it has the whole file."""
    data = _encode_video(tmp_path / "video.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_colours_are_tagged_bt709_and_limited(tmp_path: Path) -> None:
    """The stream declares its colour space, so that players need not guess."""
    with av.open(str(_encode_video(tmp_path / "video.mp4"))) as container:
        video = container.streams.video[0].codec_context
        assert (video.colorspace, video.color_primaries, video.color_trc, video.color_range) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
    ],
)
def test_rgb_becomes_bt709(rgb: tuple[int, int, int], yuv: tuple[int, int, int]) -> None:
    """The conversion follows ITU-R BT.709, not BT.601."""
    frame = YuvFrame(SMALL)
    rgb_to_planes(np.full((SMALL.height, SMALL.width, 3), rgb, np.uint8), frame)
    for plane, expected in zip((frame.y, frame.u, frame.v), yuv, strict=True):
        assert abs(plane.astype(int) - expected).max() <= 1


def test_colours_survive_encoding_and_decoding(tmp_path: Path) -> None:
    """A decoder that follows the tags returns the encoded colour."""
    path = tmp_path / "video.mp4"
    with VideoWriter(path, size=SMALL, crf=1) as writer:
        frame = writer.new_frame()
        rgb_to_planes(np.full((SMALL.height, SMALL.width, 3), (200, 90, 30), np.uint8), frame)
        writer.write(frame)
    with av.open(str(path)) as opened:
        shown = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    assert abs(shown.astype(int) - (200, 90, 30)).max() <= 3


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    """The file depends only on frames and sound: not on the run, nor on when the sound was added."""
    paths = [
        _encode_video(tmp_path / f"{n}.mp4", pieces=pieces)
        for n, pieces in enumerate(("first", "first", "between", "last"))
    ]
    assert len({path.read_bytes() for path in paths}) == 1


def test_missing_sound_is_padded_and_surplus_is_cut(tmp_path: Path) -> None:
    """The sound is as long as the video, whatever was added."""
    lengths = []
    for samples in (0, 1000, 3 * SAMPLE_RATE):
        path = tmp_path / f"{samples}.mp4"
        with VideoWriter(path, size=SMALL) as writer:
            writer.add_sound(_tone(samples))
            for number in range(24):
                frame = writer.new_frame()
                _fill(frame, number)
                writer.write(frame)
        with av.open(str(path)) as opened:
            lengths.append(opened.streams.audio[0].duration)
    assert lengths == [SAMPLE_RATE] * 3


def test_the_decoded_sound_equals_the_input(tmp_path: Path) -> None:
    """The sound is in sync with its samples: neither shifted nor changed more than AAC does."""
    with av.open(str(_encode_video(tmp_path / "video.mp4"))) as container:
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    expected = _tone(2 * SAMPLE_RATE).T
    heard = decoded[:, : expected.shape[1]]
    assert np.corrcoef(heard[0, 4800:-4800], expected[0, 4800:-4800])[0, 1] > 0.99


def test_a_failed_encoding_leaves_no_file(tmp_path: Path) -> None:
    """After any error inside the block, the folder is unchanged."""
    with pytest.raises(RuntimeError, match="cancelled"), VideoWriter(tmp_path / "video.mp4", size=SMALL) as writer:  # noqa: PT012 - the block is the subject
        writer.write(writer.new_frame())
        raise RuntimeError("cancelled")
    with pytest.raises(ValueError, match="at least one frame"), VideoWriter(tmp_path / "video.mp4", size=SMALL):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_file_appears_only_when_complete(tmp_path: Path) -> None:
    """The path does not exist before the last byte is written."""
    path = tmp_path / "video.mp4"
    with VideoWriter(path, size=SMALL) as writer:
        writer.write(writer.new_frame())
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["video.mp4"]


def test_titles_are_sanitised(tmp_path: Path) -> None:
    """NUL, lone surrogates and very long prompts neither break the file nor truncate later tags."""
    path = tmp_path / "video.mp4"
    with VideoWriter(path, size=SMALL, title="a\x00b \ud800 海边的狗 " + "x" * 100_000) as writer:
        writer.write(writer.new_frame())
    with av.open(str(path)) as opened:
        assert opened.metadata["title"].startswith("a b 海边的狗 xxx")
        assert len(opened.metadata["title"]) <= 1000


def test_odd_sizes_and_flat_sound_are_refused(tmp_path: Path) -> None:
    """Input that the format can't represent is refused immediately."""
    with pytest.raises(ValueError, match="161x96"):
        VideoWriter(tmp_path / "video.mp4", size=Size(161, 96))
    with pytest.raises(ValueError, match="shape"), VideoWriter(tmp_path / "video.mp4", size=SMALL) as writer:
        writer.add_sound(np.zeros(100, np.float32))


def test_an_unwritable_folder_raises_the_system_error(tmp_path: Path) -> None:
    """The operating system's own error reaches the caller."""
    with pytest.raises(FileNotFoundError), VideoWriter(tmp_path / "missing" / "video.mp4", size=SMALL):
        pass
