"""Sinks: what is written is true in time and colour, and survives whatever interrupts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media import corners, noise, read_sound, sound_packets, tone, write_video

from bauta.checks import InputError, SinkError, SourceError
from bauta.video import PngSink, VideoSink, atomic_write, check_output, open_video, sink
from bauta.video.pixels import to_yuv420

SOURCE = str(Path(__file__).parents[2] / "src")


def write_all(path, images, times, **options) -> VideoSink:
    with VideoSink(path, **options) as result:
        for image, seconds in zip(images, times, strict=True):
            result.write(image, seconds)
    return result


def read_pictures(path) -> tuple[list[np.ndarray], list[float]]:
    frames = list(open_video(path))
    return [frame.image for frame in frames], [frame.time for frame in frames]


def test_pictures_and_variable_times_survive_the_round_trip(tmp_path):
    times = [0.0, 0.04, 0.05, 0.3, 0.3333, 2.5, 2.51, 4.0]
    images = [np.roll(corners(), 8 * i, axis=1) for i in range(8)]
    result = write_all(tmp_path / "a.mp4", images, times, crf=10)
    got, got_times = read_pictures(tmp_path / "a.mp4")
    np.testing.assert_allclose(got_times, times, atol=1 / 90000)
    assert result.frames == len(got) == 8
    for image, expected in zip(got, images, strict=True):
        assert np.median(abs(image.astype(int) - expected)) < 4
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        assert stream.codec_context.colorspace == 6


def test_the_first_time_becomes_zero(tmp_path):
    write_all(tmp_path / "a.mp4", [noise(0)] * 3, [100.25, 100.5, 101.0])
    assert read_pictures(tmp_path / "a.mp4")[1] == pytest.approx([0.0, 0.25, 0.75], abs=1e-4)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.start_time == 0


def test_times_closer_than_a_tick_stay_apart(tmp_path):
    write_all(tmp_path / "a.mp4", [noise(0)] * 3, [0.0, 1e-7, 2e-7])
    times = read_pictures(tmp_path / "a.mp4")[1]
    assert len(times) == 3
    assert 0 == times[0] < times[1] < times[2] < 1e-2


@pytest.mark.parametrize("size_wh", [(64, 46), (640, 362)])
def test_yuv_is_what_ffmpeg_makes_of_rgb(size_wh):
    width, height = size_wh
    rough = cv2.resize(noise(3)[:4, :4], size_wh, interpolation=cv2.INTER_CUBIC)
    image = rough.astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    expected = frame.reformat(format="yuv420p").to_ndarray().astype(int)
    away = to_yuv420(image).astype(int) - expected
    assert away.shape == (height * 3 // 2, width)
    assert abs(away[:height]).max() <= 1
    assert abs(away[height:]).max() <= 6  # FFmpeg's samples of colour sit half a pixel to the left
    assert abs(away.mean()) < 0.5


def test_a_thin_red_line_keeps_half_its_colour_wherever_it_lies():
    """Two pixels wide is one sample of colour; one pixel wide is half of one."""
    for column in (4, 5):
        image = np.zeros((16, 16, 3), np.uint8)
        image[:, column] = (255, 0, 0)
        red = to_yuv420(image)[16:].reshape(2, 8, 8)[1]
        assert red[:, 2].tolist() == [184] * 8
        assert set(red[:, 3:].ravel().tolist()) == {128}


@pytest.mark.parametrize("size_wh", [(1, 1), (63, 47), (64, 47), (63, 48)])
def test_odd_sizes_are_padded_with_their_edge(tmp_path, size_wh):
    width, height = size_wh
    image = np.full((height, width, 3), 200, np.uint8)
    write_all(tmp_path / "a.mp4", [image], [0.0])
    (got,), _ = read_pictures(tmp_path / "a.mp4")
    assert got.shape == (height + height % 2, width + width % 2, 3)
    assert abs(got.astype(int) - 200).max() < 4


def test_a_later_size_is_fitted_on_black(tmp_path):
    tall = np.full((96, 32, 3), 220, np.uint8)
    write_all(tmp_path / "a.mp4", [noise(0), tall, noise(1)], [0.0, 0.1, 0.2])
    images, _ = read_pictures(tmp_path / "a.mp4")
    assert [image.shape for image in images] == [(48, 64, 3)] * 3
    middle = images[1].astype(int)
    assert abs(middle[4:-4, 28:36] - 220).max() < 12
    assert middle[:, :20].max() < 40
    assert middle[:, -20:].max() < 40


def test_sound_that_mp4_holds_is_copied_packet_for_packet(tmp_path, clip):
    with open_video(clip) as source:
        frames = [(frame.image, frame.time) for frame in source]
    result = write_all(tmp_path / "a.mp4", *zip(*frames, strict=True), audio_from=clip)
    assert (result.audio, result.warnings) == ("copied", [])
    original, copied = sound_packets(clip), sound_packets(tmp_path / "a.mp4")
    at = original.index(copied[0])
    assert at <= 1  # the encoder's run-in before time 0 is left out
    assert copied == original[at : at + len(copied)]
    assert len(copied) >= len(original) - 3


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [
        ("a.mp4", "aac", "copied"),
        ("a.ts", "aac", "encoded"),
        ("a.mkv", "pcm_s16le", "encoded"),
        ("a.avi", "pcm_s16le", "encoded"),
        ("a.mkv", "flac", "encoded"),
    ],
)
def test_sound_stays_in_step_with_the_pictures(tmp_path, name, codec, kind):
    times = np.arange(40) / 20
    video = write_video(
        tmp_path / name,
        [noise(i) for i in range(40)],
        sound=tone(2.0, start=1.0),
        sound_codec=codec,
        codec="mpeg4" if name.endswith("avi") else "libx264",
    )
    for first in (0, 10):
        output = tmp_path / f"out{first}.mp4"
        result = write_all(output, [noise(0)] * (40 - first), times[first:], audio_from=video)
        assert (result.audio, result.warnings) == (kind, [])
        samples, start, rate = read_sound(output)
        onset = start + np.argmax(abs(samples) > 0.2 * abs(samples).max()) / rate
        end = start + len(samples) / rate
        assert onset == pytest.approx(1.0 - times[first], abs=0.07)
        assert end == pytest.approx(2.0 - times[first], abs=0.15)


def test_sound_ends_with_the_pictures(tmp_path, clip):
    write_all(tmp_path / "a.mp4", [noise(0)] * 10, np.arange(10) / 20, audio_from=clip)
    samples, start, rate = read_sound(tmp_path / "a.mp4")
    assert start + len(samples) / rate == pytest.approx(0.5, abs=0.15)


def test_missing_sound_never_stops_the_pictures(tmp_path, clip):
    silent = write_video(tmp_path / "silent.mp4", [noise(0)] * 3)
    result = write_all(tmp_path / "a.mp4", [noise(0)], [0.0], audio_from=silent)
    assert (result.audio, result.warnings) == ("none", [])
    missing = tmp_path / "missing.mp4"
    result = write_all(tmp_path / "b.mp4", [noise(0)], [0.0], audio_from=missing)
    assert result.audio == "none"
    assert "missing.mp4" in result.warnings[0]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    result = write_all(tmp_path / "c.mp4", [noise(0)] * 40, np.arange(40) / 20, audio_from=cut)
    for name, count in {"a.mp4": 1, "b.mp4": 1, "c.mp4": 40}.items():
        assert len(read_pictures(tmp_path / name)[0]) == count


def test_an_existing_output_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(SinkError, match=r"a\.mp4: exists already; pass --force"):
        VideoSink(path)
    VideoSink(path, force=True).close()  # no frame came: the old content stays
    assert path.read_bytes() == b"mine"
    write_all(path, [noise(0)], [0.0], force=True)
    assert len(read_pictures(path)[0]) == 1


def test_the_source_is_never_overwritten(tmp_path, clip):
    path = tmp_path / "own.mp4"
    path.write_bytes(clip.read_bytes())
    with pytest.raises(SinkError, match="the source itself"):
        VideoSink(path, force=True, audio_from=path)
    assert path.read_bytes() == clip.read_bytes()


def test_places_that_cannot_be_written_are_refused_at_once(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    for path in (tmp_path / "file" / "a.mp4", tmp_path / "folder.mp4"):
        with pytest.raises(SinkError, match=str(path.parent)):
            VideoSink(path, force=True)
        with pytest.raises(SinkError):
            check_output(path)
    with pytest.raises(SinkError, match="cannot be written"):
        VideoSink(tmp_path / ("long" * 100 + ".mp4"))
    with pytest.raises(InputError, match=r"\.mp4"):
        VideoSink(tmp_path / "a.avi")
    assert check_output(tmp_path / "new" / "deep" / "a.csv").parent.is_dir()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_error(tmp_path):
    (tmp_path / "a.mp4").symlink_to("/dev/full")
    output = VideoSink(tmp_path / "a.mp4", force=True)

    def write_on():
        with output:
            for i in range(200):
                output.write(noise(i), i / 25)

    with pytest.raises(SinkError, match=r"a\.mp4: cannot be written: No space left"):
        write_on()
    output.close()
    with pytest.raises(SinkError, match="closed"):
        output.write(noise(0), 100.0)


SCRIPT = """
import sys, numpy as np
from bauta.video import VideoSink
with VideoSink(sys.argv[1], audio_from=sys.argv[2]) as sink:
    for i in range(100000):
        sink.write(np.random.default_rng(i).integers(0, 255, (48, 64, 3), dtype=np.uint8), i / 20)
        print(i, flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_an_interrupted_file_holds_what_was_written(tmp_path, clip, how):
    path = tmp_path / "a.mp4"
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path), str(clip)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": SOURCE},
        text=True,
    )
    assert child.stdout is not None
    written = 0
    for line in child.stdout:
        written = int(line) + 1
        if written == 150:
            child.send_signal(how)
    child.wait()
    times = []
    try:
        for frame in open_video(path):
            times.append(frame.time)
    except SourceError:
        assert how is signal.SIGKILL  # in the middle of a fragment
    late = 45  # frames: two seconds and a bit
    lost = late if how is signal.SIGKILL else 1  # the one in hand, which the encoder held a while
    assert len(times) >= max(written, 150) - lost
    frames = np.rint(np.array(times) * 20)
    np.testing.assert_allclose(times, frames / 20, atol=1e-4)
    assert (np.diff(frames) > 0).all()
    assert (frames[:-late] == np.arange(len(frames) - late)).all()
    assert len(sound_packets(path)) > 20


