"""The encoder: exact, tagged, reproducible, and nothing left behind."""

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


def _film(path: Path, *, frames: int = 48, fps: int = 24, pieces: str = "first", size: Size = SMALL) -> Path:
    """A film whose sound comes before, between or after its frames."""
    sound = _tone(frames * SAMPLE_RATE // fps)
    step = SAMPLE_RATE // fps
    with VideoWriter(path, size=size, fps=fps, title="A dog", comment="procedural animatic") as film:
        if pieces == "first":
            film.add_sound(sound)
        for number in range(frames):
            frame = film.new_frame()
            _fill(frame, number)
            film.write(frame)
            if pieces == "between":
                film.add_sound(sound[number * step : (number + 1) * step])
        if pieces == "last":
            film.add_sound(sound)
    return path


@pytest.mark.parametrize(
    ("size", "frames", "fps"), [(SMALL, 48, 24), (Size(96, 160), 60, 30), (Size(162, 98), 25, 24), (SMALL, 1, 24)]
)
def test_the_film_has_exactly_the_size_frames_and_length_asked_for(
    tmp_path: Path, size: Size, frames: int, fps: int
) -> None:
    """Size, frame count, frame rate and both tracks' lengths are exact to the tick."""
    path = _film(tmp_path / "film.mp4", size=size, frames=frames, fps=fps)
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
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
        assert sum(1 for _ in film.decode(video=0)) == frames


def test_the_film_is_of_the_kind_that_everything_plays(tmp_path: Path) -> None:
    """H.264 High yuv420p with two-second groups, AAC-LC stereo at 48 kHz, and what it is in its tags."""
    with av.open(str(_film(tmp_path / "film.mp4", frames=97))) as film:
        video, audio = film.streams.video[0].codec_context, film.streams.audio[0].codec_context
        assert (video.name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        assert (audio.name, audio.profile, audio.sample_rate, audio.layout.name) == ("aac", "LC", 48_000, "stereo")
        assert film.metadata["title"] == "A dog"
        assert film.metadata["comment"] == "procedural animatic"
        keys = [frame.pts for frame in film.decode(video=0) if frame.key_frame]
        assert len(keys) >= 3


def test_the_index_comes_before_the_data(tmp_path: Path) -> None:
    """A player can begin before it has the whole file."""
    data = _film(tmp_path / "film.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_colours_are_tagged_bt709_and_limited(tmp_path: Path) -> None:
    """The stream says what its numbers mean, so that no player has to guess."""
    with av.open(str(_film(tmp_path / "film.mp4"))) as film:
        video = film.streams.video[0].codec_context
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
    """The conversion is the one of ITU-R BT.709, not of BT.601."""
    frame = YuvFrame(SMALL)
    rgb_to_planes(np.full((SMALL.height, SMALL.width, 3), rgb, np.uint8), frame)
    for plane, expected in zip((frame.y, frame.u, frame.v), yuv, strict=True):
        assert abs(plane.astype(int) - expected).max() <= 1


def test_colours_survive_the_whole_way(tmp_path: Path) -> None:
    """A decoder that follows the tags shows the colour that was drawn."""
    path = tmp_path / "film.mp4"
    with VideoWriter(path, size=SMALL, crf=1) as film:
        frame = film.new_frame()
        rgb_to_planes(np.full((SMALL.height, SMALL.width, 3), (200, 90, 30), np.uint8), frame)
        film.write(frame)
    with av.open(str(path)) as opened:
        shown = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    assert abs(shown.astype(int) - (200, 90, 30)).max() <= 3


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    """The file depends on frames and sound alone: not on the run, nor on when the sound was given."""
    films = [
        _film(tmp_path / f"{n}.mp4", pieces=pieces) for n, pieces in enumerate(("first", "first", "between", "last"))
    ]
    assert len({film.read_bytes() for film in films}) == 1


def test_missing_sound_is_silence_and_surplus_is_cut(tmp_path: Path) -> None:
    """The sound is as long as the pictures, whatever was given."""
    lengths = []
    for samples in (0, 1000, 3 * SAMPLE_RATE):
        path = tmp_path / f"{samples}.mp4"
        with VideoWriter(path, size=SMALL) as film:
            film.add_sound(_tone(samples))
            for number in range(24):
                frame = film.new_frame()
                _fill(frame, number)
                film.write(frame)
        with av.open(str(path)) as opened:
            lengths.append(opened.streams.audio[0].duration)
    assert lengths == [SAMPLE_RATE] * 3


def test_what_is_heard_is_what_was_given(tmp_path: Path) -> None:
    """The sound is in step with its samples: neither shifted nor changed beyond what AAC costs."""
    with av.open(str(_film(tmp_path / "film.mp4"))) as film:
        decoded = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    given = _tone(2 * SAMPLE_RATE).T
    heard = decoded[:, : given.shape[1]]
    assert np.corrcoef(heard[0, 4800:-4800], given[0, 4800:-4800])[0, 1] > 0.99


def test_an_abandoned_film_leaves_no_file(tmp_path: Path) -> None:
    """Whatever goes wrong inside, the folder is as it was."""
    with pytest.raises(RuntimeError, match="cancelled"), VideoWriter(tmp_path / "film.mp4", size=SMALL) as film:  # noqa: PT012 - the block is the subject
        film.write(film.new_frame())
        raise RuntimeError("cancelled")
    with pytest.raises(ValueError, match="at least one frame"), VideoWriter(tmp_path / "film.mp4", size=SMALL):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_film_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """Until the last byte is written, the path does not exist."""
    path = tmp_path / "film.mp4"
    with VideoWriter(path, size=SMALL) as film:
        film.write(film.new_frame())
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]


def test_titles_are_made_harmless(tmp_path: Path) -> None:
    """NUL, lone surrogates and endless prompts neither break the file nor cut what follows."""
    path = tmp_path / "film.mp4"
    with VideoWriter(path, size=SMALL, title="a\x00b \ud800 海边的狗 " + "x" * 100_000) as film:
        film.write(film.new_frame())
    with av.open(str(path)) as opened:
        assert opened.metadata["title"].startswith("a b 海边的狗 xxx")
        assert len(opened.metadata["title"]) <= 1000


def test_odd_sizes_and_flat_sound_are_refused(tmp_path: Path) -> None:
    """What the format can't hold is said at once."""
    with pytest.raises(ValueError, match="161x96"):
        VideoWriter(tmp_path / "film.mp4", size=Size(161, 96))
    with pytest.raises(ValueError, match="shape"), VideoWriter(tmp_path / "film.mp4", size=SMALL) as film:
        film.add_sound(np.zeros(100, np.float32))


def test_an_unwritable_folder_is_the_callers_error(tmp_path: Path) -> None:
    """The operating system's own error comes through."""
    with pytest.raises(FileNotFoundError), VideoWriter(tmp_path / "missing" / "film.mp4", size=SMALL):
        pass
