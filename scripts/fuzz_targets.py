"""What `fuzz.py` damages, and how each of it is read: as `bauta track`, `bauta render` and
`--model` read it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from bauta import records
from bauta.assets.store import read_model
from bauta.demo.run import CLIP
from bauta.faces import Faces
from bauta.render.layers import LAYERS, layers
from bauta.render.overlay import Overlay
from bauta.tracker import Tracker
from bauta.video import Source, open_video, read_picture
from bauta.video.piped import Piped

MOST_FRAMES = 200
SIZE_WH = (160, 120)
JPEG_START = b"\xff\xd8\xff"
CODECS = {
    "a.mp4": ("libx264", {}),
    "fragments.mp4": ("libx264", {"movflags": "frag_keyframe+empty_moov"}),
    "a.mkv": ("libx264", {}),
    "a.ts": ("libx264", {}),
    "a.h264": ("libx264", {}),
    "a.avi": ("mpeg4", {}),
    "a.mov": ("mjpeg", {}),
    "a.webm": ("libvpx", {}),
    "a.gif": ("gif", {}),
}

Corpus = dict[str, bytes]
"""Whole files by the name that they are given."""


def stills(count: int) -> list[np.ndarray]:
    """The first frames of the demo clip, small."""
    images = []
    for frame in open_video(CLIP):
        images.append(cv2.resize(frame.image, SIZE_WH, interpolation=cv2.INTER_AREA))
        if len(images) == count:
            break
    return images


def videos(folder: Path) -> Corpus:
    """A clip in the containers and codecs that people bring."""
    return {name: video(folder / name) for name in CODECS}


def video(path: Path) -> bytes:
    """A clip whose container and codec its name says."""
    codec, options = CODECS[path.name]
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
        for image in stills(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path.read_bytes()


def pictures(folder: Path) -> Corpus:
    """A picture in every format that is read."""
    (image,) = stills(1)
    deep = image.astype(np.uint16) * 257
    alpha = np.dstack([image, image[..., 0]])
    made = {f"a.{end}": image for end in ("jpg", "png", "webp", "bmp", "tiff", "ppm", "jp2")}
    made |= {"deep.png": deep, "deep.tiff": deep, "alpha.png": alpha, "grey.png": image[..., 0]}
    return {n: cv2.imencode(Path(n).suffix, values)[1].tobytes() for n, values in made.items()}


def tracks(folder: Path) -> Corpus:
    """Tracks of a few frames."""
    with Tracker("nano") as tracker, records.JsonlWriter(folder / "a.jsonl") as writer:
        for i, image in enumerate(stills(3)):
            large = cv2.resize(image, (640, 480))
            writer.write(i / 25, i, tracker(large, i / 25))
    return {"a.jsonl": (folder / "a.jsonl").read_bytes()}


def models(folder: Path) -> Corpus:
    """The smallest model that ships."""
    return {"nano.onnx": read_model("nano")}


def from_front_to_back(folder: Path) -> Corpus:
    """What can be read without going back, as from a server or a pipe."""
    images = stills(10)
    made = {name: video(folder / name) for name in ("fragments.mp4", "a.mkv", "a.ts")}
    jpegs = [cv2.imencode(".jpg", image[..., ::-1])[1].tobytes() for image in images]
    made["a.mjpeg"] = b"".join(jpegs)
    planes = [cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).tobytes() for image in images]
    made["a.y4m"] = b"YUV4MPEG2 W160 H120 F25:1\n" + b"".join(b"FRAME\n" + p for p in planes)
    return made


def streams(folder: Path) -> Corpus:
    """What servers send: also the page of a camera, one part a picture."""
    made = from_front_to_back(folder)
    head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    jpegs = [JPEG_START + data for data in made["a.mjpeg"].split(JPEG_START)[1:]]
    return made | {"a.page": b"".join(head % len(data) + data + b"\r\n" for data in jpegs)}


def pipes(folder: Path) -> Corpus:
    """What programs pipe in: also bare pixels."""
    return from_front_to_back(folder) | {"a.rgb": b"".join(i.tobytes() for i in stills(10))}


def read_video(path: Path) -> None:
    read(open_video(path))


def read_stream(path: Path) -> None:
    """Over HTTP on loopback: as a recording, or without a length as live, called once more."""
    with served(path) as url:
        read(open_video(url, reconnect=0.05))


def read_pipe(path: Path) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as file:
            file.write(path.read_bytes())

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        read(Piped(size_wh=SIZE_WH if path.suffix == ".rgb" else None, descriptor=reading))
    finally:
        os.close(reading)
        writer.join()


def read(source: Source) -> None:
    """The first frames of a source."""
    with source:
        for _ in islice(source, MOST_FRAMES):
            pass


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The address of a server that sends a file, with its length when that is odd."""
    data = path.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if path.suffix == ".page":
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            elif len(data) % 2:
                self.send_header("Content-Length", str(len(data)))
            with suppress(OSError):  # the reader has seen enough
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            return

    os.environ["no_proxy"] = "127.0.0.1"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{path.name}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def draw_tracks(path: Path) -> None:
    """Every layer, on pictures of the size that was tracked."""
    overlay = Overlay(layers(list(LAYERS)))
    picture = np.zeros((480, 640, 3), np.uint8)
    for frame in islice(records.read_tracks(path), MOST_FRAMES):
        overlay(picture, frame.faces)


def read_network(path: Path) -> None:
    Faces(path).find(np.zeros((120, 160, 3), np.uint8), np.zeros((0, 4)), 1)


TARGETS: dict[str, tuple[Callable[[Path], Corpus], Callable[[Path], object]]] = {
    "video": (videos, read_video),
    "stream": (streams, read_stream),
    "piped": (pipes, read_pipe),
    "picture": (pictures, read_picture),
    "tracks": (tracks, draw_tracks),
    "model": (models, read_network),
}
