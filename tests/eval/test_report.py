"""The page: whole in itself, with the numbers that were computed."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from bauta.eval import protocols, truth
from bauta.eval.report import page, pictures, plots
from bauta.eval.report.plots import Axis, Line
from bauta.eval.score import score
from labelled import grid, sample, shifted

VOID = {"meta", "img", "line", "circle", "rect", "path"}


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def result():
    points = grid(68)
    points[36], points[45] = (30, 40), (80, 40)
    faces = [
        sample(f"<{i}>.jpg", points, "ibug68", subset=("common", "challenging")[i % 2])
        for i in range(8)
    ]
    files = [
        shifted(faces, "ibug68", [1.0 + 0.25 * i for i in range(8)], header={"model": "a & b"}),
        shifted(faces, "ibug68", [2.0, None, *[3.0] * 6], header={"model": "other"}),
    ]
    return score(files, truth.read(faces), protocols.get("300w")), faces


def test_the_page_is_whole_and_needs_nothing_from_outside(result):
    scored, faces = result
    known = {face.name: face.picture for face in faces}
    html = page.page(scored, lambda name: known[name]())
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "http" not in html
    assert "<script" not in html
    assert "a &amp; b" in html
    assert html.count("<img") == 16  # both models, all eight faces: fewer than fifty
    assert "not found · &lt;1&gt;.jpg" in html


def test_tables_show_the_numbers_of_the_result(result):
    scored, _ = result
    html = page.page(scored, None)
    mean = scored.views[0][1][0].row().values["mean"]
    assert mean.value == pytest.approx(1.875 * 2)
    assert f"<td>3.75<small>{mean.low:.2f} to {mean.high:.2f}</small></td>" in html
    assert "Differences" in html
    assert "AUC@8" in html


@pytest.mark.parametrize(
    ("protocol", "lines"),
    [
        ("folder", []),
        ("own", ["the truth has no ibug68-3d, mesh478: 51 anatomical points; mesh"]),
    ],
)
def test_points_that_a_set_does_not_have_take_a_line_at_most(result, protocol, lines):
    """Two files, a folder of 18 orders of points: 34 lines once."""
    _, faces = result
    files = [shifted(faces, "ibug68", [1.0] * 8, header={"model": name}) for name in "ab"]
    scored = score(files, truth.read(faces), protocols.get(protocol))
    assert scored.skipped == lines
    assert page.page(scored, None).count("Left out") == len(lines)


def test_lids_are_on_the_page_where_there_are_any(result):
    scored, _ = result
    assert "Lids" not in page.page(scored, None)
    seen = replace(scored, lids={"a & b": {"eye_ratio_correlation": 0.8524}})
    html = page.page(seen, None)
    assert "<td>a &amp; b</td><td>0.85</td>" in html
    assert page.as_json(seen)["lids"] == {"a & b": {"eye_ratio_correlation": 0.8524}}


def test_results_json_is_strict_and_complete(result, tmp_path):
    scored, _ = result
    paths = page.write(tmp_path, page.page(scored, None), page.as_json(scored))
    assert [path.name for path in paths] == ["report.html", "results.json"]
    data = json.loads(paths[1].read_text(), parse_constant=pytest.fail)
    rows = data["views"][0]["scored"][1]["rows"]
    full = next(row for row in rows if row["group"] == "full" and row["norm"] == "outer_eyes")
    assert full["count"] == 8
    assert full["found"] == 7
    assert full["values"]["fr@10"][0] == pytest.approx(12.5)
    assert data["predictions"][0]["model"] == "a & b"
    assert data["made"]["commit"]
    assert data["views"][0]["scored"][0]["points"] == pytest.approx([3.75] * 68)


def test_the_worst_come_first_and_lost_faces_before_them(result):
    scored, _ = result
    assert pictures.worst(scored.views[0][1][0].errors, 3).tolist() == [7, 6, 5]
    assert pictures.worst(scored.views[0][1][1].errors, 2)[0] == 1


def test_pictures_show_both_sets_of_points_in_place():
    import cv2

    truth_points = np.array([[40.0, 40], [120, 40], [40, 120], [120, 120]])
    jpeg = pictures.face_picture(np.zeros((160, 160, 3), np.uint8), truth_points + 8, truth_points)
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    image = decoded[..., ::-1].astype(int)
    assert image.shape == (pictures.SIDE, pictures.SIDE, 3)
    scale = pictures.SIDE / (80 * pictures.ROOM)
    for points, colour in ((truth_points, pictures.TRUE), (truth_points + 8, pictures.PREDICTED)):
        x, y = ((points[0] - 80) * scale + pictures.SIDE / 2).astype(int)
        assert np.abs(image[y, x] - colour).max() < 80


def test_ticks_are_round_and_inside():
    assert Axis("", 0, 10).ticks() == [0, 2, 4, 6, 8, 10]
    assert Axis("", -47, 53).ticks() == [-40, -20, 0, 20, 40]
    assert Axis("", 0, 0.31).ticks() == pytest.approx([0, 0.1, 0.2, 0.3])


def test_lines_go_where_their_values_are_and_break_at_gaps():
    x, y = Axis("frame", 0, 2), Axis("error", 0, 10)
    svg = plots.line_plot([Line("a", np.arange(3.0), np.array([0, np.nan, 10.0]))], x, y)
    path = re.search(r'class="line s0" d="([^"]+)"', svg)
    assert path is not None
    right, bottom = plots.WIDTH - plots.RIGHT, plots.HEIGHT - plots.BOTTOM
    assert path[1] == f"M{plots.LEFT:.1f} {bottom:.1f}M{right:.1f} {plots.TOP:.1f}"
    assert ">frame<" in svg
    assert ">error<" in svg


def test_bars_start_at_zero_and_are_as_high_as_their_value():
    svg = plots.bar_plot(["jaw", "nose"], [[(4.0, 3.0, 5.0), (2.0, 1.0, 3.0)]], ["a"], "%")
    high, low = (float(h) for h in re.findall(r'height="([\d.]+)"', svg))
    assert high == pytest.approx(2 * low, abs=0.11)


def test_a_model_that_found_nothing_has_no_mean_and_still_a_page(tmp_path):
    faces = [sample(f"{i}.jpg", grid(68), "ibug68") for i in range(4)]
    files = [
        shifted(faces, "ibug68", [None] * 4, header={"model": "blind"}),
        shifted(faces, "ibug68", [1.0] * 4, header={"model": "other"}),
    ]
    scored = score(files, truth.read(faces), protocols.get("folder"))
    paths = page.write(tmp_path, page.page(scored, None), page.as_json(scored))
    data = json.loads(paths[1].read_text(), parse_constant=pytest.fail)
    row = data["views"][0]["scored"][0]["rows"][0]
    assert row["found"] == 0
    assert row["values"]["mean"][0] is None
    assert row["values"]["fr@10"][0] == 100.0
