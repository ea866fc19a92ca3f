"""The files that `bauta.data.label` writes, each of which tells what it holds already."""

from __future__ import annotations

import csv
import io
import json
import os
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from bauta import schemes
from bauta.data.readers.folder import label_name
from bauta.types import FaceState
from bauta.video.output import atomic_write, make_folder, reporting

ANGLES = ("yaw", "pitch", "roll")


class LabelFile(ABC):
    """One format. `out` is the folder of the results; `force` begins anew."""

    def __init__(self, out: Path, scheme: str, force: bool) -> None:
        self.out, self.scheme, self.force = out, scheme, force

    @abstractmethod
    def has(self, where: Path) -> bool:
        """Whether the picture at this path below the folder of pictures has its labels."""

    @abstractmethod
    def write(
        self, where: Path, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> None:
        """Keep the faces of a picture of `size` (width, height), and their points (K, 2 or 3)."""

    def close(self) -> None:  # noqa: B027 - files of one picture have nothing to finish
        """Finish."""


class PtsFiles(LabelFile):
    """A `.pts` file a face; the first face's is written last, and tells that all are there."""

    def has(self, where: Path) -> bool:
        return not self.force and (self.out / where.parent / label_name(where.stem, 1)).exists()

    def write(
        self, where: Path, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> None:
        if not points:
            return
        folder = self.out / where.parent
        make_folder(folder)
        for number in range(len(points), 0, -1):
            atomic_write(folder / label_name(where.stem, number), pts(points[number - 1]))
        number = len(points) + 1  # of an older run that found more
        while (old := folder / label_name(where.stem, number)).exists():
            with reporting(old):
                old.unlink()
            number += 1


def pts(points: np.ndarray) -> bytes:
    """A `.pts` file of points (K, 2 or 3): x and y, pixel centres counted from 1."""
    lines = [f"{x + 0.5:.3f} {y + 0.5:.3f}" for x, y in points[:, :2].tolist()]
    return "\n".join(["version: 1", f"n_points: {len(points)}", "{", *lines, "}", ""]).encode()


class _GrowingFile(LabelFile):
    """A file that grows by the lines of one picture; half of them, left by a stop, are cut off."""

    name = ""

    def __init__(self, out: Path, scheme: str, force: bool) -> None:
        super().__init__(out, scheme, force)
        self.path = out / self.name
        if force or not self.path.exists():
            atomic_write(self.path, self.opening().encode())
        with reporting(self.path):
            self._done = self._resume()
            self._file = open(self.path, "a", encoding="utf-8", newline="")  # noqa: SIM115

    def _resume(self) -> set[str]:
        """Names of the pictures in the file, of which only whole ones are kept."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        first = self.opening().count("\n")
        while len(lines) > first and not self._ends_a_picture(lines[-1]):
            lines.pop()
        os.truncate(self.path, sum(map(len, lines)))
        return {self.picture_of(line.decode()) for line in lines[first:]}

    def _ends_a_picture(self, line: bytes) -> bool:
        return line.endswith(b"\n") and self.is_last(line.decode(errors="replace"))

    def opening(self) -> str:
        """What the file begins with."""
        return ""

    def is_last(self, line: str) -> bool:
        """Whether no further line is about the same picture."""
        return True

    @abstractmethod
    def picture_of(self, line: str) -> str:
        """The picture that a line is about."""

    @abstractmethod
    def lines(
        self, name: str, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> str:
        """What is written about a picture."""

    def has(self, where: Path) -> bool:
        return where.as_posix() in self._done

    def write(
        self, where: Path, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> None:
        with reporting(self.path):
            self._file.write(self.lines(where.as_posix(), size, faces, points))
            self._file.flush()

    def close(self) -> None:
        with reporting(self.path):
            self._file.close()


class JsonLines(_GrowingFile):
    """`labels.jsonl`: `{"picture", "width", "height", "scheme", "faces": [...]}` a picture."""

    name = "labels.jsonl"

    def picture_of(self, line: str) -> str:
        return json.loads(line)["picture"]

    def lines(
        self, name: str, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> str:
        found = [
            {
                "score": round(face.score, 4),
                "box": _rounded(face.box),
                **{angle: round(v, 2) for angle, v in zip(ANGLES, face.pose.angles, strict=True)},
                "points": _rounded(own),
            }
            for face, own in zip(faces, points, strict=True)
        ]
        picture = {"picture": name, "width": size[0], "height": size[1], "scheme": self.scheme}
        return json.dumps(picture | {"faces": found}) + "\n"


class CsvRows(_GrowingFile):
    """`labels.csv`: a face a row, `face` of `faces`; x and y of all points, and z where known."""

    name = "labels.csv"

    def opening(self) -> str:
        axes = "xy" if self.scheme == "ibug68" else "xyz"
        count = schemes.get(self.scheme).count
        columns = ["picture", "width", "height", "face", "faces", "score"]
        columns += ["left", "top", "right", "bottom"]  # the box: x1 is a point
        columns += [*ANGLES, *(f"{axis}{k}" for k in range(count) for axis in axes)]
        return ",".join(columns) + "\n"

    def picture_of(self, line: str) -> str:
        return next(csv.reader([line]))[0]

    def is_last(self, line: str) -> bool:
        cells = next(csv.reader([line]))
        return len(cells) > 4 and cells[3] == cells[4]

    def lines(
        self, name: str, size: tuple[int, int], faces: list[FaceState], points: list[np.ndarray]
    ) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for number, (face, own) in enumerate(zip(faces, points, strict=True), 1):
            row = [name, *size, number, len(faces), f"{face.score:.4f}", *_rounded(face.box)]
            row += [round(angle, 2) for angle in face.pose.angles]
            writer.writerow([*row, *_rounded(own.ravel())])
        return text.getvalue()


def _rounded(values: np.ndarray) -> list:
    return np.round(values.astype(np.float64), 3).tolist()


FILES: dict[str, type[LabelFile]] = {"pts": PtsFiles, "json": JsonLines, "csv": CsvRows}
"""Format to what writes it."""
