"""Out of the program: meshes, animations and tables of a followed head, in other programs' formats.

`animation.py` takes a head out of tracks; every other file is one format, arrays in and bytes out.
See docs/export.md.
"""

from bauta.export.animation import Animation, animation_of

__all__ = ["Animation", "animation_of"]
