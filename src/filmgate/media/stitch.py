"""Joins videos: each continues where the previous one ends.

The video packets are copied unchanged if one decoder can read all of them without a new configuration; otherwise the
frames are encoded again at one rate. The sound is always encoded again: an AAC stream starts with priming samples, so
copied streams would leave a gap at the seam. Around a seam the sound fades out and in within a few milliseconds: too
short to be heard as silence, and nothing clicks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from msgspec import Struct
from numpy.typing import NDArray

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.encode import SAMPLE_RATE, VideoWriter
from filmgate.media.frames import copy_to_frame
from filmgate.media.probe import open_video, verify, video_track

__all__ = ["join_videos", "stitch"]

FADE = SAMPLE_RATE // 200
"""Length of each fade at a seam, in samples: 5 ms."""

RATE_LIMIT = 120
"""Maximum frame rate of a joined video, in frames a second."""

Sound = NDArray[np.float32]


class _Track(Struct, frozen=True):
    """The video track's properties in a file's header."""

    codec: str
    extradata: bytes | None
    size: Size
    rate: Fraction  # frames a second
    time_base: Fraction
    frames: int
    steady: bool  # all frames are shown equally long

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate

    def continues(self, before: _Track) -> bool:
        """Return whether its packets can be appended unchanged to those of ``before``."""
        same = all(
            getattr(self, name) == getattr(before, name)
            for name in ("codec", "extradata", "size", "rate", "time_base", "steady")
        )
        return same and self.steady and self.codec == "h264"


def stitch(first: Path, second: Path, out: Path) -> int:
    """Write both videos, one after the other, to ``out`` and return its number of frames.

    Args:
        first: an MP4 of any codec and rate; without sound it is silent.
        second: an MP4 of the same size; frames that are encoded again get its rate.
        out: appears complete, its index before its data.

    Raises:
        BadArtifact: a video can't be decoded, or they differ in size.
    """
    before, after = _read_track(first), _read_track(second)
    if before.size != after.size:
        raise BadArtifact(f"The videos have different sizes: {before.size} and {after.size}.")
    return join_videos([first, second], out)


def join_videos(paths: Sequence[Path], out: Path) -> int:
    """Write all videos, one after the other, to ``out`` and return its number of frames.

    Args:
        paths: MP4s of any codec and rate; one without sound is silent. Frames that are encoded again get the first
            one's size, others fitted into it, and the last one's rate.
        out: appears complete, its index before its data.

    Raises:
        BadArtifact: a video can't be decoded.
    """
    tracks = [_read_track(path) for path in paths]
    copied = all(after.continues(before) for before, after in pairwise(tracks))
    size, rate = tracks[0].size, tracks[-1].rate
    counts = [track.frames if copied else round(track.seconds * rate) for track in tracks]
    lengths = [count / rate for count in counts]
    sound = _join_sounds([_read_sound(path, length) for path, length in zip(paths, lengths, strict=True)])
    frames = _copy(paths, sound, out) if copied else _encode(paths, counts, size, rate, sound, out)
    probed = verify(out, size, float(sum(lengths)), tolerance=float(1 / rate))
    if probed.frames != frames:
        raise BadArtifact(f"The joined video has {probed.frames} frames, not {frames}.")
    return frames


def _read_track(path: Path) -> _Track:
    with open_video(path) as container:
        stream = video_track(container)
        rate, time_base = _fraction(stream.average_rate), _fraction(stream.time_base)
        if not rate or not time_base or not 0 < rate <= RATE_LIMIT:
            raise BadArtifact("The video has no valid frame rate.")
        frames = stream.frames
        span = (stream.duration or 0) * time_base
        return _Track(
            codec=stream.codec_context.name,
            extradata=stream.codec_context.extradata,
            size=Size(stream.width, stream.height),
            rate=rate,
            time_base=time_base,
            frames=frames,
            steady=frames > 0 and span == frames / rate and (1 / rate / time_base).denominator == 1,
        )


# ---- copied frames


def _copy(paths: Sequence[Path], sound: Sound, out: Path) -> int:
    part = out.with_name(f".{out.name}.part")
    options = {"movflags": "+faststart", "max_interleave_delta": "0", "movie_timescale": str(SAMPLE_RATE)}
    try:
        with (
            open_video(paths[0]) as first,
            av.open(os.fspath(part), "w", format="mp4", options=options) as container,
        ):
            container.metadata.update(first.metadata)
            stream = container.add_stream_from_template(video_track(first))
            audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
            audio.codec_context.bit_rate = 160_000
            container.start_encoding()
            for block in _blocks(sound):
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
            count = 0
            for packet in _concatenated_packets(paths):
                packet.stream = stream
                container.mux(packet)
                count += 1
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


def _concatenated_packets(paths: Sequence[Path]) -> Iterator[Packet[VideoStream]]:
    """Yield the video packets of all files, each file's times counted from the end of the one before."""
    offset = 0
    for path in paths:
        with open_video(path) as container:
            stream = video_track(container)
            yield from _shifted_packets(container, stream, offset)
            offset += stream.duration or 0


