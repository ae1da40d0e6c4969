"""Verification of the file that an engine delivers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import av
import pytest

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media import mp4_boxes
from filmgate.media import probe as probe_module
from filmgate.media.encode import VideoWriter
from filmgate.media.probe import probe, verify

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(160, 96)


def _remuxed(video: Path, into: Path, **options: str) -> Path:
    """The same video with another layout."""
    with av.open(str(video)) as source, av.open(str(into), "w", format="mp4", options=options) as target:
        streams = {
            stream.index: target.add_stream_from_template(stream) for stream in source.streams.get(video=0, audio=0)
        }
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                target.mux(packet)
    return into


def _sound_alone(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate, frame.pts = 48_000, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        target.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def test_a_probe_reads_the_properties_of_a_video(video: Path) -> None:
    """Size, length, frame rate, codecs and layout come from the header."""
    probed = probe(video)
    assert (probed.size, probed.seconds, probed.fps, probed.frames) == (SIZE, 4.0, 24.0, 96)
    assert (probed.video_codec, probed.audio_codec, probed.faststart) == ("h264", "aac", True)
    assert probed.bytes == video.stat().st_size


def test_frames_are_counted_as_they_come(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with a packet in every few bytes is refused before its packets fill the memory."""
    monkeypatch.setattr(probe_module, "MAX_FRAMES", 95)
    with pytest.raises(BadArtifact, match="more than 95 frames"):
        verify(video, SIZE, 4)


def test_a_matching_video_passes(video: Path) -> None:
    """The exact length is accepted, and a length within the tolerance too."""
    assert verify(video, SIZE, 4).seconds == 4.0
    assert verify(video, SIZE, 4.4, tolerance=0.5).seconds == 4.0


@pytest.mark.parametrize(
    ("size", "seconds", "words"),
    [(Size(96, 160), 4.0, "160x96 pixels, not 96x160"), (SIZE, 8.0, "4.00 s long, not 8 s"), (SIZE, 3.0, "not 3 s")],
)
def test_a_video_of_another_size_or_length_is_refused(video: Path, size: Size, seconds: float, words: str) -> None:
    """The error gives both the actual and the expected value."""
    with pytest.raises(BadArtifact, match=words):
        verify(video, size, seconds)


@pytest.mark.parametrize("layout", ["faststart", "index last", "fragmented"])
def test_every_truncation_is_refused(video: Path, tmp_path: Path, layout: str) -> None:
    """A file is refused however much is missing at its end."""
    options = {"index last": {}, "fragmented": {"movflags": "frag_keyframe+empty_moov"}}
    whole = video if layout == "faststart" else _remuxed(video, tmp_path / "whole.mp4", **options[layout])
    verify(whole, SIZE, 4)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    for number in range(200):
        cut.write_bytes(data[: len(data) * number // 200])
        with pytest.raises(BadArtifact):
            verify(cut, SIZE, 4)
    cut.write_bytes(data[:-1])
    with pytest.raises(BadArtifact):
        verify(cut, SIZE, 4)


def test_a_truncation_is_found_in_an_open_ended_box(video: Path, tmp_path: Path) -> None:
    """A last box of the size 'to the end of the file' does not hide a missing end."""
    data = bytearray(video.read_bytes())
    mdat = next(box for box in mp4_boxes.walk(video) if box.kind == "mdat")
    data[mdat.offset : mdat.offset + 4] = bytes(4)
    path = tmp_path / "open.mp4"
    path.write_bytes(data)
    verify(path, SIZE, 4)
    for number in range(1, 50):
        path.write_bytes(data[: mdat.offset + 16 + (mdat.size - 17) * number // 50])
        with pytest.raises(BadArtifact):
            verify(path, SIZE, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "HTML"),
        (b"\xef\xbb\xbf \n<html>", "HTML"),
        (b' {"error": {"message": "not ready"}}', "JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG"),
        (b"\x1aE\xdf\xa3" + bytes(100), "WebM"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "playlist"),
        (b"not found", "no MP4"),
        (bytes(1000), "no MP4"),
        (b"\0\0\0\x0cftypisom", "no index"),
        (b"\0\0\0\x0cftypisom\0\0\0\x08moov", "no data"),
        (b"\0\0\0\x0cftypisom" + 2 * b"\0\0\0\x08moov" + b"\0\0\0\x08mdat", "more than one index"),
        (b"\0\0\0\x0cftypisom\0\0\0\x08moov\0\0\0\x08mdat", "decoded|video track"),
    ],
)
def test_the_error_names_the_type_of_a_wrong_file(tmp_path: Path, data: bytes, words: str) -> None:
    """A web page, a JSON response or an image with the name of an MP4 is refused, and the error names its type."""
    path = tmp_path / "video.mp4"
    path.write_bytes(data)
    with pytest.raises(BadArtifact, match=words):
        verify(path, SIZE, 4)


def test_a_file_with_sound_only_is_refused(tmp_path: Path) -> None:
    """A video needs a video track."""
    with pytest.raises(BadArtifact, match="no video track"):
        verify(_sound_alone(tmp_path / "sound.mp4"), SIZE, 4)


def test_a_first_frame_that_cannot_be_decoded_is_refused(video: Path, tmp_path: Path) -> None:
    """A whole file with random data is no video."""
    data = bytearray(video.read_bytes())
    mdat = next(box for box in mp4_boxes.walk(video) if box.kind == "mdat")
    data[mdat.offset + 8 : mdat.offset + mdat.size] = b"\x55" * (mdat.size - 8)
    path = tmp_path / "rubbish.mp4"
    path.write_bytes(data)
    with pytest.raises(BadArtifact, match="decoded"):
        verify(path, SIZE, 4)


def test_a_video_of_one_frame_passes(tmp_path: Path) -> None:
    """One frame is the minimum."""
    path = tmp_path / "video.mp4"
    with VideoWriter(path, size=SIZE) as writer:
        writer.write(writer.new_frame())
    assert verify(path, SIZE, 0, tolerance=0.1).frames == 1


def test_damaged_files_raise_only_bad_artifact(video: Path, tmp_path: Path) -> None:
    """With bytes changed anywhere, above all in the index, the result is a video or BadArtifact, no other error."""
    random_ = random.Random(7)  # noqa: S311 - reproducible, not secret
    data, path = video.read_bytes(), tmp_path / "damaged.mp4"
    index = next(box for box in mp4_boxes.walk(video) if box.kind == "moov")
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(random_.randint(1, 6)):
            damaged[random_.randrange(index.offset + index.size)] = random_.choice(
                [0, 1, 0x7F, 0xFF, random_.randrange(256)]
            )
        path.write_bytes(damaged)
        try:
            verify(path, SIZE, 4)
        except BadArtifact:
            continue
