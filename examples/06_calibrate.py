"""Learn a person's blank face and range from one clip, and read their expressions by it.

python examples/06_calibrate.py learn.mp4 clip.mp4

In the first clip (two seconds or more) they look blank for half of the time, turn the head a
little, and show what their face can do. `bauta calibrate` does the same on the command line.
"""

import sys

import bauta
from bauta import heads

learn, clip = sys.argv[1:3]

with bauta.Tracker() as tracker:
    states = [face for frame in bauta.open_video(learn) for face in tracker(frame) if face.fit]
profile = heads.calibrate(
    states, states[-1].fit.camera
)  # to keep it: json.dumps(profile.as_json())


def strongest(**options) -> dict[str, float]:
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


for title, means in (("before", strongest()), ("after", strongest(profile=profile))):
    print(title, *(f"{name} {mean:.2f}" for name, mean in means.items()))
