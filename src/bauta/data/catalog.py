"""The data sets that can be read, by name: what they hold, on whose terms, how to cite them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bauta.checks import check_choice
from bauta.data.readers import (
    aflw,
    aflw19,
    aflw2000,
    bioid,
    celeba,
    cofw,
    facesynthetics,
    folder,
    helen,
    jd106,
    lfpw,
    own,
    p300vw,
    p300w,
    p300w_lp,
    wflw,
)
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

    @property
    def training(self) -> tuple[str, ...]:
        """Subsets that the set's protocol trains on: those named `train...`, or all of a set that
        names none so (300W-LP's are where the pictures come from)."""
        return tuple(n for n in self.subsets if n.startswith("train")) or self.subsets


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
    Dataset(
        name="wflw",
        title="98 points, a box and six attributes of faces in crowds and difficult light",
        read=wflw.read,
        schemes=("wflw98",),
        counts={
            "": 10000,
            "train": 7500,
            "test": 2500,
            "pose": 326,
            "expression": 314,
            "illumination": 698,
            "make-up": 206,
            "occlusion": 736,
            "blur": 773,
        },
        licence=wflw.LICENCE,
        citation="Wu et al., Look at Boundary: A Boundary-Aware Face Alignment Algorithm, "
        "CVPR 2018",
        url="https://wywu.github.io/projects/LAB/WFLW.html",
    ),
    Dataset(
        name="helen",
        title="194 points on large portraits from Flickr",
        read=helen.read,
        schemes=("helen194",),
        counts={"": 2330, "train": 2000, "test": 330},
        licence=helen.LICENCE,
        citation="Le et al., Interactive Facial Feature Localization, ECCV 2012",
        url="http://www.ifp.illinois.edu/~vuongle2/helen/",
    ),
    Dataset(
        name="helen68",
        title="HELEN with iBUG's 68 points",
        read=helen.read68,
        schemes=("ibug68",),
        counts={"": 2330, "train": 2000, "test": 330},
        licence=helen.LICENCE,
        citation="Le et al., ECCV 2012; Sagonas et al., 300 Faces in-the-Wild Challenge, "
        "ICCV-W 2013",
        url="https://ibug.doc.ic.ac.uk/resources/facial-point-annotations/",
    ),
    Dataset(
        name="helen29",
        title="HELEN with 29 points in LFPW's order, as .pts files",
        read=helen.read29,
        schemes=("lfpw29",),
        counts={"": 0, "train": 0, "test": 0},
        licence=helen.LICENCE,
        citation="Le et al., Interactive Facial Feature Localization, ECCV 2012",
        url="http://www.ifp.illinois.edu/~vuongle2/helen/",
    ),
    Dataset(
        name="lfpw29",
        title="29 points, each said to be seen or not; a list of 1432 addresses, many dead",
        read=lfpw.read,
        schemes=("lfpw29",),
        counts={"": 0, "train": 0, "test": 0},
        licence=lfpw.LICENCE,
        citation="Belhumeur et al., Localizing Parts of Faces Using a Consensus of Exemplars, "
        "CVPR 2011",
        url="https://neerajkumar.org/databases/lfpw/",
    ),
    Dataset(
        name="bioid",
        title="20 points on grey pictures of 23 people at a desk",
        read=bioid.read,
        schemes=("bioid20",),
        counts={"": 1521},
        licence=bioid.LICENCE,
        citation="Jesorsky et al., Robust Face Detection Using the Hausdorff Distance, AVBPA 2001; "
        "points: FGnet",
        url="https://www.bioid.com/face-database/",
    ),
    Dataset(
        name="celeba",
        title="5 points, a box and 40 attributes of celebrities, pictures as they were found",
        read=celeba.read,
        schemes=("celeba5",),
        counts={"": 202599, "train": 162770, "val": 19867, "test": 19962},
        licence=celeba.LICENCE,
        citation="Liu et al., Deep Learning Face Attributes in the Wild, ICCV 2015",
        url="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    ),
    Dataset(
        name="celeba-aligned",
        title="CelebA cut and turned to 178 x 218 pixels",
        read=celeba.read_aligned,
        schemes=("celeba5",),
        counts={"": 202599, "train": 162770, "val": 19867, "test": 19962},
        licence=celeba.LICENCE,
        citation="Liu et al., Deep Learning Face Attributes in the Wild, ICCV 2015",
        url="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    ),
    Dataset(
        name="jd106",
        title="106 points on 300W's pictures and more (JD-landmark)",
        read=jd106.read_jd,
        schemes=("jd106",),
        counts={"": 0, "train": 0, "val": 0, "test": 0},
        licence=jd106.JD_LICENCE,
        citation="Liu et al., Grand Challenge of 106-Point Facial Landmark Localization, "
        "ICME-W 2019",
        url="https://facial-landmarks-localization-challenge.github.io/",
    ),
    Dataset(
        name="lapa",
        title="106 points on faces in all poses and expressions",
        read=jd106.read_lapa,
        schemes=("jd106",),
        counts={"": 22168, "train": 18168, "val": 2000, "test": 2000},
        licence=jd106.LAPA_LICENCE,
        citation="Liu et al., A New Dataset and Boundary-Attention Semantic Segmentation for Face "
        "Parsing, AAAI 2020",
        url="https://github.com/jd-opensource/lapa-dataset",
    ),
    Dataset(
        name="facesynthetics",
        title="70 points on rendered faces, the jaw on the bone",
        read=facesynthetics.read,
        schemes=("fs70",),
        counts={"": 100000},
        licence=facesynthetics.LICENCE,
        citation="Wood et al., Fake It Till You Make It, ICCV 2021",
        url="https://github.com/microsoft/FaceSynthetics",
    ),
    Dataset(
        name="ytf",
        title="television frames, meshes and 68 points of teachers; the shipped models' own",
        read=own.read_ytf,
        schemes=("mesh478", "ibug68-3d", "ibug68"),
        counts={"": 4659, "train": 3610, "val": 579, "test": 470},
        licence=own.LICENCE,
        citation="Wolf et al., Face Recognition in Unconstrained Videos with Matched Background "
        "Similarity, CVPR 2011",
        url="https://www.cs.tau.ac.il/~wolf/ytfaces/",
    ),
    Dataset(
        name="lfw",
        title="grey faces of LFW and film stills, meshes of teachers; the shipped models' own",
        read=own.read_lfw,
        schemes=("mesh478", "ibug68-3d"),
        counts={"": 8133, "train": 6486, "val": 654, "test": 993},
        licence=own.LICENCE,
        citation="Huang et al., Labeled Faces in the Wild, UMass Amherst 07-49, 2007",
        url="http://vis-www.cs.umass.edu/lfw/",
    ),
    Dataset(
        name="masks",
        title="colour photos, many with masks, meshes of teachers; the shipped models' own",
        read=own.read_masks,
        schemes=("mesh478", "ibug68-3d"),
        counts={"": 3249, "train": 2552, "val": 271, "test": 426},
        licence=own.LICENCE,
        citation="an open face-mask detection set, without a paper",
        url="",
    ),
    Dataset(
        name="folder",
        title="your own pictures with .pts files beside them",
        read=folder.read,
        schemes=tuple(folder.SCHEMES.values()),
        counts={"": 0, "train": 0, "val": 0, "test": 0},
        licence="your own",
        citation="your own",
        url="",
    ),
)
CATALOG: dict[str, Dataset] = {dataset.name: dataset for dataset in _SETS}
"""Every data set by its name."""


def get(name: str) -> Dataset:
    """The data set of that name; InputError when unknown."""
    return CATALOG[check_choice(name, CATALOG, "data set")]
