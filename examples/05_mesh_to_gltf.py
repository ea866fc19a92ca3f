"""A clip becomes an animated head that Blender, three.js and game engines open.

python examples/05_mesh_to_gltf.py clip.mp4 head.glb

On the command line: `bauta track clip.mp4`, then `bauta export clip_faces.jsonl -o head.glb`.
"""

import sys
import tempfile
from pathlib import Path

import bauta
from bauta.assets.face import face_model
from bauta.export import animation_of, formats
from bauta.records import Header, JsonlWriter, read_tracks


def main(clip: str, out: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tracks = Path(folder, "tracks.jsonl")
        video = bauta.open_video(clip)
        with bauta.Tracker() as tracker, JsonlWriter(tracks, Header(clip, video.size_wh)) as writer:
            for frame in video:
                writer.write(frame.time, frame.index, tracker(frame))
        animation = animation_of(read_tracks(tracks), face_model())  # of the person seen longest

    row = animation.straightest()  # for formats that hold one frame
    Path(out).write_bytes(formats.write(animation, "glb", row, None))  # None: without a texture
    print(f"{out}: {len(animation.times)} frames of person {animation.id}, 52 morph targets")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {__doc__.splitlines()[2]}")
    try:
        main(*sys.argv[1:])
    except (bauta.BautaError, OSError) as error:
        sys.exit(str(error))
