"""Pictures: grey, 16-bit, transparent and turned ones come out right, in order, none in silence."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from media import SHOWN, corner_colours, corners, delivered, exif, noise, png, png_chunk

from bauta.checks import SourceError
from bauta.video import open_video, read_picture
from bauta.video.pictures import natural_key


def save(path, image_rgb, *options):
    """Write with OpenCV, in its order of channels."""
    ok, data = cv2.imencode(path.suffix, cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR), *options)
    assert ok
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tiff", ".webp", ".jpg", ".jp2"])
def test_a_picture_is_one_frame_at_time_zero(tmp_path, suffix):
    with open_video(save(tmp_path / f"a{suffix}", corners())) as source:
        (frame,) = source
    assert (source.kind, source.frames, source.rate) == ("images", 1, None)
    assert (frame.time, frame.index, frame.name) == (0.0, 0, str(tmp_path / f"a{suffix}"))
    lossy = suffix in (".webp", ".jpg", ".jp2")
    assert abs(corner_colours(frame.image) - corner_colours(corners())).max() <= 12 * lossy


RGB_RED = bytes([255, 0, 0])
PALETTE = png_chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0]))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(2, 1, 8, 0, [bytes([7, 200])]), [[7] * 3, [200] * 3]),
        (png(2, 1, 1, 0, [bytes([0b01000000])]), [[0] * 3, [255] * 3]),
        (png(2, 1, 16, 0, [struct.pack(">2H", 65535, 385)]), [[255] * 3, [1] * 3]),
        (png(2, 1, 16, 0, [struct.pack(">2H", 386, 128)]), [[2] * 3, [0] * 3]),
        (png(1, 1, 16, 2, [struct.pack(">3H", 65535, 257 * 9, 0)]), [[255, 9, 0]]),
        (png(2, 1, 8, 3, [bytes([1, 0])], PALETTE), [[0, 255, 0], [255, 0, 0]]),
        (
            png(2, 1, 8, 3, [bytes([1, 0])], PALETTE + png_chunk(b"tRNS", bytes([0, 255]))),
            [[0, 255, 0], [255, 255, 255]],
        ),
        (png(2, 1, 8, 4, [bytes([10, 255, 0, 51])]), [[10] * 3, [204] * 3]),
        (
            png(2, 1, 8, 6, [RGB_RED + b"\xff" + RGB_RED + b"\x33"]),
            [[255, 0, 0], [255, 204, 204]],
        ),
        (png(2, 1, 8, 6, [(RGB_RED + b"\0") * 2]), [[255, 0, 0]] * 2),
        (png(1, 1, 16, 6, [struct.pack(">4H", 0, 0, 0, 257 * 51)]), [[204] * 3]),
    ],
    ids=[
        *("grey", "1 bit", "16-bit grey", "16-bit rounds", "16-bit colour", "palette"),
        *("palette with alpha", "grey with alpha", "alpha over white", "unused alpha"),
        "16-bit alpha",
    ],
)
def test_samples_become_rgb(tmp_path, data, expected):
    (tmp_path / "a.png").write_bytes(data)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), [expected])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_of_jpeg_is_applied(tmp_path, orientation, order):
    data = save(tmp_path / "a.jpg", corners()).read_bytes()
    block = b"Exif\0\0" + exif(orientation, order)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block
    comment = b"\xff\xfe" + struct.pack(">H", 5) + b"abc"
    (tmp_path / "a.jpg").write_bytes(data[:2] + comment + segment + data[2:])
    image = read_picture(tmp_path / "a.jpg")
    assert image.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    assert abs(corner_colours(image) - SHOWN[orientation]).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_of_png_webp_and_tiff_is_applied(tmp_path, orientation):
    def check(name, data):
        (tmp_path / name).write_bytes(data)
        image = read_picture(tmp_path / name)
        assert abs(corner_colours(image) - SHOWN[orientation]).max() < 12, name

    rows = corners()
    chunk = png_chunk(b"eXIf", exif(orientation))
    check("a.png", png(64, 48, 8, 2, [row.tobytes() for row in rows], chunk))
    deep = (rows.astype(">u2") * 257).astype(">u2")
    check("deep.png", png(64, 48, 16, 2, [row.tobytes() for row in deep], chunk))
    opaque = np.dstack([rows, np.full((48, 64), 255, np.uint8)])
    check("alpha.png", png(64, 48, 8, 6, [row.tobytes() for row in opaque], chunk))
    check("a.webp", webp_with_exif(rows, exif(orientation)))
    check("a.tiff", tiff(rows, orientation))
    check("deep.tiff", tiff(rows.astype("<u2") * 257, orientation))


def webp_with_exif(image, block) -> bytes:
    """Wrap OpenCV's simple WebP into the extended form, which may carry EXIF."""
    quality = [cv2.IMWRITE_WEBP_QUALITY, 90]
    inner = cv2.imencode(".webp", image[..., ::-1], quality)[1].tobytes()[12:]
    size = struct.pack("<I", image.shape[1] - 1)[:3] + struct.pack("<I", image.shape[0] - 1)[:3]
    header = b"VP8X" + struct.pack("<II", 10, 0b1000) + size
    tail = b"EXIF" + struct.pack("<I", len(block)) + block
    body = b"WEBP" + header + inner + tail
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(image, orientation) -> bytes:
    """An uncompressed RGB TIFF of one strip."""
    data = np.ascontiguousarray(image).tobytes()
    bits = 8 * image.itemsize
    count, strip = 10, 8 + 6 + len(data)
    entries = [(256, 3, 1, 64), (257, 3, 1, 48), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 14), (274, 3, 1, orientation), (277, 3, 1, 3), (278, 3, 1, 48)]
    entries += [(279, 4, 1, len(data))]
    directory = struct.pack("<H", count)
    for tag, kind, number, value in entries:
        directory += struct.pack("<HHII", tag, kind, number, value)
    head = b"II*\0" + struct.pack("<I", strip) + struct.pack("<3H", bits, bits, bits)
    return head + data + directory + bytes(4)


