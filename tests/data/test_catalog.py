import pytest

from bauta import schemes
from bauta.checks import InputError, SourceError
from bauta.data import catalog

SETS = list(catalog.CATALOG.values())


@pytest.mark.parametrize("dataset", SETS, ids=lambda d: d.name)
def test_every_set_says_what_it_is_and_on_whose_terms(dataset):
    assert catalog.get(dataset.name) is dataset
    assert dataset.title
    assert dataset.licence
    assert dataset.citation
    assert "" in dataset.counts
    for name in dataset.schemes:
        assert schemes.get(name).count


@pytest.mark.parametrize("dataset", SETS, ids=lambda d: d.name)
def test_a_missing_folder_is_named_whatever_the_subset(dataset, tmp_path):
    for subset in ("", *dataset.subsets):
        with pytest.raises(SourceError, match="nowhere"):
            list(dataset.read(tmp_path / "nowhere", subset))


@pytest.mark.parametrize("dataset", SETS, ids=lambda d: d.name)
def test_an_empty_folder_is_told_what_is_missing(dataset, tmp_path):
    with pytest.raises(SourceError, match=str(tmp_path)):
        list(dataset.read(tmp_path, ""))


@pytest.mark.parametrize("dataset", SETS, ids=lambda d: d.name)
def test_subsets_that_a_set_has_not_are_refused(dataset, tmp_path):
    with pytest.raises(InputError, match="no subset 'nonsense'"):
        list(dataset.read(tmp_path, "nonsense"))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("300w", ("train", "common", "challenging")),
        ("cofw", ("train", "test")),
        ("aflw19", ("train", "test")),
        ("300w-lp", ("AFW", "HELEN", "IBUG", "LFPW") * 2),
    ],
)
def test_parts_add_up_to_the_whole(name, parts):
    counts = catalog.get(name).counts
    assert counts[""] == sum(counts[part] for part in parts)


def test_an_unknown_set_is_told_the_known_ones():
    with pytest.raises(InputError, match="choose one of 300w-lp"):
        catalog.get("nonsense")
