"""Where a falling track comes down, from one state of it."""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel(borrows=True)
def impact(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, radius_m: float,
    gravity_mps2: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """(time, x, y, z) of the impact of a free fall on a sphere through the map origin; SI.

    t = (w + sqrt(w^2 + 2 g' h)) / g',   g' = g (R / r)^2 - u^2 / r,   theta = u t / (R + h / 2)

    with h the height, w and u the vertical and horizontal speed, r = R + h. Gravity and the
    centrifugal relief are kept as they are at this moment; no drag, no turning Earth. Both errors
    fall with the square of the time to go. (inf, x, y, z) where the course does not come down.
    The parabola of a point mass: any textbook, such as Zarchan, Tactical and Strategic Missile
    Guidance, 6th ed., 2012, chapter 11.
    """
    up = z + radius_m
    r = math.sqrt(x * x + y * y + up * up)
    h = r - radius_m
    ex, ey, ez = x / r, y / r, up / r
    w = vx * ex + vy * ey + vz * ez
    hx, hy, hz = vx - w * ex, vy - w * ey, vz - w * ez
    u = math.sqrt(hx * hx + hy * hy + hz * hz)
    g = gravity_mps2 * (radius_m / r) ** 2 - u * u / r
    if g <= 0.0:
        return math.inf, x, y, z
    time_s = (w + math.sqrt(w * w + 2.0 * g * max(h, 0.0))) / g
    angle = u * time_s / (radius_m + 0.5 * h)
    along, ahead = radius_m * math.cos(angle), radius_m * math.sin(angle) / max(u, 1e-9)
    return (
        max(time_s, 0.0),
        along * ex + ahead * hx,
        along * ey + ahead * hy,
        along * ez + ahead * hz - radius_m,
    )
