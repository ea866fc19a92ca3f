"""Who is in a clip, when, and where do they look? Ids stay with people.

python examples/03_many_people.py clip.mp4
"""

import sys

import bauta


def main(clip: str) -> None:
    seen: dict[int, list[float]] = {}  # id -> times
    towards: dict[int, int] = {}  # id -> frames in which they face the camera

    with bauta.Tracker(max_faces=10) as tracker:
        for frame in bauta.open_video(clip):
            for face in tracker(frame):
                seen.setdefault(face.id, []).append(frame.time)
                yaw, pitch, _ = face.pose.angles
                towards[face.id] = towards.get(face.id, 0) + (abs(yaw) < 20 and abs(pitch) < 20)

    for person, times in seen.items():
        share = 100 * towards[person] / len(times)
        print(
            f"person {person}: {len(times)} frames, {times[0]:.2f} to {times[-1]:.2f} s, "
            f"facing the camera in {share:.0f} %"
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
