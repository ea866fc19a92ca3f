"""Addresses, against servers on loopback: recordings whole, cameras live and tried again."""

from __future__ import annotations

import socket
import time
from itertools import islice, pairwise

import numpy as np
import pytest
from media import corner_colours, corners, delivered, noise, write_video
from servers import RtspCamera, Serve, a_file, http, mjpeg, undecodable

from bauta.checks import SourceError
from bauta.video import network, open_video, retry


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(network, "PATIENCE", (5.0, 2.0))
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_recording_at_an_address_comes_frame_by_frame_like_the_file(clip):
    with http(a_file(clip)) as url, open_video(f"{url}/clip.mp4") as source:
        frames, error = delivered(source)
    assert (source.kind, source.live, source.name) == ("stream", False, f"{url}/clip.mp4")
    assert error == ""
    for got, want in zip(frames, open_video(clip), strict=True):
        assert got.time == want.time
        np.testing.assert_array_equal(got.image, want.image)


def test_a_recording_that_breaks_off_delivers_what_came_then_one_error(clip):
    with http(a_file(clip, most=int(clip.stat().st_size * 0.6))) as url:
        frames, error = delivered(open_video(f"{url}/clip.mp4"))
    assert 10 < len(frames) < 40
    assert "cut off or damaged" in error


def test_a_cameras_page_is_live_and_timed_by_arrival():
    images = [np.full((48, 64, 3), 10 * i, np.uint8) for i in range(8)]
    with http(mjpeg(images, 0.1)) as url:
        with open_video(f"{url}/video", reconnect=0) as source:
            assert (source.kind, source.live, source.size_wh) == ("stream", True, (64, 48))
        with open_video(f"{url}/video", live=False, reconnect=0) as source:
            frames, error = delivered(source)
    assert [round(frame.image.mean() / 10) for frame in frames] == list(range(8))
    assert frames[-1].time > 0.4  # 25 a second, which FFmpeg makes up, would be 0.28
    assert "ended after 8 frames" in error


def test_a_camera_that_hangs_up_is_called_again_and_time_goes_on():
    told: list[str] = []
    with (
        http(mjpeg([noise(i) for i in range(4)], 0.02)) as url,
        open_video(f"{url}/video", live=False, reconnect=5, tell=told.append) as source,
    ):
        frames = [frame for frame, _ in zip(source, range(10), strict=False)]
    assert [frame.index for frame in frames] == list(range(10))
    assert all(a.time < b.time for a, b in pairwise(frames))
    assert "ended after 4 frames; trying again" in told[0]
    assert "back after" in told[1]


@pytest.fixture
def few_seconds(monkeypatch):
    monkeypatch.setattr(network, "PATIENCE", (5.0, 0.3))
    monkeypatch.setattr(network, "FIRST_PICTURE", 0.4)


def in_turn(*serves: Serve) -> Serve:
    """A server of its own for each connection; the last goes on."""
    waiting = list(serves)
    return lambda request: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request)


def test_data_that_never_becomes_a_picture_is_an_error(few_seconds):
    waited: list[str] = []
    with (
        http(undecodable(waited)) as url,
        pytest.raises(SourceError, match="sends data, but no picture for"),
    ):
        open_video(f"{url}/video")
    assert waited == []


def test_data_that_is_no_picture_any_more_counts_as_gone(few_seconds):
    waited: list[str] = []
    images = [noise(i) for i in range(3)]
    with (
        http(undecodable(waited, images)) as url,
        open_video(f"{url}/video", live=False, reconnect=0) as source,
    ):
        frames, error = delivered(source)
    assert len(frames) == 3
    assert "sends data, but no picture for 0.3 s" in error
    assert waited == []


def test_a_camera_that_comes_back_without_a_picture_is_tried_again(few_seconds):
    waited: list[str] = []
    told: list[str] = []
    good = mjpeg([noise(i) for i in range(3)], 0.02)
    with (
        http(in_turn(good, good, undecodable(waited), good)) as url,  # it is asked for its kind
        open_video(f"{url}/video", live=False, reconnect=20, tell=told.append) as source,
    ):
        frames = [frame for frame, _ in zip(source, range(5), strict=False)]
    assert len(frames) == 5
    assert "back after" in told[1]
    assert waited == []


def test_a_clip_that_hangs_up_again_and_again_is_given_up(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.1)
    told: list[str] = []
    with (
        http(mjpeg([noise(i) for i in range(4)], 0.0)) as url,
        open_video(f"{url}/video", live=False, reconnect=1, tell=told.append) as source,
    ):
        frames, error = delivered(islice(source, 100))
    assert 4 < len(frames) <= 24  # after 0, 0.1, 0.3, 0.7 and 1 s
    assert "came back" in error
    assert "but did not stay" in error
    assert len(told) == 3
    assert "it comes and goes" in told[2]


