"""From what decoders give to upright (H, W, 3) uint8 RGB."""

from __future__ import annotations

import numpy as np


def turn(image: np.ndarray, matrix: tuple[float, float, float, float]) -> np.ndarray:
    """Turn and mirror stored pixels (H, W, ...) the way they are to be seen.

    x' = a x + c y, y' = b x + d y with `matrix` = (a, b, c, d), x right, y down: the first two
    columns of a container's display matrix. Angles between the right ones go to the nearest.
    """
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        image = np.swapaxes(image, 0, 1)
        flip_x, flip_y = c < 0, b < 0
    else:
        flip_x, flip_y = a < 0, d < 0
    image = image[:, ::-1] if flip_x else image
    image = image[::-1] if flip_y else image
    return np.ascontiguousarray(image)


def over_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Composite over white, out = c a + 255 (1 - a), as a page or a viewer shows a cut-out.

    `colour` is (H, W, 3) uint8 and `alpha` (H, W) uint8. An alpha that is 0 everywhere is an
    unused channel (common in screenshots and 32-bit bitmaps), and the picture is taken as opaque.
    """
    lowest, highest = int(alpha.min()), int(alpha.max())
    if lowest == 255 or highest == 0:
        return np.ascontiguousarray(colour)
    weight = alpha[..., None].astype(np.uint16)
    return ((colour * weight + 255 * (255 - weight) + 127) // 255).astype(np.uint8)


def to_eight_bits(values: np.ndarray) -> np.ndarray:
    """Scale uint16 to uint8, out = round(v / 257), so that 0 and 65535 become 0 and 255."""
    if values.dtype == np.uint8:
        return values
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def fit(image: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Scale (H, W, 3) to fit inside `size_wh`, keeping its shape, centred on black."""
    import cv2

    width, height = size_wh
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_w = min(width, max(1, round(image.shape[1] * scale)))
    inner_h = min(height, max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    result = np.zeros((height, width, 3), np.uint8)
    x, y = (width - inner_w) // 2, (height - inner_h) // 2
    result[y : y + inner_h, x : x + inner_w] = cv2.resize(
        image, (inner_w, inner_h), interpolation=how
    )
    return result


def pad_to_even(image: np.ndarray) -> np.ndarray:
    """Repeat the last row or column of (H, W, 3) where a side is odd, as 4:2:0 video needs."""
    odd_h, odd_w = image.shape[0] % 2, image.shape[1] % 2
    if not odd_h and not odd_w:
        return image
    return np.pad(image, ((0, odd_h), (0, odd_w), (0, 0)), mode="edge")


def to_yuv420(image: np.ndarray) -> np.ndarray:
    """RGB (H, W, 3) with even sides as planar 4:2:0 (H * 3 / 2, W): BT.601, limited range.

    A chroma sample is the mean of its four pixels. OpenCV's own takes one of the four, which frays
    thin coloured lines.
    """
    import cv2

    height, width = image.shape[:2]
    planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
    half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    full_range = cv2.cvtColor(half, cv2.COLOR_RGB2YCrCb)
    scale = 224 / 255  # 16..240 around 128
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    for plane, channel in zip(chroma, (2, 1), strict=True):
        values = cv2.extractChannel(full_range, channel)
        cv2.convertScaleAbs(values, dst=plane, alpha=scale, beta=128 * (1 - scale))
    return planes
