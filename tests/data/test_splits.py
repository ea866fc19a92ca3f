import pytest

from bauta.data.splits import SPLITS, person_of, split_of


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("training_Abdel_Aziz_Al-Hakim_00.jpg", "Abdel_Aziz_Al-Hakim"),
        ("test_Zhong_Nanshan_51.jpg", "Zhong_Nanshan"),
        ("Zhong_Nanshan_0001.jpg", "Zhong_Nanshan"),
    ],
)
def test_one_person_has_one_name_in_every_set(name, person):
    assert person_of(name) == person


def test_splits_never_move():
    """Written down once: a change here would let people leak from one split into another."""
    assert [split_of(name) for name in ("Pele", "Halle_Berry", "person 11")] == [
        "train",
        "val",
        "test",
    ]


def test_shares_are_about_80_8_12():
    splits = [split_of(f"person {i}") for i in range(5000)]
    shares = [splits.count(split) / 50 for split in SPLITS]
    assert shares == pytest.approx([80, 8, 12], abs=2)
