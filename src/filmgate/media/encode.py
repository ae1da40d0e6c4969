"""The encoder of all generated videos: :class:`VideoWriter`.

H.264 High, yuv420p, BT.709 in limited range and tagged so, AAC-LC in stereo, the index before the data. Equal frames
and sound give equal bytes in every run with the same libraries: thread counts are fixed, no timestamps are written.
"""

from __future__ import annotations

import os
import unicodedata
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from filmgate.domain import Size

__all__ = ["SAMPLE_RATE", "VideoWriter", "YuvFrame", "planes", "rgb_to_planes"]

SAMPLE_RATE = 48_000
"""Audio sample rate of every video, in samples a second and channel."""

_BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709 and AVCOL_SPC_BT709 are all 1
_LIMITED = 1  # AVCOL_RANGE_MPEG
_FULL = 2  # AVCOL_RANGE_JPEG
_AAC_BLOCK = 1024
_BLOCK = 16  # pixels of a macroblock's side
_WITHOUT_AVX512 = "asm=MMX2,SSE2Fast,LZCNT,SSSE3,SSE4.2,AVX,FMA3,BMI2,AVX2"
_TEXT_LIMIT = 1000  # characters of a title or comment

Plane = NDArray[np.uint8]


class YuvFrame:
    """A frame to encode: views on the encoder's own memory, BT.709 limited range; the caller fills all of it."""

    __slots__ = ("u", "v", "video", "y")

    def __init__(self, size: Size) -> None:
        self.video = VideoFrame(size.width, size.height, "yuv420p")
        self.video.colorspace = self.video.color_primaries = self.video.color_trc = _BT709
        self.video.color_range = _LIMITED
        self.y: Plane  # (height, width), 16 to 235
        self.u: Plane  # (height / 2, width / 2), 16 to 240
        self.v: Plane
        self.y, self.u, self.v = planes(self.video)