def _shifted_packets(container: InputContainer, stream: VideoStream, offset: int) -> Iterator[Packet[VideoStream]]:
    for packet in container.demux(stream):
        if packet.pts is None or packet.dts is None or not packet.size:
            continue
        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
        yield packet


def _blocks(sound: Sound) -> Iterator[av.AudioFrame]:
    for start in range(0, sound.shape[1], 1024):
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, start : start + 1024]), "fltp", "stereo")
        block.sample_rate, block.pts, block.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        yield block


# ---- frames encoded again


def _fraction(rate: Fraction | None) -> Fraction | None:
    # From 19 on PyAV returns its own number type, which lacks part of a fraction's arithmetic.
    return None if rate is None else Fraction(rate.numerator, rate.denominator)


def _encode(paths: Sequence[Path], counts: Sequence[int], size: Size, rate: Fraction, sound: Sound, out: Path) -> int:
    with VideoWriter(out, size=size, fps=rate, title=_title(paths[0]), comment=_comment(paths[-1])) as writer:
        writer.add_sound(np.ascontiguousarray(sound.T))
        for source, count in zip(paths, counts, strict=True):
            for decoded in _resampled_frames(source, rate, count):
                frame = writer.new_frame()
                copy_to_frame(decoded, frame)
                writer.write(frame)
        return writer.frame_count


def _resampled_frames(path: Path, rate: Fraction, count: int) -> Iterator[VideoFrame]:
    """Yield ``count`` frames of a video at k/``rate`` seconds; its last frame replaces missing ones."""
    emitted, current = 0, None
    with open_video(path) as container:
        for frame in container.decode(video_track(container)):
            start = Fraction(frame.pts or 0) * (frame.time_base or 0)
            # The previous frame is shown until this one starts.
            while current is not None and emitted < count and Fraction(emitted) / rate < start:
                yield current
                emitted += 1
            current = frame
        if current is None:
            raise BadArtifact("The video can't be decoded.")
        for _ in range(count - emitted):
            yield current


def _title(path: Path) -> str:
    with open_video(path) as container:
        return container.metadata.get("title", "")


def _comment(path: Path) -> str:
    with open_video(path) as container:
        return container.metadata.get("comment", "")


# ---- sound


def _read_sound(path: Path, seconds: Fraction) -> Sound:
    """Read the sound, cut or padded to the video's length: float32 of shape (2, samples), 48,000 a second."""
    sound = np.zeros((2, round(seconds * SAMPLE_RATE)), np.float32)
    with open_video(path) as container:
        if not container.streams.audio:
            return sound
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
        at = 0
        for decoded in container.decode(container.streams.audio[0]):
            at = _copy_samples(sound, resampler.resample(decoded), at)
        _copy_samples(sound, resampler.resample(None), at)
    return sound


def _copy_samples(sound: Sound, frames: list[av.AudioFrame], at: int) -> int:
    for frame in frames:
        samples = frame.to_ndarray()[:, : sound.shape[1] - at]
        sound[:, at : at + samples.shape[1]] = samples
        at += samples.shape[1]
    return at


def _join_sounds(sounds: Sequence[Sound]) -> Sound:
    """Concatenate all sounds, faded out and in at each seam."""
    down = np.linspace(1, 0, FADE, dtype=np.float32)
    for before, after in pairwise(sounds):
        tail, head = min(FADE, before.shape[1]), min(FADE, after.shape[1])
        before[:, before.shape[1] - tail :] *= down[FADE - tail :]
        after[:, :head] *= down[::-1][:head]
    return np.concatenate(sounds, axis=1)