def test_a_sink_without_frames_leaves_no_file(tmp_path):
    VideoSink(tmp_path / "a.mp4").close()
    with pytest.raises(ZeroDivisionError), VideoSink(tmp_path / "a.mp4"):
        raise ZeroDivisionError
    assert not (tmp_path / "a.mp4").exists()


def test_what_cannot_be_written_is_refused_and_the_file_goes_on(tmp_path):
    with VideoSink(tmp_path / "a.mp4") as output:
        output.write(noise(0), 1.0)
        for bad in (1.0, 0.5, float("nan"), float("inf")):
            with pytest.raises(InputError, match="time"):
                output.write(noise(0), bad)
        with pytest.raises(InputError):
            output.write(noise(0).astype(np.float32), 2.0)
        output.write(noise(0), 2.0)
    assert len(read_pictures(tmp_path / "a.mp4")[0]) == 2
    for crf in (-1, 52):
        with pytest.raises(InputError, match="crf"):
            VideoSink(tmp_path / "b.mp4", crf=crf)


def test_crf_trades_size_for_quality(tmp_path):
    sizes = []
    for crf in (10, 40):
        write_all(tmp_path / f"{crf}.mp4", [noise(i) for i in range(5)], range(5), crf=crf)
        sizes.append((tmp_path / f"{crf}.mp4").stat().st_size)
    assert sizes[0] > 2 * sizes[1]