@pytest.mark.parametrize("size_wh", [(1, 1), (8000, 6000)])
def test_the_smallest_and_largest_pictures_are_read(tmp_path, size_wh):
    width, height = size_wh
    row = bytes([9]) * width
    (tmp_path / "a.png").write_bytes(png(width, height, 8, 0, [row] * height))
    (frame,) = open_video(tmp_path / "a.png")
    assert frame.image.shape == (height, width, 3)
    assert frame.image[-1, -1].tolist() == [9, 9, 9]


def test_a_folder_comes_in_natural_order_at_its_rate(tmp_path):
    for name, value in [("img10.png", 30), ("img2.PNG", 20), ("Img1.bmp", 10)]:
        save(tmp_path / name, np.full((4 + value, 6, 3), value, np.uint8))
    (tmp_path / "._img3.png").write_bytes(b"not a picture")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "deeper.png").mkdir()
    with open_video(tmp_path, rate=10) as source:
        frames = list(source)
    assert [frame.image[0, 0, 0] for frame in frames] == [10, 20, 30]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    assert [frame.image.shape[0] for frame in frames] == [14, 24, 34]
    assert (source.frames, source.rate, source.duration) == (3, 10, pytest.approx(0.3))
    assert [frame.time for frame in open_video(tmp_path)] == pytest.approx([0.0, 0.04, 0.08])


def test_natural_order_counts():
    names = ["a10", "a9b2", "a9b10", "A1", "b", "10", "9"]
    assert sorted(names, key=natural_key) == ["9", "10", "A1", "a9b2", "a9b10", "a10", "b"]


def test_a_pattern_names_pictures_unless_a_file_has_that_name(tmp_path):
    for name in ("a1.png", "a2.png", "b1.png", "[x].png"):
        save(tmp_path / name, noise(1))
    (tmp_path / "deep").mkdir()
    save(tmp_path / "deep" / "a3.png", noise(1))
    for pattern, count in {"a*.png": 2, "[x].png": 1, "**/a*.png": 3, "?1.*": 2}.items():
        assert len(list(open_video(f"{tmp_path}/{pattern}"))) == count
    with pytest.raises(SourceError, match="matches no picture and no video"):
        open_video(f"{tmp_path}/z*.png")


@pytest.mark.parametrize("prepare", ["nothing", "other files"])
def test_a_folder_without_pictures_is_refused(tmp_path, prepare):
    if prepare == "other files":
        (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match="folder without pictures"):
        open_video(tmp_path)


def test_unreadable_pictures_in_a_folder_are_named_after_the_others(tmp_path):
    for index in range(10):
        save(tmp_path / f"{index}.png", np.full((4, 4, 3), index, np.uint8))
    for index in range(2, 9):
        (tmp_path / f"{index}.png").write_bytes(b"broken")
    frames, error = delivered(open_video(tmp_path, rate=1))
    assert [frame.image[0, 0, 0] for frame in frames] == [0, 1, 9]
    assert [frame.time for frame in frames] == [0, 1, 9]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert "7 of 10 pictures" in error
    assert "2.png" in error
    assert "and 2 more" in error


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_cut_off_picture_is_refused(tmp_path, suffix, share):
    path = save(tmp_path / f"a{suffix}", noise(0))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    source = open_video(path)
    with pytest.raises(SourceError, match=f"a{suffix}"):
        list(source)


def test_a_chunk_that_promises_gigabytes_is_a_cut_and_costs_nothing(tmp_path):
    data = bytearray(save(tmp_path / "a.png", noise(0)).read_bytes())
    data[data.index(b"IDAT") - 4] = 0xC0
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.png: is cut off"):
        read_picture(tmp_path / "a.png")


def test_a_jpegs_thumbnail_does_not_hide_the_cut(tmp_path):
    data = save(tmp_path / "a.jpg", noise(0)).read_bytes()
    block = b"Exif\0\0" + exif(1) + data[:2000] + b"\xff\xd9"
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block
    whole = data[:2] + segment + data[2:]
    (tmp_path / "a.jpg").write_bytes(whole)
    assert read_picture(tmp_path / "a.jpg").shape == (48, 64, 3)
    (tmp_path / "a.jpg").write_bytes(whole[:-300])
    with pytest.raises(SourceError):
        read_picture(tmp_path / "a.jpg")


def test_floating_point_pictures_are_refused(tmp_path):
    data = cv2.imencode(".tiff", np.full((4, 4, 3), 0.5, np.float32))[1]
    (tmp_path / "a.tiff").write_bytes(data.tobytes())
    with pytest.raises(SourceError, match="float32"):
        read_picture(tmp_path / "a.tiff")


def test_broken_exif_is_ignored(tmp_path):
    data = save(tmp_path / "a.jpg", corners()).read_bytes()
    for block in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM", b"Exif\0\0" + exif(9)):
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block
        (tmp_path / "a.jpg").write_bytes(data[:2] + segment + data[2:])
        assert read_picture(tmp_path / "a.jpg").shape == (48, 64, 3)
