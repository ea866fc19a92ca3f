"""A table of a clip with columns of your own choice, a row a face and frame.

python examples/02_csv.py clip.mp4 table.csv

`bauta track clip.mp4 --save csv` writes a table with everything, without a line of Python.
"""

import csv
import sys

import bauta

SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp")  # of ARKit's 52 names


def main(clip: str, table: str) -> None:
    video = bauta.open_video(clip)
    with open(table, "w", newline="") as file, bauta.Tracker() as tracker:
        writer = csv.writer(file)
        writer.writerow(["time", "person", "yaw", "pitch", "roll", "right", "left", *SHAPES])
        for frame in video:
            for face in tracker(frame):
                shapes = [round(face.blendshapes.get(name, 0.0), 3) for name in SHAPES]
                angles = [round(angle, 2) for angle in face.pose.angles]
                # the person's own right and left eye: about 0.3 open, below 0.1 shut
                eyes = [round(eye, 3) for eye in face.eye_openness]
                writer.writerow([frame.time, face.id, *angles, *eyes, *shapes])
    print(table)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except (bauta.BautaError, OSError) as error:
        sys.exit(str(error))