def test_another_encoder_stands_in_or_the_lack_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(sink, "ENCODERS", ("no-such-encoder", "libvpx-vp9"))
    write_all(tmp_path / "a.mp4", [noise(i) for i in range(3)], range(3))
    assert len(read_pictures(tmp_path / "a.mp4")[0]) == 3
    monkeypatch.setattr(sink, "ENCODERS", ("no-such-encoder",))
    with pytest.raises(SinkError, match=r"no H\.264 encoder"), VideoSink(tmp_path / "b.mp4") as out:
        out.write(noise(0), 0.0)
    assert not (tmp_path / "b.mp4").exists()


def test_png_frames_are_exact_and_numbered(tmp_path):
    with PngSink(tmp_path / "deep" / "frames") as output:
        for i in range(3):
            output.write(noise(i))
    files = sorted((tmp_path / "deep" / "frames").iterdir())
    assert [file.name for file in files] == [f"frame_{i:06d}.png" for i in range(3)]
    for i, frame in enumerate(open_video(tmp_path / "deep" / "frames")):
        np.testing.assert_array_equal(frame.image, noise(i))


def test_a_folder_in_use_is_refused_unless_forced(tmp_path):
    for i in range(3):
        atomic_write(tmp_path / f"frame_{i:06d}.png", b"old")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SinkError, match="pass --force"):
        PngSink(tmp_path)
    with PngSink(tmp_path, force=True) as output:
        output.write(noise(0))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["frame_000000.png", "notes.txt"]
    with pytest.raises(SinkError, match="is a file"):
        PngSink(tmp_path / "notes.txt", force=True)


def test_an_atomic_write_is_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    atomic_write(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SinkError, match=r"a\.bin: cannot be written: No space left"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]
