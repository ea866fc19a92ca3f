"""Learn a person's blank face and range from one clip, and read their expressions by it.

python examples/06_calibrate.py learn.mp4 clip.mp4

In the first clip (two seconds or more) they look blank for half of the time, turn the head a
little, and show what their face can do. `bauta calibrate` does the same on the command line.
"""

import sys

import bauta
from bauta import heads


def strongest(clip: str, **options) -> dict[str, float]:
    """The mean of each expression over the clip, of the five that are strongest."""
    total: dict[str, float] = {}
    frames = 0
    with bauta.Tracker(**options) as tracker:
        for frame in bauta.open_video(clip):
            for face in tracker(frame):
                frames += 1
                for name, weight in face.blendshapes.items():
                    total[name] = total.get(name, 0.0) + weight
    means = {name: weight / frames for name, weight in total.items()}
    return dict(sorted(means.items(), key=lambda item: -item[1])[:5])


def main(learn: str, clip: str) -> None:
    with bauta.Tracker() as tracker:
        states = [face for frame in bauta.open_video(learn) for face in tracker(frame) if face.fit]
    if not states:
        sys.exit(f"{learn}: nobody was seen")
    camera = states[-1].fit.camera
    profile = heads.calibrate(states, camera)  # to keep it: json.dumps(profile.as_json())
    for title, options in (("before", {}), ("after", {"profile": profile})):
        means = strongest(clip, **options)
        print(title, *(f"{name} {mean:.2f}" for name, mean in means.items()))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
