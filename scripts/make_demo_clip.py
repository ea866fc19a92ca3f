"""Writes src/bauta/demo/clip.mp4 and nothing else: `pip install scikit-image`, then run it.

The photograph moves as `bauta.demo.motion` says; here are light, blur and noise. Deterministic for
one version of OpenCV, numpy and x264.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from bauta.demo import clip_path, motion
from bauta.geometry import affine

SEED = 20
PAD = 420
"""Pixels of calm background added on each side of the photograph."""
SHUTTER = 0.2
"""Part of the time between frames for which the shutter is open; the frame's time is its middle."""
EXPOSURES = 5
NOISE = 2.0
"""Standard deviation of the sensor noise at full brightness, of 255."""
CRF = 20

# frame, gain, gamma, light on the left over light on the right (log2), blur (sigma, pixels)
LIGHT = np.array(
    [
        (0, 1.00, 1.00, 0.0, 0.0),
        (60, 1.00, 1.00, 0.0, 0.0),
        (80, 1.00, 1.00, 1.2, 0.0),
        (100, 0.90, 1.00, 0.0, 0.0),
        (112, 0.50, 1.15, 0.0, 0.8),
        (128, 0.50, 1.15, 0.0, 0.8),
        (136, 1.15, 0.90, 0.0, 0.0),
        (150, 1.00, 1.00, 0.0, 0.0),
        (192, 1.00, 1.00, 0.0, 1.2),
        (206, 0.85, 1.00, -1.2, 0.0),
        (219, 1.00, 1.00, -0.4, 0.0),
    ]
)


def canvas(picture: np.ndarray) -> np.ndarray:
    """The picture with its border smeared outwards, the softer the farther out; float32."""
    wide = cv2.copyMakeBorder(picture, PAD, PAD, PAD, PAD, cv2.BORDER_REPLICATE)
    wide = wide.astype(np.float32)
    outside = np.ones(wide.shape[:2], np.uint8)
    outside[PAD:-PAD, PAD:-PAD] = 0
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5)[..., None]
    for sigma in (3, 10, 30):
        soft = cv2.GaussianBlur(wide, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        weight = np.clip(away / (2 * sigma), 0, 1)
        wide = wide + weight * (soft - wide)
    return wide


def exposure(wide: np.ndarray, index: int) -> np.ndarray:
    """Mean of the moving picture while the shutter is open, float32 of 255."""
    T_picture_canvas = np.array([[1.0, 0.0, -PAD], [0.0, 1.0, -PAD]])
    offsets = (np.arange(EXPOSURES) - (EXPOSURES - 1) / 2) / EXPOSURES * SHUTTER
    total = np.zeros((motion.SIZE_WH[1], motion.SIZE_WH[0], 3), np.float32)
    for offset in offsets:
        T = affine.compose(motion.T_frame_picture(index + offset), T_picture_canvas)
        total += cv2.warpAffine(
            wide,
            affine.for_opencv(T),
            motion.SIZE_WH,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return np.clip(total / EXPOSURES, 0, 255)


def lit(image: np.ndarray, index: int) -> np.ndarray:
    """Gain, gamma, light from one side and blur of frame `index`, float32 of 255."""
    gain, gamma, side, blur = (np.interp(index, LIGHT[:, 0], column) for column in LIGHT.T[1:])
    ramp = np.exp2(side * (0.5 - (np.arange(image.shape[1]) + 0.5) / image.shape[1]))
    image = 255 * gain * (image / 255) ** gamma * ramp[None, :, None].astype(np.float32)
    return cv2.GaussianBlur(image, (0, 0), float(blur)) if blur > 0.2 else image


def frames(picture: np.ndarray) -> Iterator[np.ndarray]:
    """Every frame (480, 640, 3) uint8 RGB of the clip."""
    random = np.random.default_rng(SEED)
    wide = canvas(picture)
    for index in range(motion.FRAMES):
        image = lit(exposure(wide, index), index)
        spread = NOISE * np.sqrt(0.3 + 0.7 * np.clip(image, 0, 255) / 255)
        image = image + spread * random.standard_normal(image.shape, np.float32)
        yield np.clip(image + 0.5, 0, 255).astype(np.uint8)


def write(path: Path, picture: np.ndarray, crf: int) -> None:
    """Encode the clip as H.264, yuv420p."""
    options = {"crf": str(crf), "preset": "slower", "threads": "1"}
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=int(motion.RATE), options=options)
        stream.width, stream.height = motion.SIZE_WH
        stream.pix_fmt, stream.gop_size = "yuv420p", 125
        stream.codec_context.time_base = Fraction(1, int(motion.RATE))
        stream.codec_context.colorspace, stream.codec_context.color_range = 6, 1
        for index, image in enumerate(frames(picture)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    from skimage.data import astronaut

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=clip_path(), help="file to write")
    parser.add_argument("--crf", type=int, default=CRF, help="x264's quality, 0 (lossless) to 51")
    options = parser.parse_args()
    write(options.out, astronaut(), options.crf)


if __name__ == "__main__":
    main()
