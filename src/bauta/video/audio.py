"""Carries the sound of one file into another, in step with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bauta.checks import SourceError
from bauta.video.decoding import start_seconds
from bauta.video.files import open_container

if TYPE_CHECKING:
    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

COPYABLE = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})
"""Codecs that an mp4 holds as they are; all others are encoded to AAC."""
AAC_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})


class AudioTrack:
    """The first audio stream of `path`, as packets for `output`, from `origin` seconds on.

    `origin` counts from the start of the source, as `Frame.time` does, and becomes 0. Nothing here
    raises: what cannot be carried over is said in `warning`.
    """

    kind: Literal["none", "copied", "encoded"] = "none"
    warning: str | None = None

    def __init__(self, path: Path, output: OutputContainer, origin: float) -> None:
        self._packets: Iterator[Packet] = iter(())
        self._next: Packet | None = None
        try:
            self._source = open_container(path)
        except SourceError as error:
            self.warning = f"without sound: {error}"
            return
        if not self._source.streams.audio:
            self._source.close()
            return
        self._stream = self._source.streams.audio[0]
        self._shift = origin + (start_seconds(self._source) or 0.0)
        try:
            self._target = self._add_stream(output)
        except (OSError, ValueError, RuntimeError) as error:
            self.warning = f"without sound: {path}: {error}"
            return
        self._packets = self._guarded(self._copies() if self.kind == "copied" else self._encoded())
        self._next = next(self._packets, None)

    def until(self, seconds: float) -> Iterator[Packet]:
        """Yield the packets that begin before `seconds` and were not handed out yet."""
        while (packet := self._next) is not None:
            if float((packet.pts or 0) * packet.time_base) >= seconds:
                return
            self._next = next(self._packets, None)
            yield packet

    def _add_stream(self, output: OutputContainer) -> AudioStream:
        context = self._stream.codec_context
        # AAC without its header beside it (transport streams) would need a filter: encode it.
        if context.name in COPYABLE and (context.name != "aac" or context.extradata):
            target = output.add_stream_from_template(self._stream)
            self.kind = "copied"
            return target
        rate = context.sample_rate if context.sample_rate in AAC_RATES else 48000
        target = output.add_stream("aac", rate=rate)
        target.layout = "mono" if len(context.layout.channels) == 1 else "stereo"
        self.kind = "encoded"
        return target

    def _copies(self) -> Iterator[Packet]:
        for packet in self._source.demux(self._stream):
            if packet.size and packet.pts is not None:
                yield packet

    def _encoded(self) -> Iterator[Packet]:
        from av import AudioResampler

        context = self._target.codec_context
        resampler = AudioResampler("fltp", context.layout.name, context.sample_rate)
        for frame in self._source.decode(self._stream):
            for piece in resampler.resample(frame):
                yield from self._target.encode(piece)
        for piece in resampler.resample(None):
            yield from self._target.encode(piece)
        yield from self._target.encode(None)

    def _guarded(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """Shift packets to the output's clock, drop those before it, end at the first fault."""
        from av.error import FFmpegError

        try:
            for packet in packets:
                if packet.pts is None or not packet.time_base:
                    continue
                ticks = round(self._shift / float(packet.time_base))
                packet.pts -= ticks
                packet.dts = packet.pts
                if packet.pts >= 0:
                    packet.stream = self._target
                    yield packet
        except (FFmpegError, OSError, ValueError) as error:
            self.warning = f"sound ends early: {error}"
        finally:
            self._source.close()
