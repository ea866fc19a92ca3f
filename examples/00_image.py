"""Find the faces in a picture, print what is known of them, and draw it.

python examples/00_image.py photo.jpg
"""

import sys

import cv2

import bauta
from bauta.render.overlay import Overlay


def main(photo: str) -> None:
    image = cv2.imread(photo)  # OpenCV reads BGR: say so, or the colours are swapped
    if image is None:
        sys.exit(f"{photo}: not a picture that can be read")
    faces = bauta.detect_faces(image, max_faces=10, color="bgr")
    for face in faces:
        yaw, pitch, roll = face.pose.angles  # degrees
        print(f"face {face.id}: score {face.score:.2f}, box {face.box.round()}")
        print(f"  yaw {yaw:.0f}, pitch {pitch:.0f}, roll {roll:.0f} degrees")
        print(f"  tip of the nose at {face.points68[30, :2].round()} pixels")
        if face.fit is not None:  # the face model, unless nothing of it explains the points
            smile = face.blendshapes["mouthSmileLeft"]  # 0..1; left is the person's own
            print(f"  {face.fit.t_camera_head[2]:.0f} cm away, smile {smile:.2f}")

    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    drawn = Overlay()(rgb, faces)
    cv2.imwrite("faces.png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    print("faces.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
