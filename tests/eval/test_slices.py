"""Slices of held-out faces: the file of what was seen, and errors that are known."""

from pathlib import Path

import numpy as np
import pytest

from bauta.checks import InputError, SourceError
from bauta.data.cutting import PackSettings
from bauta.data.packing import pack
from bauta.data.packs import read_pack
from bauta.eval.looked import Looked
from bauta.eval.slices import read_tags, sliced, tagged
from made_faces import points_of, sample


def test_tags_are_read_and_damage_is_named(tmp_path):
    path = tmp_path / "seen.csv"
    path.write_text("# by eye\ndigest,tags\n00ff,mask glasses\n0a,\n")
    assert read_tags(path) == {255: frozenset({"mask", "glasses"}), 10: frozenset()}
    path.write_text("digest,tags\nsoon,mask\n")
    with pytest.raises(InputError, match="soon"):
        read_tags(path)
    with pytest.raises(SourceError, match="cannot be read"):
        read_tags(tmp_path / "gone.csv")


def test_the_file_of_this_repository_is_whole():
    tags = read_tags(Path(__file__).with_name("slices.csv"))
    assert len(tags) == 210
    assert sum("glasses" in seen for seen in tags.values()) > 20


def test_a_slice_with_twice_the_error_is_found_and_a_small_one_left_out():
    mesh = np.array([points_of("mesh478")] * 40)
    masked = np.arange(40) < 15
    said = mesh + (3.0 + 3.0 * masked)[:, None, None]
    names = np.array([str(k) for k in range(40)])
    unknown = np.full(40, np.nan)
    faces = Looked(
        names, names, np.zeros((40, 3)), {"mesh478": mesh}, {"mesh478": said}, unknown, unknown
    )
    seen = [
        frozenset({"mask"} if here else {"rare"} if k > 37 else ()) for k, here in enumerate(masked)
    ]
    found = sliced(faces, seen, "mesh478")
    assert set(found) == {"all", "mask"}
    unit = faces.errors("mesh478")[-1]
    assert found["mask"]["faces"] == 15
    assert found["mask"]["error"] == pytest.approx([2 * unit] * 3, abs=1e-3)
    assert found["mask"]["against the rest"] == pytest.approx([unit] * 3, abs=1e-3)


def test_rows_are_found_by_the_digest_of_their_picture(tmp_path):
    pack((sample(k) for k in range(12)), tmp_path / "pack", "made", PackSettings(side=64))
    faces = read_pack(tmp_path)
    chosen = {int(faces.digest[3]): frozenset({"mask"}), int(faces.digest[7]): frozenset()}
    assert tagged(faces, chosen).tolist() == [3, 7]
    with pytest.raises(InputError, match="none of these pictures"):
        tagged(faces, {5: frozenset()})
