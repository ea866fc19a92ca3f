"""Servers on loopback: a file over HTTP, a camera as MJPEG over HTTP, a camera that speaks RTSP."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2
import numpy as np

Serve = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def http(serve: Serve, port: int = 0) -> Iterator[str]:
    """The address of a server whose answer to GET is what `serve` writes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                serve(self)
            except OSError:  # the client is gone
                self.close_connection = True

        def log_message(self, format, *args):
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_file(path: Path, most: int | None = None) -> Serve:
    """Serves a file, with ranges; only its first `most` bytes of what is promised."""
    data = path.read_bytes()

    def serve(request: BaseHTTPRequestHandler) -> None:
        wanted = re.match(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        request.send_response(206 if wanted else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.end_headers()
        request.wfile.write(data[start:most])

    return serve


def mjpeg(images: Sequence[np.ndarray], pause: float) -> Serve:
    """A camera's page: one JPEG after another, then the connection ends."""

    def serve(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for image in images:
            request.wfile.write(part(cv2.imencode(".jpg", image[..., ::-1])[1].tobytes()))
            time.sleep(pause)

    return serve


def undecodable(waited: list[str], images: Sequence[np.ndarray] = ()) -> Serve:
    """A camera's page that goes wrong: after the images come six seconds of parts that are no
    pictures. The paths of clients that waited for the end go to `waited`."""

    def serve(request: BaseHTTPRequestHandler) -> None:
        mjpeg(images, 0.0)(request)
        for _ in range(600):
            request.wfile.write(part(b"\xff\xd8" + b"no picture" * 20))
            time.sleep(0.01)
        waited.append(request.path)

    return serve


def part(data: bytes) -> bytes:
    """A picture on a camera's page."""
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"


class RtspCamera:
    """A camera that speaks RTSP (RFC 2326) and sends H.264 in RTP (RFC 6184) over the same TCP
    connection: what cameras on a wall do. Each client gets `images` once, then the line is cut."""

    SIZE = 1400
    """Bytes of a packet: larger units of H.264 are sent in pieces (FU-A)."""

    def __init__(self, images: Sequence[np.ndarray], pause: float, first_tick: int = 1000) -> None:
        self.units = h264(images)
        self.pause, self.tick = pause, first_tick
        self.clients = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self.socket.getsockname()[1]}/live"
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> RtspCamera:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.clients += 1
            try:
                with client, client.makefile("rwb") as lines:
                    self._talk(lines)
            except OSError:
                continue

    def _talk(self, lines) -> None:
        while request := lines.readline().decode():
            method, fields = request.split(" ")[0], {}
            while (line := lines.readline().decode().strip()) != "":
                name, _, value = line.partition(":")
                fields[name.lower()] = value.strip()
            body, more = "", ""
            if method == "OPTIONS":
                more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == "DESCRIBE":
                body = self._description()
                more = f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n"
            elif method == "SETUP":
                if "TCP" not in fields["transport"]:
                    lines.write(f"RTSP/1.0 461 No\r\nCSeq: {fields['cseq']}\r\n\r\n".encode())
                    lines.flush()
                    continue
                more = "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            elif method == "PLAY":
                more = "Session: 1\r\n"
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {fields['cseq']}\r\n{more}"
            lines.write(f"{answer}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            lines.flush()
            if method == "PLAY":
                self._play(lines)
                return

    def _description(self) -> str:
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
            "a=fmtp:96 packetization-mode=1\r\na=control:video\r\n"
        )

    def _play(self, lines) -> None:
        number = 0
        for i, units in enumerate(self.units):
            ticks = (self.tick + round(i * self.pause * 90000)) % 2**32
            packets = [packet for unit in units for packet in in_pieces(unit, self.SIZE)]
            for place, packet in enumerate(packets):
                last = 0x80 if place == len(packets) - 1 else 0
                head = struct.pack(">BBHII", 0x80, 96 | last, number % 2**16, ticks, 1)
                lines.write(struct.pack(">cBH", b"$", 0, len(head) + len(packet)) + head + packet)
                number += 1
            lines.flush()
            time.sleep(self.pause)


def h264(images: Sequence[np.ndarray]) -> list[list[bytes]]:
    """The units (NAL, without start codes) of each picture, each a key frame with its headers."""
    coder = av.CodecContext.create("libx264", "w")
    coder.height, coder.width = images[0].shape[:2]
    coder.pix_fmt = "yuv420p"
    coder.options = {"tune": "zerolatency", "g": "1", "x264-params": "repeat-headers=1"}
    packets = []
    for image in images:
        packets += coder.encode(av.VideoFrame.from_ndarray(image, format="rgb24"))
    packets += coder.encode(None)
    split = [re.split(b"\0\0\0?\1", bytes(packet)) for packet in packets]
    return [[unit for unit in units if unit] for units in split]


def in_pieces(unit: bytes, size: int) -> Iterator[bytes]:
    """A unit as payloads of RTP: whole, or as FU-A pieces."""
    if len(unit) <= size:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    pieces = [unit[i : i + size] for i in range(1, len(unit), size)]
    for place, piece in enumerate(pieces):
        mark = (place == 0) << 7 | (place == len(pieces) - 1) << 6
        yield bytes([indicator, mark | kind]) + piece