def test_a_connection_that_lived_begins_the_pauses_anew(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(retry, "STEADY", 0.0)
    told: list[str] = []
    with (
        http(mjpeg([noise(i) for i in range(4)], 0.0)) as url,
        open_video(f"{url}/video", live=False, reconnect=1, tell=told.append) as source,
    ):
        frames, error = delivered(islice(source, 32))
    assert (len(frames), error) == (32, "")  # seven outages of 0.2 s
    assert all("trying again for 1 s" in line for line in told[::2])
    assert all("back after" in line for line in told[1::2])


def test_a_slow_reader_gets_the_newest_frame():
    def slowly(source):
        for frame in source:
            yield frame
            time.sleep(0.1)

    with (
        http(mjpeg([noise(i) for i in range(40)], 0.01)) as url,
        open_video(f"{url}/video", reconnect=0) as source,
    ):
        frames, error = delivered(slowly(source))
    assert "ended after 40 frames" in error
    assert len(frames) + source.dropped == 40
    assert len(frames) < 20
    assert frames[-1].index == 39


def test_rtsp_brings_upright_frames_with_their_own_times():
    with (
        RtspCamera([corners(96, 128)] * 12, 0.04) as camera,
        open_video(camera.url, live=False, reconnect=0) as source,
    ):
        frames, error = delivered(source)
    assert source.size_wh == (128, 96)
    assert len(frames) >= 10  # the player may skip what came while it looked what this is
    assert abs(corner_colours(frames[0].image) - corner_colours(corners(96, 128))).max() < 30
    steps = np.diff([frame.time for frame in frames[1:]])  # FFmpeg leaves the first without a time
    np.testing.assert_allclose(steps, 0.04, atol=0.002)
    assert "ended after" in error


def test_rtsp_comes_back_and_its_new_clock_is_held_to_ours():
    told: list[str] = []
    with RtspCamera([corners(96, 128)] * 10, 0.04, first_tick=2**31) as camera:
        with open_video(camera.url, live=False, reconnect=10, tell=told.append) as source:
            frames = [frame for frame, _ in zip(source, range(15), strict=False)]
        assert camera.clients == 2
    times = [frame.time for frame in frames]
    assert all(a < b for a, b in pairwise(times))
    assert times[-1] < 10
    assert len(told) == 2


def test_passwords_are_neither_shown_nor_written():
    with http(mjpeg([noise(i) for i in range(3)], 0.0)) as url:
        secret = url.replace("://", "://anna:geheim@") + "/video"
        with open_video(secret, live=False, reconnect=0) as source:
            frames, error = delivered(source)
    assert source.name == frames[0].name == f"{url}/video"
    with pytest.raises(SourceError) as caught:
        open_video(secret)
    assert "geheim" not in f"{error} {caught.value}"


def test_no_server_and_no_page_are_each_one_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for scheme in ("http", "rtsp", "tcp"):
        with pytest.raises(SourceError, match="cannot be opened"):
            open_video(f"{scheme}://127.0.0.1:{port}/video")
    with (
        http(lambda request: request.send_error(404)) as url,
        pytest.raises(SourceError, match="cannot be opened"),
    ):
        open_video(f"{url}/nothing.mp4")


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\n<!DOCTYPE html><html><h1>cameras</h1></html>", "leads to a page"),
        (b'{"error": "no such camera"}', "answers, but not with a video"),
        (b"", "cannot be opened"),
    ],
)
def test_what_is_no_video_is_said_to_be_none(content, words, length):
    def serve(request):
        request.send_response(200)
        if length:
            request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with http(serve) as url, pytest.raises(SourceError, match=words):
        open_video(f"{url}/video")


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(network, "PATIENCE", (0.3, 0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(SourceError, match="cannot be opened"):
            open_video(f"http://127.0.0.1:{silent.getsockname()[1]}/video")
    assert time.monotonic() - started < 10


def test_addresses_of_another_kind_are_refused():
    for name in ("ftp://host/clip.mp4", "file:///etc/passwd", "gopher://x"):
        with pytest.raises(SourceError, match="they begin with rtsp://"):
            open_video(name)


def test_a_playlist_at_an_address_never_leads_to_this_machines_files(tmp_path):
    write_video(tmp_path / "part.ts", [noise(i) for i in range(5)])
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{tmp_path}/part.ts\n#EXT-X-ENDLIST\n"
    )
    with http(a_file(tmp_path / "list.m3u8")) as url, pytest.raises(SourceError):
        open_video(f"{url}/list.m3u8")


@pytest.mark.parametrize("suffix", ["m3u8", "mp4", "ffconcat", "sdp"])
def test_a_file_on_disk_never_leads_to_the_network(tmp_path, clip, suffix):
    """Playlists name other places; one that names a server must not be followed."""
    asked = []
    write_video(tmp_path / "part.ts", [noise(i) for i in range(5)])
    with http(lambda request: asked.append(request.path)) as url:
        lists = {
            "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
            f"#EXTINF:1,\n{url}/part.ts\n#EXT-X-ENDLIST\n",
            "ffconcat": f"ffconcat version 1.0\nfile '{url}/part.ts'\n",
            "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            "m=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
        }
        text = lists.get(suffix, lists["m3u8"])
        (tmp_path / f"list.{suffix}").write_text(text)
        with pytest.raises(SourceError):
            list(open_video(tmp_path / f"list.{suffix}"))
    assert asked == []
