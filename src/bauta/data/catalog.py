"""The data sets that can be read, by name: what they hold, on whose terms, how to cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bauta.checks import check_choice
from bauta.data.readers import aflw, aflw19, aflw2000, cofw, p300vw, p300w, p300w_lp
from bauta.data.sample import Sample


@dataclass(frozen=True)
class Dataset:
    """A public data set and its reader. Nothing of it ships with bauta."""

    name: str
    """Key in `CATALOG`."""
    title: str
    """What it is, in a line."""
    read: Callable[[Path, str], Iterator[Sample]]
    """`read(root, subset)`: samples of the unpacked set at `root`; subset "" reads all of it.

    Raises SourceError naming the first file that is missing or wrong, InputError for a subset that
    the set does not have.
    """
    schemes: tuple[str, ...]
    """Schemes of its labels, the main one first."""
    counts: dict[str, int]
    """Subset -> faces in a whole copy; "" counts what `read(root, "")` gives. 0 when unknown."""
    licence: str
    """Terms of use, in a few words."""
    citation: str
    """The paper to cite."""
    url: str
    """Where it is described or handed out."""

    @property
    def subsets(self) -> tuple[str, ...]:
        """Names that `read` takes as `subset`, besides ""."""
        return tuple(name for name in self.counts if name)


_SETS = (
    Dataset(
        name="300w-lp",
        title="300W's faces turned up to 90 degrees, 68 points of both kinds, pose",
        read=p300w_lp.read,
        schemes=("ibug68-3d", "ibug68"),
        counts={
            "": 122450,
            "AFW": 5207,
            "HELEN": 37676,
            "IBUG": 1786,
            "LFPW": 16556,
            "AFW_Flip": 5207,
            "HELEN_Flip": 37676,
            "IBUG_Flip": 1786,
            "LFPW_Flip": 16556,
        },
        licence=p300w_lp.LICENCE,
        citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
        url="http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm",
    ),
    Dataset(
        name="aflw2000-3d",
        title="2000 faces in all poses with 68 points in 3D, two truths; for testing",
        read=aflw2000.read,
        schemes=("ibug68-3d", "aflw21"),
        counts={"": 2000},
        licence=aflw2000.LICENCE,
        citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016; "
        "re-annotated: Bulat and Tzimiropoulos, How far are we from solving the 2D & 3D Face "
        "Alignment problem?, ICCV 2017",
        url="http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm",
    ),
    Dataset(
        name="300w",
        title="68 points on pictures of AFW, LFPW, HELEN and iBUG",
        read=p300w.read,
        schemes=("ibug68",),
        counts={"": 3837, "train": 3148, "common": 554, "challenging": 135, "full": 689},
        licence=p300w.LICENCE,
        citation="Sagonas et al., 300 Faces in-the-Wild Challenge: The first facial landmark "
        "localization challenge, ICCV-W 2013",
        url="https://ibug.doc.ic.ac.uk/resources/facial-point-annotations/",
    ),
    Dataset(
        name="300vw",
        title="68 points on every frame of 114 videos",
        read=p300vw.read,
        schemes=("ibug68",),
        counts={"": 218595, "train": 0, "category 1": 0, "category 2": 0, "category 3": 0},
        licence=p300vw.LICENCE,
        citation="Shen et al., The First Facial Landmark Tracking in-the-Wild Challenge: Benchmark "
        "and Results, ICCV-W 2015",
        url="https://ibug.doc.ic.ac.uk/resources/300-VW/",
    ),
    Dataset(
        name="cofw",
        title="29 points on occluded faces, each said to be seen or not",
        read=cofw.read,
        schemes=("cofw29",),
        counts={"": 1852, "train": 1345, "test": 507},
        licence=cofw.LICENCE,
        citation="Burgos-Artizzu, Perona and Dollar, Robust face landmark estimation under "
        "occlusion, ICCV 2013",
        url="https://data.caltech.edu/records/bc0bf-nc666",
    ),
    Dataset(
        name="aflw",
        title="up to 21 points, pose and sex of faces from Flickr",
        read=aflw.read,
        schemes=("aflw21",),
        counts={"": 0},
        licence=aflw.LICENCE,
        citation="Koestinger et al., Annotated Facial Landmarks in the Wild, ICCV-W 2011",
        url="https://www.tugraz.at/institute/icg/research/team-bischof/lrs/downloads/aflw/",
    ),
    Dataset(
        name="aflw19",
        title="AFLW with 19 points on every face, hidden ones too",
        read=aflw19.read,
        schemes=("aflw19",),
        counts={"": 24386, "train": 20000, "test": 4386, "frontal": 1314},
        licence=aflw.LICENCE,
        citation="Zhu et al., Unconstrained Face Alignment via Cascaded Compositional Learning, "
        "CVPR 2016; Koestinger et al., ICCV-W 2011",
        url="http://mmlab.ie.cuhk.edu.hk/projects/compositional.html",
    ),
)
CATALOG: dict[str, Dataset] = {dataset.name: dataset for dataset in _SETS}
"""Every data set by its name."""


def get(name: str) -> Dataset:
    """The data set of that name; InputError when unknown."""
    return CATALOG[check_choice(name, CATALOG, "data set")]
