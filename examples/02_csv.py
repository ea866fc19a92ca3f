"""A table of a clip with columns of your own choice, a row a face and frame.

python examples/02_csv.py clip.mp4 table.csv

`bauta track clip.mp4 --save csv` writes a table with everything, without a line of Python.
"""

import csv
import sys

import bauta

clip, table = sys.argv[1:3]
SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp")  # of ARKit's 52 names

with open(table, "w", newline="") as file, bauta.Tracker() as tracker:
    writer = csv.writer(file)
    writer.writerow(["time", "person", "yaw", "pitch", "roll", "right_eye", "left_eye", *SHAPES])
    for frame in bauta.open_video(clip):
        for face in tracker(frame):
            right, left = (
                face.eye_openness
            )  # about 0.3 open, below 0.1 shut; the person's own right
            shapes = [round(face.blendshapes.get(name, 0.0), 3) for name in SHAPES]
            angles = [round(angle, 2) for angle in face.pose.angles]
            writer.writerow(
                [frame.time, face.id, *angles, round(right, 3), round(left, 3), *shapes]
            )
print(table)
