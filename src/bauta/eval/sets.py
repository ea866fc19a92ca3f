"""Protocols of every set of the catalogue that has no page of its own in `bauta.eval.protocols`.

All are built alike: the faces of the set's test part, a view for each of its point orders, every
length that these have. What differs stands in `SETS`: the length that papers divide by, named with
its source in the notes, which the report prints.
"""

from __future__ import annotations

from dataclasses import dataclass

from bauta.data import catalog
from bauta.eval.protocol import ALL, BOX_FIRST, PUPILS_FIRST, Protocol, views_of
from bauta.eval.views import View

OWN_BOX = ("own_box", "box", "diagonal")
_TRACKED = (
    "Papers divide by the distance of the pupils, also where labels have none and the mean of an "
    "eye's points stands in (LBF: Ren et al., CVPR 2014, on HELEN-194 and LFPW-29; Belhumeur et "
    "al., CVPR 2011).",
)
_CELEBA = (
    "Divided by the distance of the eyes' centres, as five points are since TCDCN (Zhang et al., "
    "ECCV 2014), with failures at 10 %.",
)
_JD = (
    "Divided by sqrt(width * height) of the box of the true points; AUC and failures at 8 % (Grand "
    "Challenge of 106-Point Facial Landmark Localization, evaluation of 2020).",
)
_NOBODY = (
    "The set names no part for testing. Scored are the people that training holds out "
    "(`bauta.data.splits`), so a model trained on a pack of all of it has not seen them.",
)


@dataclass(frozen=True)
class Scored:
    """What a set's protocol does not share with the others; named as in `Protocol`."""

    norms: tuple[str, ...] = ALL
    subset: str = "test"
    headline: str = "mean"
    attributes: tuple[str, ...] = ()
    pose: str = ""
    parts: tuple[View, ...] = ()
    """Further views."""
    notes: tuple[str, ...] = ()


SETS = {
    "300w-lp": Scored(
        norms=BOX_FIRST,
        headline="bins",
        pose="3ddfa",
        notes=(
            *_NOBODY,
            "Faces of 300W, those of its test among them, and copies turned by Face Profiling: to "
            "follow one's own training by, no result to publish. Read as AFLW2000-3D is: the mean "
            "of three yaw bins over sqrt(width * height) of the 68 true points.",
        ),
    ),
    "aflw": Scored(
        norms=("box", "diagonal", "own_box"),
        subset="",
        headline="bins",
        attributes=("occluded", "glasses", "grey"),
        pose="bauta",
        notes=(
            "Only points that can be seen are labelled. 3DDFA (Zhu et al., CVPR 2016) prints the "
            "mean of three yaw bins over sqrt(width * height) of the box of these points; a face "
            "with few of them has a small box and large errors.",
            "No part of the set is for testing alone: `--split test` takes the people that "
            "training holds out.",
        ),
    ),
    "aflw19": Scored(
        norms=OWN_BOX,
        notes=(
            "Full: 4,386 test faces; frontal: the 1,314 of them whose every point is visible. "
            "Papers divide by the size of the set's own box (Zhu et al., CVPR 2016; `box_size` of "
            "HRNet), others by a diagonal: compare only what divides by the same length.",
        ),
    ),
    "helen": Scored(norms=PUPILS_FIRST, notes=_TRACKED),
    "helen68": Scored(
        notes=("Divided by the outer eye corners, as 300W is, of whose common part this is 330.",)
    ),
    "helen29": Scored(norms=PUPILS_FIRST, notes=_TRACKED),
    "lfpw29": Scored(
        norms=PUPILS_FIRST,
        notes=(
            *_TRACKED,
            "Most addresses of the list are dead: numbers of other people are of other pictures.",
        ),
    ),
    "bioid": Scored(
        norms=PUPILS_FIRST,
        subset="",
        parts=(View("17 points, me17", "bioid20", "bioid20", PUPILS_FIRST, "inner17"),),
        notes=(
            "All 1,521 faces, divided by the distance of the pupils. The measure of the papers, "
            "me17, leaves out temples and chin (Cristinacce and Cootes, BMVC 2006).",
        ),
    ),
    "celeba": Scored(
        norms=PUPILS_FIRST,
        attributes=("Eyeglasses", "Wearing_Hat", "Smiling", "Male", "Blurry"),
        notes=_CELEBA,
    ),
    "celeba-aligned": Scored(
        norms=PUPILS_FIRST,
        attributes=("Eyeglasses", "Wearing_Hat", "Smiling", "Male", "Blurry"),
        notes=(
            *_CELEBA,
            "The pictures are turned upright already, which makes it easier.",
        ),
    ),
    "jd106": Scored(norms=BOX_FIRST, notes=_JD),
    "lapa": Scored(norms=BOX_FIRST, notes=_JD),
    "facesynthetics": Scored(
        notes=(
            *_NOBODY,
            "No paper's protocol is known to us; divided by the outer eye corners as 300W is, on "
            "which its makers test (Wood et al., ICCV 2021).",
        )
    ),
}
"""Name in the catalogue -> how it is scored."""


def protocol_of(name: str) -> Protocol:
    """The protocol of a set of the catalogue; InputError for an unknown one."""
    dataset, scored = catalog.get(name), SETS.get(name, Scored())
    return Protocol(
        name=name,
        title=f"{name}: {dataset.title}",
        datasets=(name,),
        subsets=(scored.subset,),
        views=(*scored.parts, *views_of(dataset.schemes, scored.norms)),
        headline=scored.headline,
        attributes=scored.attributes,
        pose=scored.pose,
        notes=scored.notes,
    )
