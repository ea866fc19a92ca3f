"""Pictures in and out: sources that deliver timed frames, sinks that write them as they come."""

from bauta.video.frame import Frame, Source
from bauta.video.output import atomic_write, check_output
from bauta.video.pictures import read_picture
from bauta.video.sink import PngSink, VideoSink
from bauta.video.source import open_video

__all__ = [
    "Frame",
    "PngSink",
    "Source",
    "VideoSink",
    "atomic_write",
    "check_output",
    "open_video",
    "read_picture",
]
