"""Lens distortion in OpenCV's model, and its inverse."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bauta.checks import InputError

COUNTS = (0, 4, 5, 8)
"""How many coefficients there can be: none, or k1 k2 p1 p2 [k3 [k4 k5 k6]]."""
WIDEST = 85.0
"""Degrees off the axis beyond which no picture on a plane shows anything."""
TURNS_BACK = 0.1
"""Growth along the radius over that around it below which the formula is about to fold."""
LARGEST = 1e6
"""Coefficient that is surely none."""
STEPS, CLOSE = 20, 1e-8
"""Newton steps at most, and the distance (over the focal length) at which they end."""
Pair = tuple[np.ndarray, np.ndarray]


class Lens:
    """Where a lens puts what a pinhole would show at (x, y), both over the focal length.

    Calibrated polynomials often turn back inside the picture, so that a ring would be seen twice
    and the corners show nothing. From where they are about to (`edge`, over the focal length, as a
    pinhole would show it) the picture goes on with the scale it has there: the whole plane can be
    bent, and unbent again. Inside the edge it is OpenCV's formula to the digit.
    """

    def __init__(self, coefficients: tuple[float, ...]) -> None:
        self._k = coefficients + (0.0,) * (8 - len(coefficients))
        r = np.tan(np.radians(np.linspace(0.0, WIDEST, 1024)))
        with np.errstate(all="ignore"):  # what overflows ends the part that is good
            radial, slope = self._radial(r * r)
            good = radial + 2 * r * r * slope >= TURNS_BACK * radial
            good &= np.append(True, np.diff(r * radial) > 0)
        good &= np.isfinite(radial) & (radial > 0) & (max(map(abs, self._k)) < LARGEST)
        count = len(r) if good.all() else int(np.argmin(good))
        if count < 2:
            raise InputError(
                f"camera distortion: {list(coefficients)} turns the middle of the picture over; "
                "expected OpenCV's k1 k2 p1 p2 [k3 [k4 k5 k6]]"
            )
        self._pinhole, self._bent = r[:count], (r * radial)[:count]
        self.edge = float(r[count - 1])

    def bend(self, x: np.ndarray, y: np.ndarray) -> Pair:
        """Where the lens shows what a pinhole would show at (x, y)."""
        inward = self._inward(x, y)
        u, v = x * inward, y * inward
        r2 = u * u + v * v
        bent_x, bent_y = self._formula(u, v, r2, self._radial(r2)[0])
        return bent_x / inward, bent_y / inward

    def unbend(self, x: np.ndarray, y: np.ndarray) -> Pair:
        """The inverse of `bend`: Newton's method, from the inverse of the radial part."""
        far, last = np.sqrt(x * x + y * y), self._bent[-1]
        radius = np.interp(far, self._bent, self._pinhole) * np.maximum(far / last, 1)
        scale = np.divide(radius, far, out=np.ones_like(far), where=far > 0)
        u, v = x * scale, y * scale
        for _ in range(STEPS):
            du, dv, off = self._step(u, v, x, y)
            if off < CLOSE:
                break
            u, v = u + du, v + dv
        return u, v

    def _inward(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The factor that brings what lies beyond the edge onto it, else 1."""
        return self.edge / np.maximum(np.sqrt(x * x + y * y), self.edge)

    def _radial(self, r2: np.ndarray) -> Pair:
        """The radial factor and its derivative by r2."""
        k1, k2, _, _, k3, k4, k5, k6 = self._k
        above, below = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
        rise = k1 + r2 * (2 * k2 + 3 * r2 * k3)
        fall = k4 + r2 * (2 * k5 + 3 * r2 * k6)
        factor = above / below
        return factor, (rise - factor * fall) / below

    def _formula(self, x: np.ndarray, y: np.ndarray, r2: np.ndarray, radial: np.ndarray) -> Pair:
        _, _, p1, p2, *_ = self._k
        factor = radial + 2 * p1 * y + 2 * p2 * x
        return x * factor + p2 * r2, y * factor + p1 * r2

    def _step(
        self, u: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Newton's step from (u, v) towards what is shown at (x, y), and how far that was off."""
        _, _, p1, p2, *_ = self._k
        inward = self._inward(u, v)
        u, v = u * inward, v * inward
        r2 = u * u + v * v
        radial, slope = self._radial(r2)
        bent_x, bent_y = self._formula(u, v, r2, radial)
        dx, dy = x - bent_x / inward, y - bent_y / inward
        a = radial + 2 * u * u * slope + 2 * p1 * v + 6 * p2 * u
        b = c = 2 * u * v * slope + 2 * p1 * u + 2 * p2 * v
        d = radial + 2 * v * v * slope + 6 * p1 * v + 2 * p2 * u
        if inward.size and inward.min() < 1:  # along the radius it is a scale out there
            outside = (inward < 1) / self.edge**2
            over_x = outside * (bent_x - a * u - b * v)
            over_y = outside * (bent_y - c * u - d * v)
            a, b, c, d = a + over_x * u, b + over_x * v, c + over_y * u, d + over_y * v
        det = a * d - b * c
        off = max(np.abs(dx).max(initial=0), np.abs(dy).max(initial=0))
        return (d * dx - b * dy) / det, (a * dy - c * dx) / det, float(off)


@lru_cache(maxsize=64)
def lens_of(coefficients: tuple[float, ...]) -> Lens:
    """The lens of OpenCV's coefficients; InputError when they are none."""
    if len(coefficients) not in COUNTS or not np.isfinite(coefficients).all():
        raise InputError(
            f"camera distortion: expected 0, 4, 5 or 8 finite numbers, got {len(coefficients)}"
        )
    return Lens(coefficients)
