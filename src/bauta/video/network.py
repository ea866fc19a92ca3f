"""Video from an address that the user names: the only place where bauta reaches for a network.

FFmpeg makes the connection; this file only tells it where to and how patient to be.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bauta.checks import SourceError
from bauta.video.decoding import Decoding, Upright, has_times, rate_of, reason, video_stream
from bauta.video.files import VideoFile
from bauta.video.frame import Tell
from bauta.video.retry import RECONNECT, Picture, Vanishing

if TYPE_CHECKING:
    from av.container import InputContainer

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "tcp", "udp")
REMOTE = "rtsp,rtp,http,https,httpproxy,rtmp,rtmps,tcp,udp,tls,crypto,data"
"""Protocols that an address may lead on to: none that reads files of this machine."""
PATIENCE = (10.0, 5.0)
"""Seconds for a connection, and without a picture after which it counts as lost."""
FIRST_PICTURE = 15.0
"""Seconds until a connection has shown one: cameras send a picture that is whole by itself, from
which decoding can begin, every ten seconds at most."""
CONNECTION = {
    "protocol_whitelist": REMOTE,
    "rtsp_flags": "prefer_tcp",  # datagrams get lost, and firewalls stop them
}
BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first mark of a page: that of UTF-8, and white space."""
LIVE = {"analyzeduration": "1000000", "fpsprobesize": "0"}
"""Look for no more than a second at what a live stream is, and do not count its frames first."""


def is_address(name: str) -> bool:
    """Say whether a source is named by an address."""
    scheme, mark, _ = name.partition("://")
    return bool(mark) and scheme.lower() in SCHEMES


def without_password(url: str) -> str:
    """Return an address that may be shown and written down."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def connect(url: str, options: dict[str, str] | None = None) -> InputContainer:
    """Open an address; SourceError, without its password, when that fails."""
    from av.error import FFmpegError

    try:
        return _opened(url, options or {})
    except (FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{without_password(url)}: {_why_not(url, error)}") from error


def _opened(url: str, options: dict[str, str], kind: str | None = None) -> InputContainer:
    """What FFmpeg makes of an address, or takes it for."""
    import av

    return av.open(url, format=kind, options=CONNECTION | options, timeout=PATIENCE)


def _why_not(url: str, error: Exception) -> str:
    """What keeps an address from being opened as video, and what to do."""
    begin = _first_bytes(url) if url.lower().startswith("http") and _unreadable(error) else b""
    if begin.lstrip(BLANK).startswith(b"<"):
        return "leads to a page (HTML), not to a video; look there for the video's own address"
    if begin:
        return "answers, but not with a video that can be read, or breaks off; check the address"
    return f"cannot be opened: {reason(error)}; check the address and that its server runs"


def _unreadable(error: Exception) -> bool:
    """Say whether the server may have answered: FFmpeg calls the end of a page of unknown length an
    input error."""
    from av.error import InvalidDataError

    return isinstance(error, InvalidDataError) or getattr(error, "errno", 0) == errno.EIO


def _first_bytes(url: str) -> bytes:
    """What an address sends first, whatever that is; nothing when nothing comes."""
    from av.error import FFmpegError

    try:
        with _opened(url, {}, "data") as container:
            return bytes(next(container.demux(), b""))
    except (FFmpegError, OSError, ValueError):
        return b""


def has_end(url: str) -> bool:
    """Say whether an address is a recording, whose length or size is known."""
    with connect(url) as container:
        return bool(container.duration) or container.size > 0


class WebFile(VideoFile):
    """A recording at an address: every frame, as from a file."""

    kind = "stream"

    def __init__(self, url: str, threads: int = 1, tell: Tell | None = None) -> None:
        self._url = url
        super().__init__(without_password(url), threads, tell)

    def _open(self) -> InputContainer:
        return connect(self._url)


class Stream(Vanishing):
    """Live frames of an address, with the times that they carry held to this machine's clock."""

    kind = "stream"

    def __init__(
        self,
        url: str,
        *,
        threads: int = 1,
        reconnect: float = RECONNECT,
        tell: Tell | None = None,
    ) -> None:
        self._url, self._threads = url, threads
        super().__init__(without_password(url), reconnect, tell)

    def _open(self) -> Iterator[Picture]:
        with connect(self._url, LIVE) as container:
            stream = video_stream(container, self.name)
            stream.codec_context.thread_count = self._threads
            self.rate = rate_of(stream)
            timed = has_times(container)
            decoding, upright = Decoding(container, stream), Upright()
            heard, patience = time.monotonic(), FIRST_PICTURE
            for pictures in decoding.by_packet():
                good = [picture for picture in pictures if not picture.is_corrupt]
                for picture in good:
                    yield upright(picture), decoding.seconds(picture) if timed else None
                if good:  # the reader's own time does not count
                    slowest = 3 / self.rate if self.rate else 0.0
                    heard, patience = time.monotonic(), max(PATIENCE[1], slowest)
                elif time.monotonic() - heard > patience:
                    raise SourceError(
                        f"{self.name}: sends data, but no picture for {patience:g} s "
                        "(damaged, or not a video)"
                    )
