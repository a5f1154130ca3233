"""The sound track of a video file, decoded and resampled by FFmpeg (PyAV)."""

from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from prometheus_client import Counter

from ingest.sound.cutting import Cutter
from ingest.sound.record import RATE_HZ, SAMPLE_BYTES, SoundRecord

MOST_BAD_PACKETS = 200  # in a row, about 4 s of AAC: what follows is no sound either
TROUBLES = Counter("proctor_ingest_sound_troubles_total", "What was wrong with sound tracks, by kind.", ["kind"])
UNREADABLE_PACKET, BROKEN_OFF, UNDECODABLE, OUT_OF_ORDER = (
    "unreadable_packet",
    "broken_off",
    "undecodable",
    "out_of_order",
)


class SoundTrack:
    """The first sound track of a file. Times are counted from the start of its pictures, as those of pictures are."""

    def __init__(self, container: InputContainer, stream: AudioStream, name: str) -> None:
        self._container, self._stream, self._name = container, stream, name
        self._zero_s = _start_s(container)
        self._cutter = Cutter()
        self._ended_by = ""
        self._bad = self._bad_in_a_row = 0
        self._resampler: AudioResampler | None = None
        self._kind: tuple[object, ...] = ()

    @property
    def trouble(self) -> str | None:
        """See Sound."""
        late_s = self._cutter.late / RATE_HZ
        faults = (
            self._ended_by,
            f"has {self._bad} damaged packets" if self._bad else "",
            f"has {late_s:.1f} s that are out of order" if late_s else "",
        )
        said = ", ".join(filter(None, faults))
        return f"the sound of {self._name} {said}" if said else None

    def records(self) -> Iterator[SoundRecord]:
        """See Sound."""
        for frame in self._frames():
            for piece in self._resampled(frame):
                late = self._cutter.late
                yield from self._cutter.add(self._place(piece), _pcm(piece))
                TROUBLES.labels(OUT_OF_ORDER).inc(self._cutter.late > late)
        yield from self._cutter.finish()

    def close(self) -> None:
        self._container.close()

    def _frames(self) -> Iterator[AudioFrame]:
        """What can be decoded; a bad packet is passed by."""
        packets = self._container.demux(self._stream)
        while self._bad_in_a_row < MOST_BAD_PACKETS:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError, ValueError) as error:
                self._give_up(BROKEN_OFF, f"breaks off: {_why(error)}")
                return
            if packet is None:
                return
            try:
                frames = self._stream.codec_context.decode(packet if packet.size else None)
            except (av.FFmpegError, ValueError):
                self._bad_in_a_row += 1
                self._count_bad()
                continue
            self._bad_in_a_row = 0
            yield from frames
        self._give_up(UNDECODABLE, f"cannot be decoded: {MOST_BAD_PACKETS} packets in a row are damaged")

    def _resampled(self, frame: AudioFrame) -> list[AudioFrame]:
        """The frame at our rate; a track may change its format on the way, which needs a new resampler."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or kind != self._kind:
            self._resampler, self._kind = AudioResampler("s16", "mono", RATE_HZ), kind
        try:
            return self._resampler.resample(frame)
        except (av.FFmpegError, ValueError):
            self._resampler = None
            self._count_bad()
            return []

    def _place(self, piece: AudioFrame) -> int | None:
        """The number of its first sample since the first picture; None when the container does not say."""
        if piece.pts is None or piece.time_base is None:
            return None
        return round((float(piece.pts * piece.time_base) - self._zero_s) * RATE_HZ)

    def _count_bad(self) -> None:
        self._bad += 1
        TROUBLES.labels(UNREADABLE_PACKET).inc()

    def _give_up(self, kind: str, why: str) -> None:
        self._ended_by = why
        TROUBLES.labels(kind).inc()


class MuteTrack:
    """A sound track that cannot be opened: it is said and counted, and gives nothing."""

    def __init__(self, trouble: str) -> None:
        self.trouble: str | None = trouble
        TROUBLES.labels(UNDECODABLE).inc()

    def records(self) -> Iterator[SoundRecord]:
        return iter(())

    def close(self) -> None: ...


def open_sound(path: Path, name: str) -> SoundTrack | MuteTrack | None:
    """The sound track of a video file that was found to be one; None: it has none."""
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        return MuteTrack(f"the sound of {name} cannot be opened: {_why(error)}")
    stream = container.streams.best("audio")
    if isinstance(stream, AudioStream) and stream.codec_context is not None:
        stream.codec_context.thread_count = 1  # sessions run side by side, each in threads of its own
        return SoundTrack(container, stream, name)
    has_unknown = any(one.type == "audio" for one in container.streams)
    container.close()
    return MuteTrack(f"the sound of {name} is in a format that cannot be decoded") if has_unknown else None


def _start_s(container: InputContainer) -> float:
    """When the pictures begin, on the container's clock: what OpenCV counts from."""
    for video in container.streams.video:
        if video.start_time is not None and video.time_base is not None:
            return float(video.start_time * video.time_base)
    return 0.0


def _pcm(piece: AudioFrame) -> bytes:
    """The samples of a packed mono frame; planes are padded, so its length comes from the count."""
    return bytes(piece.planes[0])[: piece.samples * SAMPLE_BYTES]


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
