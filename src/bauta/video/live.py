"""The newest frame of a source that waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator

from bauta.overlap import Ahead
from bauta.video.frame import Frame, Source


class Live(Source):
    """The frames of a live source that there is time for: the newest wins, `dropped` counts the
    others, whose numbers are missing in `Frame.index`.

    A thread reads the source from the first iteration until `close`.
    """

    live = True

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ahead: Ahead[Frame] | None = None
        self.name, self.kind = source.name, source.kind
        self.rate, self.size_wh = source.rate, source.size_wh

    @property
    def dropped(self) -> int:
        """Frames that nobody had time for, until now."""
        return self._ahead.dropped if self._ahead else 0

    def __iter__(self) -> Iterator[Frame]:
        if self._ahead is None:
            self._ahead = Ahead(self._source, 1, newest=True)
        return iter(self._ahead)

    def close(self) -> None:
        """End the iteration, from any thread, and release the source."""
        self._source.close()
        if self._ahead is not None:
            self._ahead.close()
