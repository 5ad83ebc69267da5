"""Where a radio wave goes: horizon, height and range on an effective Earth, masks, diffraction.

Straight rays over a sphere of radius a = k R stand for refracted rays over the Earth (radius R):
k = 4/3 is the standard atmosphere's, k = 1 a straight ray. Good to about 9 km of height and 400 km
of range (ITU-R P.310 defines it for the standard atmosphere); `openiads.physics.refraction`
traces rays through an exponential atmosphere where that matters. Heights in m above the sphere,
elevations in rad above the horizontal of the antenna, ranges along the ray (slant) unless "ground".
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

EARTH_RADIUS_M = 6_371_000.0  # mean radius, IUGG 1980
FOUR_THIRDS = 4.0 / 3.0


@kernel(elementwise=True)
def effective_radius_m(gradient_per_m):
    """Radius of the effective Earth: R / (1 + R dn/dh), ITU-R P.834 (effective Earth radius).

    gradient_per_m: dn/dh of the refractive index (1/m), -39e-9 gives k = 1.33; above -157e-9.
    """
    return EARTH_RADIUS_M / (1.0 + EARTH_RADIUS_M * gradient_per_m)


@kernel
def _tangent_m(height_m, radius_m):
    """Length of the tangent from a height down to the sphere; 0 at or below it."""
    h = max(height_m, 0.0)
    return math.sqrt(h * (2.0 * radius_m + h))


@kernel(elementwise=True)
def horizon_range_m(antenna_height_m, target_height_m, k=FOUR_THIRDS):
    """Slant range at which a target rises over the horizon of a smooth sphere.

    R = sqrt(h1^2 + 2 a h1) + sqrt(h2^2 + 2 a h2), a = k 6,371,000 m: the ray grazes the sphere.
    Heights in m above the sphere (below 0 counts as 0); k > 0. About 4.12 km (sqrt h1 + sqrt h2)
    for k = 4/3. Diffraction lets a radar see a little further at low frequency; not included.
    Reference: Skolnik 2008, chapter 1; ITU-R P.310. Validated in tests/validation/
    test_radar_horizon.py.
    """
    radius = k * EARTH_RADIUS_M
    return _tangent_m(antenna_height_m, radius) + _tangent_m(target_height_m, radius)


@kernel(elementwise=True)
def horizon_ground_range_m(antenna_height_m, target_height_m, k=FOUR_THIRDS):
    """`horizon_range_m` measured along the surface: a (acos(a/(a+h1)) + acos(a/(a+h2)))."""
    radius = k * EARTH_RADIUS_M
    return radius * (
        math.atan(_tangent_m(antenna_height_m, radius) / radius)
        + math.atan(_tangent_m(target_height_m, radius) / radius)
    )


@kernel(elementwise=True)
def horizon_height_m(antenna_height_m, range_m, k=FOUR_THIRDS):
    """Lowest height that is above the horizon at a slant range: the inverse of `horizon_range_m`.

    With t = range - sqrt(h1^2 + 2 a h1) left beyond the tangent point, h2 = sqrt(a^2 + t^2) - a;
    0 within the antenna's own horizon.
    """
    radius = k * EARTH_RADIUS_M
    beyond = max(range_m - _tangent_m(antenna_height_m, radius), 0.0)
    return beyond * beyond / (math.hypot(radius, beyond) + radius)


@kernel(elementwise=True)
def visible_over_sphere(height_m, other_height_m, ground_range_m, k=FOUR_THIRDS):
    """Whether two points over a smooth sphere see each other: ground range within the horizon."""
    return ground_range_m <= horizon_ground_range_m(height_m, other_height_m, k)


@kernel(elementwise=True)
def height_at_range_m(range_m, antenna_height_m, elevation_rad, radius_m):
    """Height of a point at a slant range and elevation over an effective Earth of ``radius_m``.

    h = sqrt((a+h1)^2 + R^2 + 2 (a+h1) R sin(el)) - a, the law of cosines, written without the
    difference of large numbers. Reference: L. V. Blake, "Radar Range-Performance Analysis", 1986.
    """
    centre = radius_m + antenna_height_m
    rise = range_m * (range_m + 2.0 * centre * math.sin(elevation_rad))
    return antenna_height_m + rise / (math.sqrt(centre * centre + rise) + centre)


@kernel(elementwise=True)
def range_to_height_m(height_m, antenna_height_m, elevation_rad, radius_m):
    """Slant range at which a ray of a given elevation first passes a height.

    R = sqrt(s^2 + (h2-h1)(2a + h1 + h2)) - s with s = (a+h1) sin(el); the smaller root for a ray
    that descends; NaN where it never gets there.
    """
    s = (radius_m + antenna_height_m) * math.sin(elevation_rad)
    rise = (height_m - antenna_height_m) * (2.0 * radius_m + antenna_height_m + height_m)
    square = s * s + rise
    if square < 0.0 or (rise < 0.0 and s > 0.0):
        return math.nan
    root = math.sqrt(square)
    if rise < 0.0:
        return -s - root
    return rise / (root + s) if s > 0.0 else root - s


@kernel(elementwise=True)
def elevation_to_height_rad(height_m, antenna_height_m, range_m, radius_m):
    """Elevation of a point at a height and slant range over an effective Earth.

    sin(el) = ((h2-h1)(2a + h1 + h2) - R^2) / (2 (a+h1) R); NaN where no such point exists.
    """
    rise = (height_m - antenna_height_m) * (2.0 * radius_m + antenna_height_m + height_m)
    sine = (rise - range_m * range_m) / (2.0 * (radius_m + antenna_height_m) * range_m)
    return math.asin(sine) if abs(sine) <= 1.0 else math.nan


@kernel(elementwise=True)
def ground_range_m(range_m, antenna_height_m, elevation_rad, radius_m):
    """Distance along the surface below a point at a slant range and elevation.

    a atan2(R cos(el), a + h1 + R sin(el)).
    """
    centre = radius_m + antenna_height_m
    along = math.atan2(
        range_m * math.cos(elevation_rad), centre + range_m * math.sin(elevation_rad)
    )
    return radius_m * along


@kernel
def elevation_slope(ground_m, height_m, antenna_height_m, radius_m):
    """Tangent of the elevation of a point at a ground distance and height, seen from the antenna.

    ((a+h2) cos(theta) - (a+h1)) / ((a+h2) sin(theta)), theta = ground / a, without cancellation.
    radius_m may be infinite: a flat Earth.
    """
    if math.isinf(radius_m):
        return (height_m - antenna_height_m) / ground_m
    theta = ground_m / radius_m
    half = math.sin(0.5 * theta)
    outer = radius_m + height_m
    return (height_m - antenna_height_m - 2.0 * outer * half * half) / (outer * math.sin(theta))


@kernel
def height_on_slope_m(ground_m, slope, antenna_height_m, radius_m):
    """Height at which a ray of a given elevation slope passes over a ground distance.

    The inverse of `elevation_slope`; infinite where the ray never comes over that point.
    """
    if math.isinf(radius_m):
        return antenna_height_m + slope * ground_m
    theta = ground_m / radius_m
    half = math.sin(0.5 * theta)
    fall = math.cos(theta) - slope * math.sin(theta)
    if fall <= 0.0:
        return math.inf
    centre = radius_m + antenna_height_m
    return antenna_height_m + centre * (2.0 * half * half + slope * math.sin(theta)) / fall


@kernel
def profile_lowest_visible_m(profile_m, spacing_m, antenna_height_m, radius_m, out_m):
    """Lowest height seen over every point of a terrain profile, in one pass.

    The antenna stands over point 0 at ``antenna_height_m`` above the datum; the ground at point i
    (distance i spacing) is profile_m[i] above the datum, straight between the points. out_m[i]
    becomes the greater of the ground and the ray over the steepest point between. Shapes (n,),
    (n,); radius_m of the effective Earth, infinite for a flat one. Diffraction is not counted.
    Returns the slope (tangent of the elevation) of the terrain horizon, -inf for n < 2.
    """
    steepest = -math.inf
    out_m[0] = profile_m[0]
    for i in range(1, len(profile_m)):
        ground = i * spacing_m
        lowest = profile_m[i]
        if steepest > -math.inf:
            ray = height_on_slope_m(ground, steepest, antenna_height_m, radius_m)
            lowest = max(lowest, ray)
        out_m[i] = lowest
        slope = elevation_slope(ground, profile_m[i], antenna_height_m, radius_m)
        steepest = max(steepest, slope)
    return steepest


@kernel
def profile_visible(profile_m, spacing_m, antenna_height_m, target_height_m, radius_m):
    """Whether a target over the last point of a profile is seen from an antenna over the first.

    Heights above the datum (m); the rest as in `profile_lowest_visible_m`. Touching counts as
    seeing.
    """
    last = len(profile_m) - 1
    slope = elevation_slope(last * spacing_m, target_height_m, antenna_height_m, radius_m)
    for i in range(1, last):
        if elevation_slope(i * spacing_m, profile_m[i], antenna_height_m, radius_m) > slope:
            return False
    return bool(target_height_m >= profile_m[last])


@kernel(elementwise=True)
def fresnel_parameter(clearance_m, near_m, far_m, wavelength_m):
    """Diffraction parameter of a knife edge: v = h sqrt(2 (1/d1 + 1/d2) / lambda).

    clearance h of the edge above the straight path (m; negative below it), d1, d2 distances of
    the edge from the ends (m), lambda (m). Reference: ITU-R P.526-15, section 4.1.
    """
    return clearance_m * math.sqrt(2.0 * (1.0 / near_m + 1.0 / far_m) / wavelength_m)


@kernel(elementwise=True)
def knife_edge_loss_db(fresnel):
    """One-way diffraction loss over a single knife edge (dB).

    J(v) = 6.9 + 20 log10(sqrt((v - 0.1)^2 + 1) + v - 0.1) for v > -0.78, else 0. Within 0.1 dB of
    the Fresnel integral over 0 <= v <= 2 and 0.3 dB elsewhere (test_terrain_analytic_los.py).
    Reference: ITU-R P.526-15, section 4.1.
    """
    if fresnel <= -0.78:
        return 0.0
    x = fresnel - 0.1
    return 6.9 + 20.0 * math.log10(math.sqrt(x * x + 1.0) + x)


@kernel(elementwise=True)
def fresnel_radius_m(near_m, far_m, wavelength_m):
    """Radius of the first Fresnel zone: sqrt(lambda d1 d2 / (d1 + d2)); ITU-R P.526-15."""
    return math.sqrt(wavelength_m * near_m * far_m / (near_m + far_m))


@kernel(elementwise=True)
def multipath_factor(
    antenna_height_m, target_height_m, ground_m, wavelength_m, roughness_m, radius_m
):
    """One-way power factor F^2 of the ground-reflected ray for a low target (0 to 4).

    F^2 = 1 + rho^2 - 2 rho cos(2 pi delta / lambda), delta = 2 h1' h2' / d: heights above the
    tangent plane at the reflection point, h' = h - (its ground distance)^2 / (2 a), and
    rho = exp(-8 (pi s sin(psi) / lambda)^2) for rms roughness s (m) and grazing angle
    psi = (h1' + h2') / d. The echo varies as F^4; multiply a free-space S/N by the square.
    Grazing incidence, reflection coefficient -1 (horizontal polarisation, or vertical well below
    the Brewster angle), divergence 1, broad beam; 0 at and beyond the horizon, where diffraction
    would rule. Reference: Blake 1986, chapter 6; the roughness factor is that of W. S. Ament,
    Proc. IRE 41(1), 1953. Low targets in real clutter fluctuate about it.
    """
    if ground_m >= horizon_ground_range_m(antenna_height_m, target_height_m, radius_m / 6371e3):
        return 0.0
    near = _reflection_point_m(antenna_height_m, target_height_m, ground_m, radius_m)
    far = ground_m - near
    low = antenna_height_m - near * near / (2.0 * radius_m)
    high = target_height_m - far * far / (2.0 * radius_m)
    if low <= 0.0 or high <= 0.0:
        return 0.0
    phase = 4.0 * math.pi * low * high / (ground_m * wavelength_m)
    rough = math.pi * roughness_m * (low + high) / (ground_m * wavelength_m)
    rho = math.exp(-8.0 * rough * rough)
    return 1.0 + rho * rho - 2.0 * rho * math.cos(phase)


@kernel
def _reflection_point_m(antenna_height_m, target_height_m, ground_m, radius_m):
    """Ground distance of the reflection point from the antenna: equal grazing angles.

    h1/x - x/(2a) = h2/(d-x) - (d-x)/(2a), solved by bisection (the left side falls with x).
    """
    low, high = 0.0, ground_m
    for _ in range(60):
        x = 0.5 * (low + high)
        y = ground_m - x
        if antenna_height_m / x - x / (2.0 * radius_m) > target_height_m / y - y / (2.0 * radius_m):
            low = x
        else:
            high = x
    return 0.5 * (low + high)
