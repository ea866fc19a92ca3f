"""The process of the window: shows pictures (PPM, P6) that come through standard input.

Says "ready" on standard output once the window is there; ends with its input, with q, escape, or
when the window is closed.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from typing import IO

PERIOD_MS = 10
"""Milliseconds between two looks at whether there is a new picture."""


def _read(source: IO[bytes], newest: deque[bytes]) -> None:
    """Keep the newest picture; an empty one is put at the end."""
    while head := source.readline():
        _, width, height, _ = head.split()
        count = 3 * int(width) * int(height)
        pixels = source.read(count)
        if len(pixels) < count:
            break
        newest.append(head + pixels)
    newest.append(b"")


def main() -> None:
    """Show pictures until there are no more."""
    import tkinter

    newest: deque[bytes] = deque(maxlen=1)
    root = tkinter.Tk()
    root.title(sys.argv[1] if len(sys.argv) > 1 else "bauta")
    label = tkinter.Label(root, borderwidth=0)
    label.pack()
    for key in ("<q>", "<Escape>"):
        root.bind(key, lambda event: root.destroy())

    def look() -> None:
        if newest:
            picture = newest.pop()
            if not picture:
                root.destroy()
                return
            shown = tkinter.PhotoImage(data=picture, format="PPM")
            label.configure(image=shown)
            label.image = shown  # type: ignore[attr-defined]  # else it is collected
        root.after(PERIOD_MS, look)

    reader = threading.Thread(target=_read, args=(sys.stdin.buffer, newest), daemon=True)
    reader.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    look()
    root.mainloop()


if __name__ == "__main__":
    main()