class VideoWriter:
    """Writes one MP4; a context manager. After an exception there is no file.

    Frames may be filled ahead and on any thread; only one thread at a time may call ``write`` and ``add_sound``.

    Args:
        path: where the complete video appears when the ``with`` block ends.
        size: its size in pixels, both even.
        fps: frames a second.
        title: shown by players; control characters are dropped.
        comment: describes the video, e.g. ``procedural animatic``.
        preset: x264's.
        crf: x264's constant rate factor: 0 is lossless, 18 to 23 is good.
        threads: x264's. The bytes depend on it, so it is never derived from the machine.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: Size,
        fps: int | Fraction = 24,
        title: str = "",
        comment: str = "",
        preset: str = "veryfast",
        crf: int = 20,
        threads: int = 2,
    ) -> None:
        if size.width % 2 or size.height % 2:
            raise ValueError(f"yuv420p has no odd sizes such as {size}")
        self._path = path
        self._size = size
        self._fps = fps
        self._tags = {"title": _clean_tag(title), "comment": _clean_tag(comment)}
        self._options = {
            "preset": preset,
            "crf": str(crf),
            "profile": "high",
            "g": str(round(2 * fps)),
            **_deterministic_options(size),
        }
        self._threads = threads
        self._part = path.with_name(f".{path.name}.part")
        self._sound = _SoundBuffer()
        self._frames = 0
        self._samples = 0  # number encoded so far

    def __enter__(self) -> Self:
        # Sound may arrive long before or after its frames: the muxer holds packets until they can be interleaved.
        options = {"movflags": "+faststart", "max_interleave_delta": "0", "movie_timescale": str(SAMPLE_RATE)}
        self._container: OutputContainer = av.open(os.fspath(self._part), "w", format="mp4", options=options)
        try:
            self._container.metadata.update({name: text for name, text in self._tags.items() if text})
            self._video = self._add_video()
            self._audio: AudioStream = self._container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
            self._audio.codec_context.bit_rate = 160_000
            # Before this call, packets of a stream have no time base.
            self._container.start_encoding()
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._discard()
            return
        try:
            self._finish()
        except BaseException:
            self._discard()
            raise
        self._part.replace(self._path)

    @property
    def frame_count(self) -> int:
        """Number of frames written."""
        return self._frames

    def new_frame(self) -> YuvFrame:
        """Return a frame to fill, its content undefined. Frames that wait to be written cost 1.5 bytes a pixel each."""
        return YuvFrame(self._size)

    def write(self, frame: YuvFrame) -> None:
        """Append a frame; it must not be changed afterwards."""
        frame.video.pts = self._frames
        frame.video.time_base = 1 / Fraction(self._fps)
        self._container.mux(self._video.encode(frame.video))
        self._frames += 1
        self._encode_sound()

    def add_sound(self, samples: NDArray[np.float32]) -> None:
        """Append sound: float32 of shape (samples, 2), -1 to 1, 48,000 a second.

        It may come whole or in pieces, before or between the frames. A missing end becomes silence; sound beyond the
        last frame is cut.
        """
        if samples.ndim != 2 or samples.shape[1] != 2:  # noqa: PLR2004 - two axes, two channels
            raise ValueError(f"sound has the shape (samples, 2), not {samples.shape}")
        self._sound.add(samples)
        self._encode_sound()

    def _add_video(self) -> VideoStream:
        stream: VideoStream = self._container.add_stream("libx264", rate=self._fps, options=self._options)
        stream.width, stream.height, stream.pix_fmt = self._size.width, self._size.height, "yuv420p"
        context = stream.codec_context
        context.thread_count = self._threads
        # PyAV's default of sliced threads is 13 to 40 % slower and gives larger files.
        context.thread_type = "FRAME"
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        return stream

    def _encode_sound(self) -> None:
        """Encode the whole blocks that the frames written so far cover."""
        covered = self._frames * SAMPLE_RATE // self._fps
        while self._sound.available >= _AAC_BLOCK and self._samples + _AAC_BLOCK <= covered:
            self._encode_block(_AAC_BLOCK)

    def _encode_block(self, count: int) -> None:
        block = av.AudioFrame.from_ndarray(self._sound.take(count), format="fltp", layout="stereo")
        block.sample_rate = SAMPLE_RATE
        block.pts, block.time_base = self._samples, Fraction(1, SAMPLE_RATE)
        self._container.mux(self._audio.encode(block))
        self._samples += count

    def _finish(self) -> None:
        if not self._frames:
            raise ValueError("a video has at least one frame")
        self._container.mux(self._video.encode(None))
        total = self._frames * SAMPLE_RATE // self._fps
        while self._samples < total:
            self._encode_block(min(_AAC_BLOCK, total - self._samples))
        self._container.mux(self._audio.encode(None))
        self._container.close()

    def _discard(self) -> None:
        try:
            self._container.close()
        except (av.FFmpegError, OSError):
            pass  # the disk may be full: the partial file is deleted anyway
        finally:
            self._part.unlink(missing_ok=True)


class _SoundBuffer:
    """Sound that is not encoded yet."""

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.float32]] = []
        self.available = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        if len(samples):
            self._pieces.append(np.asarray(samples, np.float32))
            self.available += len(samples)

    def take(self, count: int) -> NDArray[np.float32]:
        """Return the next ``count`` samples as (2, count), padded with silence."""
        block = np.zeros((2, count), np.float32)
        filled = 0
        while filled < count and self._pieces:
            piece = self._pieces[0][: count - filled]
            block[:, filled : filled + len(piece)] = piece.T
            filled += len(piece)
            rest = self._pieces[0][len(piece) :]
            self._pieces[:1] = [rest] if len(rest) else []
        self.available -= filled
        return block


def rgb_to_planes(rgb: NDArray[np.uint8], frame: YuvFrame) -> None:
    """Fill a frame from full-range RGB of shape (height, width, 3), by BT.709."""
    converted = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
        format="yuv420p", src_color_range=_FULL, dst_colorspace=_BT709, dst_color_range=_LIMITED, threads=1
    )
    for into, plane in zip((frame.y, frame.u, frame.v), planes(converted), strict=True):
        into[:] = plane


def _deterministic_options(size: Size) -> dict[str, str]:
    """Return the x264 options under which equal frames give equal bytes.

    With AVX-512, x264's macroblock tree reads uninitialised memory wherever a row is not a multiple of 16 blocks
    (720 pixels wide, for example). With AVX2 it does not, and its output equals its plain C output, a tenth slower. The
    option is set only on a processor with AVX-512: it surely has the other extensions, and x264 would use them without
    a check on one that lacks them.
    """
    if size.width % (16 * _BLOCK) == 0:
        return {}
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    return {"x264-params": _WITHOUT_AVX512} if "avx512bw" in flags else {}


def planes(video: VideoFrame) -> tuple[Plane, Plane, Plane]:
    """Return views on the three planes of a yuv420p frame, without the padding of their lines."""
    y, u, v = (_view(plane) for plane in video.planes)
    return y, u, v


def _view(plane: Any) -> Plane:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _clean_tag(text: str) -> str:
    """Clean a tag's text: no control characters, no lone surrogates, limited length."""
    cleaned = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text[:_TEXT_LIMIT])
    return " ".join(cleaned.split())
