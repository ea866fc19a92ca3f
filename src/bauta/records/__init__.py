"""Tracks on disk: what the tracker said of every frame, written as it comes. See docs/records.md.

A writer is a context manager; `write` is called once a frame, in order, also for frames without
a face. JSONL and CSV are whole after every call; NPZ and Parquet grow in a folder beside them.
"""

from bauta.records.arrays import NpzWriter
from bauta.records.bridges import to_dataframe, to_supervision
from bauta.records.format import FORMAT, VERSION, Header, TrackedFrame
from bauta.records.parquet import ParquetWriter, check_pyarrow
from bauta.records.parts import check_table, parts_of
from bauta.records.reader import Tracks, read_tracks
from bauta.records.writers import COLUMN_SETS, CsvWriter, JsonlWriter, Writer, open_writer

__all__ = [
    "COLUMN_SETS",
    "FORMAT",
    "VERSION",
    "CsvWriter",
    "Header",
    "JsonlWriter",
    "NpzWriter",
    "ParquetWriter",
    "TrackedFrame",
    "Tracks",
    "Writer",
    "check_pyarrow",
    "check_table",
    "open_writer",
    "parts_of",
    "read_tracks",
    "to_dataframe",
    "to_supervision",
]
