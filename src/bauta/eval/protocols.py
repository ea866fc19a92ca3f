"""Published protocols, and our own: which faces, truths, points, lengths; every variant is printed.

A number without its variant says nothing: on AFLW2000-3D the same predictions read 3.68 as the
mean of three yaw bins and 3.26 per picture, and the two truths differ by 3 % from each other.
"""

from __future__ import annotations

from dataclasses import replace

from bauta import schemes
from bauta.checks import check_choice
from bauta.data import catalog
from bauta.eval import sets
from bauta.eval.protocol import ALL, BOX_FIRST, PUPILS_FIRST, Protocol, view_of, views_of
from bauta.eval.views import View


def _view68(title: str, norms: tuple[str, ...] = ALL, part: str = "all") -> View:
    return View(title, "ibug68", "ibug68", norms, part)


W300 = Protocol(
    name="300w",
    title="300W, common and challenging",
    datasets=("300w",),
    subsets=("full",),
    views=(
        _view68("68 points"),
        _view68("51 points, without the jaw", part="inner51"),
    ),
    headline="mean",
    notes=(
        "Inter-ocular is the distance of the outer eye corners (36, 45), inter-pupil that of the "
        "eyes' centres, which gives errors about 1.4 times as large. Papers call both ION: compare "
        "only what divides by the same length.",
        "full = common (554) and challenging (135) pictures. AUC and failures are given at 8 %.",
    ),
)

VW300 = Protocol(
    name="300vw",
    title="300-VW, test clips of three categories",
    datasets=("300vw",),
    subsets=("category 1", "category 2", "category 3"),
    views=(
        _view68("68 points"),
        _view68("49 points, inner without the inner mouth corners", part="inner49"),
    ),
    headline="mean",
    notes=(
        "Each frame is looked at on its own. Intervals are over clips, not over frames.",
        "The challenge drew the CED over the outer eye corners, of 68 and of 49 points.",
    ),
)

WFLW = Protocol(
    name="wflw",
    title="WFLW, test faces and six subsets",
    datasets=("wflw",),
    subsets=("test",),
    views=(View("98 points", "wflw98", "wflw98", ALL),),
    headline="mean",
    attributes=("pose", "expression", "illumination", "make-up", "occlusion", "blur"),
    notes=("Papers divide by the outer eye corners (60, 72); failures and AUC at 10 %.",),
)

COFW = Protocol(
    name="cofw",
    title="COFW, 29 points",
    datasets=("cofw",),
    subsets=("test",),
    views=(View("29 points", "cofw29", "cofw29", PUPILS_FIRST),),
    headline="mean",
    notes=(
        "Papers divide by the pupils (16, 17) or by the outer eye corners (8, 9): errors around "
        "4.1-5.1 are of the first kind, around 3.1-3.5 of the second. Failures at 10 %.",
    ),
)

AFLW2000 = Protocol(
    name="aflw2000-3d",
    title="AFLW2000-3D, both truths, both splits of yaw",
    datasets=("aflw2000-3d",),
    subsets=("",),
    views=(
        View("original truth", "ibug68-3d@original", "ibug68-3d", BOX_FIRST),
        View("re-annotated truth", "ibug68-3d@re-annotated", "ibug68-3d", BOX_FIRST),
        View("original truth, x y z", "ibug68-3d@original", "ibug68-3d", ("box",), dimensions=3),
        View("original truth, 51 points", "ibug68-3d@original", "ibug68-3d", ("box",), "inner51"),
        View("original truth, visible contour", "ibug68-3d@original", "ibug68", ("box",)),
        View("re-annotated truth, visible contour", "ibug68-3d@re-annotated", "ibug68", ("box",)),
    ),
    headline="bins",
    yaws=("yaw_fitted", "yaw_aflw"),
    pose="3ddfa",
    notes=(
        "The 3DDFA family prints the mean of three yaw bins, heat-map papers the mean of 2,000 "
        "pictures: 0.2-0.5 lower for the same predictions. The balanced subset of 696 pictures "
        "estimates the mean of bins.",
        "The length is sqrt(width * height) of the box of the 68 true points; over the diagonal "
        "errors are 1.42 times smaller.",
        "The two truths differ by 2.8 / 3.2 / 4.2 % themselves: below that a number fits one "
        "truth's convention. Never compare across truths.",
        "Pose: pictures whose three angles in Pose_Para are within 99 degrees, in its order.",
        "Closed eyes are practically absent from both truths.",
    ),
)

OWN = Protocol(
    name="own",
    title="The teacher-labelled sets",
    datasets=("ytf", "lfw", "masks"),
    subsets=("test",),
    views=(
        View("68 points, as the labels are stored", "ibug68", "ibug68", ALL, origin="stored"),
        View("68 points, without pixel origin", "ibug68", "ibug68", ALL, origin="removed"),
        View("51 anatomical points", "ibug68-3d", "ibug68-3d", BOX_FIRST, "inner51"),
        View("mesh", "mesh478", "mesh478", ALL),
    ),
    headline="mean",
    pose="bauta",
    notes=(
        "Nobody in `test` was learned from; `val` chose settings and the best weights.",
        "Labels are teachers', not people's: those of the 68 points carry about 2.4 % of noise.",
        "Pose is that of the canonical face fitted to predicted and to labelled mesh alike.",
    ),
)

FOLDER = Protocol(
    name="folder",
    title="Your own pictures",
    datasets=("folder",),
    subsets=("",),
    views=(
        _view68("68 points"),
        View("68 points, without pixel origin", "ibug68", "ibug68", ALL, origin="removed"),
        _view68("51 points, without the jaw", part="inner51"),
        view_of("ibug68-3d", BOX_FIRST),
        *views_of(name for name in schemes.names() if name not in ("ibug68", "ibug68-3d")),
    ),
    headline="mean",
    some=True,
    notes=(
        "Whoever was trained on must not be in it: `--split test` takes the folder `test`.",
        "The visible 68 of the models that ship have an origin of their own, some 1.4 pixels off "
        "what they mark: without pixel origin it is taken off. Models without one score the same.",
        "Five points have no corners of the eyes: their first length is that of the pupils.",
    ),
)

PROTOCOLS = {item.name: item for item in (W300, VW300, WFLW, COFW, AFLW2000, OWN, FOLDER)}


def names() -> list[str]:
    """The protocols, and every set of the catalogue that is one by itself."""
    return list(dict.fromkeys([*PROTOCOLS, *catalog.CATALOG]))


def get(name: str) -> Protocol:
    """The protocol of that name or of the set of that name; InputError when unknown."""
    if check_choice(name, names(), "protocol") in PROTOCOLS:
        return PROTOCOLS[name]
    found = next((item for item in PROTOCOLS.values() if name in item.datasets), None)
    return replace(found, datasets=(name,)) if found else sets.protocol_of(name)
