"""Play an exported head in three.js in a browser without a window, and take its picture.

    npm install three
    python scripts/play_glb.py clip_faces.glb --three node_modules/three -o played.png

Draws `play_glb.html`: eight moments of the animation, through the head's own camera. Needs Chromium
(`--browser`); everything comes from this machine. Prints what the page says of these moments.
"""

from __future__ import annotations

import argparse
import html
import re
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = Path(__file__).with_suffix(".html")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
    *("--hide-scrollbars", "--window-size=1248,472", "--virtual-time-budget=60000"),
)


class Files(SimpleHTTPRequestHandler):
    """Serves the page, the head and three.js, nothing else and without a log."""

    def __init__(self, *args: object, glb: Path, three: Path) -> None:
        self.glb, self.three = glb, three
        super().__init__(*args)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        """The file of an address."""
        if path == "/head.glb":
            return str(self.glb)
        if path.startswith("/three/") and ".." not in path:
            return str(self.three / path.removeprefix("/three/"))
        return str(PAGE if path == "/" else PAGE.parent / "none")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def main() -> None:
    """Serve, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("glb", type=Path)
    parser.add_argument("--three", type=Path, default=Path("node_modules/three"))
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("-o", "--out", type=Path, default=Path("played.png"))
    given = parser.parse_args()
    handler = partial(Files, glb=given.glb.resolve(), three=given.three.resolve())
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [given.browser, *FLAGS, f"--screenshot={given.out.resolve()}", "--dump-dom"]
        done = subprocess.run([*command, address], capture_output=True, text=True, timeout=300)
        server.shutdown()
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    if title is None or "three.js" not in title[1] or not given.out.exists():
        raise SystemExit(f"the page was not drawn:\n{done.stderr[-2000:]}")
    print(html.unescape(title[1]))


if __name__ == "__main__":
    main()
