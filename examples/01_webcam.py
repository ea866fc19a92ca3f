"""Follow the face in front of a webcam, and watch it in a browser of this machine.

python examples/01_webcam.py          # the first webcam; 1 is the second; a video works as well
"""

import sys

import bauta
from bauta.render.overlay import Overlay
from bauta.view.page import Page


def main(source: str | int = 0) -> None:
    with bauta.open_video(source) as camera, bauta.Tracker() as tracker, Page(Overlay()) as page:
        print("to look at:", page.url, "- Ctrl-C ends")
        try:
            for frame in camera:  # frame.image is (H, W, 3) RGB, frame.time seconds
                faces = tracker(frame)
                page.write(frame, faces, None)
                for face in faces:
                    if face.blink:  # a blink that ended in this frame
                        took = face.blink.end - face.blink.start
                        print(f"{frame.time:7.2f} s  blink of {took:.2f} s")
                if frame.index % 25 == 0:
                    looks = f"yaw {faces[0].pose.yaw:+.0f} degrees" if faces else "nobody there"
                    print(f"{frame.time:7.2f} s  {looks}")
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except bauta.BautaError as error:
        sys.exit(str(error))
