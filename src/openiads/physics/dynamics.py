"""Equations of motion of a point mass: planar powered flight, and free flight over a turning Earth.

Every law writes the rates of its state into ``out``. `rates` picks the law by an integer, so that
one integrator (`openiads.physics.integrate`) serves all of them without closures.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics.geodesy import latitude_height

STANDARD_GRAVITY_MPS2 = 9.80665
"""g0, the standard acceleration of free fall (CGPM 1901)."""
EARTH_RADIUS_M = 6371000.0
"""Mean radius of the Earth, of the planar laws and the spherical closed forms."""
MU_M3PS2 = 3.986004418e14
"""Geocentric gravitational constant, TR8350.2 table 3.1."""
EQUATOR_M = 6378137.0
J2 = 1.08262982e-3
"""Second zonal harmonic, -sqrt(5) C20 of EGM96 (TR8350.2 table 3.2)."""
EARTH_RATE_RADPS = 7.292115e-5
"""Rate of the Earth, TR8350.2 table 3.1."""

PLANAR, EARTH_FIXED, GLIDE = 0, 1, 2
"""Kinds of law for `rates`."""

NO_AIR, STANDARD_AIR, EXPONENTIAL_AIR = 0, 1, 2
CONSTANT_DRAG, G7_DRAG = 0, 1
UNGUIDED, AIMED, SHAPED = 0, 1, 2

CRUISE_SHARE = 0.125
"""What thrusters may give before the end, of their most (assumed: their propellant is little)."""

# Columns of the parameter vector of the planar law.
(
    EXHAUST,
    BOOST_RATE,
    BOOST_END,
    SUSTAIN_RATE,
    SUSTAIN_END,
    IGNITION,
    DRAG_AREA,
    LIFT_AREA,
    ALPHA_MAX,
    LOAD_MAX,
    GRAVITY,
    CURVATURE,
    AIR,
    AIR_DENSITY,
    AIR_SCALE,
    DRAG,
    DIVERT,
    GUIDE,
    AIM_X,
    AIM_Z,
    AIM_ANGLE,
    PHASE,
    PLANAR_SIZE,
) = range(23)

# Drag coefficient of the G7 standard projectile at Mach 0, 0.1, ... 5 (US Army Ballistic Research
# Laboratory; McCoy, Modern Exterior Ballistics, 1999; as published by JBM Ballistics, mcg7.txt).
_G7 = np.array(
    [0.1198, 0.1196, 0.1193, 0.1194, 0.1193, 0.1194, 0.1194, 0.1202, 0.1242, 0.1464]
    + [0.3803, 0.4014, 0.3884, 0.3732, 0.3580, 0.3440, 0.3315, 0.3209, 0.3117, 0.3042]
    + [0.2980, 0.2922, 0.2864, 0.2807, 0.2752, 0.2697, 0.2643, 0.2588, 0.2533, 0.2479]
    + [0.2424, 0.2368, 0.2313, 0.2258, 0.2205, 0.2154, 0.2106, 0.2060, 0.2017, 0.1975]
    + [0.1935, 0.1898, 0.1861, 0.1827, 0.1793, 0.1761, 0.1730, 0.1701, 0.1672, 0.1645]
    + [0.1618]
)


def _cubics(values):
    """Coefficients (n - 1, 4) of the cubic spline through ``values`` at unit spacing.

    Two continuous derivatives; the end slopes are the end differences. Slopes m from
    m[i-1] + 4 m[i] + m[i+1] = 3 (y[i+1] - y[i-1]) (de Boor, A Practical Guide to Splines, 1978,
    ch. IV), solved by Jacobi sweeps, which gain a factor of two each.
    """
    rise = np.diff(values)
    slope = np.gradient(values)
    for _ in range(80):
        slope[1:-1] = (3.0 * (rise[:-1] + rise[1:]) - slope[:-2] - slope[2:]) / 4.0
    lower, upper = slope[:-1], slope[1:]
    table = [values[:-1], lower, 3.0 * rise - 2.0 * lower - upper, lower + upper - 2.0 * rise]
    return np.ascontiguousarray(np.stack(table, axis=1))


_G7_CUBICS = _cubics(_G7)
_G7_END_SLOPE = _G7[49] - _G7[50]


@kernel(elementwise=True)
def g7_drag_coefficient(mach):
    """Zero-lift drag coefficient of the G7 standard projectile at a Mach number.

    A cubic spline through table points 0.1 apart, so that integrators meet no kinks. Above Mach
    5, where the table ends, the slope dies out by exp(5 - M) to a constant 0.135 (assumed: Mach
    number independence of hypersonic flow, Oswatitsch 1951).
    Reference: McCoy, Modern Exterior Ballistics (1999).
    """
    at = 10.0 * mach
    if at >= 50.0:
        return _G7[50] - 10.0 * _G7_END_SLOPE * (1.0 - math.exp(5.0 - mach))
    i = int(at)
    x = at - i
    c = _G7_CUBICS[i]
    return c[0] + x * (c[1] + x * (c[2] + x * c[3]))


@kernel
def air(height_m):
    """Density and sound speed of the US Standard Atmosphere 1976: (kg/m³, m/s).

    Exact layers to 86 km geometric; above, density falls on by exp(-Δh / 5.6 km), the slope of the
    standard's own table between 86 and 100 km (assumed beyond), and vanishes above 200 km.
    """
    if height_m > 200e3:
        return 0.0, 274.1
    h = max(height_m, -5000.0)
    beyond = max(h - 86000.0, 0.0)
    h = min(h, 86000.0)
    h = 6356766.0 * h / (6356766.0 + h)
    if h < 11000.0:
        t = 288.15 - 0.0065 * h
        density = 1.225 * (t / 288.15) ** 4.2558797
    elif h < 20000.0:
        t = 216.65
        density = 0.36391765 * math.exp((11000.0 - h) / 6341.6164)
    elif h < 32000.0:
        t = 216.65 + 0.001 * (h - 20000.0)
        density = 0.08803471 * (t / 216.65) ** -35.163195
    elif h < 47000.0:
        t = 228.65 + 0.0028 * (h - 32000.0)
        density = 0.013224987 * (t / 228.65) ** -13.201141
    elif h < 51000.0:
        t = 270.65
        density = 1.4275327e-3 * math.exp((47000.0 - h) / 7922.2571)
    elif h < 71000.0:
        t = 270.65 - 0.0028 * (h - 51000.0)
        density = 8.6160519e-4 * (t / 270.65) ** 11.201141
    else:
        t = 214.65 - 0.002 * (h - 71000.0)
        density = 6.4210962e-5 * (t / 214.65) ** 16.081598
    if beyond > 0.0:
        density *= math.exp(-beyond / 5600.0)
    return density, 20.046796 * math.sqrt(t)


@kernel
def mass_fraction(t_s, par):
    """(m / m0, thrust / m0) of a boost-sustain motor at ``t_s``: constant flow in each phase.

    T = c dm/dt with c the effective exhaust speed (Tsiolkovsky). ``par[PHASE]`` says which phase is
    flown (0 waiting, 1 boost, 2 sustain, 3 coast) rather than the time, so that the last stage of
    an integrator's step to a burnout still has its thrust.
    """
    since = t_s - par[IGNITION]
    phase = par[PHASE]
    if phase == 0.0:
        return 1.0, 0.0
    if phase == 1.0:
        rate = par[BOOST_RATE]
        return 1.0 - rate * since, par[EXHAUST] * rate
    mass = 1.0 - par[BOOST_RATE] * par[BOOST_END]
    if phase == 2.0:
        rate = par[SUSTAIN_RATE]
        return mass - rate * (since - par[BOOST_END]), par[EXHAUST] * rate
    return mass - par[SUSTAIN_RATE] * (par[SUSTAIN_END] - par[BOOST_END]), 0.0


@kernel
def planar_height(x, z, curvature):
    """Height above a sphere of curvature κ (0: flat), of (x, z) with the ground tangent at 0, m."""
    spread = math.sqrt(curvature * x * (curvature * x) + (1.0 + curvature * z) ** 2)
    return (curvature * (x * x + z * z) + 2.0 * z) / (spread + 1.0)


@kernel
def planar_air(height_m, par):
    """(density, sound speed) by the parameter vector's choice of atmosphere."""
    if par[AIR] == STANDARD_AIR:
        return air(height_m)
    if par[AIR] == EXPONENTIAL_AIR:
        return par[AIR_DENSITY] * math.exp(-height_m / par[AIR_SCALE]), 340.0
    return 0.0, 340.0


@kernel
def planar_rates(t, y, par, out):
    """Rates of (x, z, vx, vz) of a powered point mass in a vertical plane over a round Earth.

    m dv/dt = T v̂ - D v̂ + L n̂ + m g, with thrust T of `mass_fraction`, D = q (S_D C_D(M) +
    S_L u² α_max) and lift L = m a_n asked by guidance on the fixed aim, gravity compensated:
    a_n = 3 V dλ/dt + g cosγ (AIMED), or 4 V dλ/dt + 2 V (λ - λ_F) / t_go + g cosγ (SHAPED, which
    ends along the angle λ_F); t_go = r/V. It is limited to q S_L + T sin α_max and to the
    structure's limit; u is the used share of q S_L. S_D and S_L are areas per launch mass.
    Gravity is g0 / (1 + h/R)². The two laws are those of least ∫a² without and with a final angle.
    Reference: Zarchan, Tactical and Strategic Missile Guidance, ch. 8 and 25 (trajectory shaping);
    Vinh, Flight Mechanics of High-Performance Aircraft (1993), ch. 2.
    """
    x, z, vx, vz = y[0], y[1], y[2], y[3]
    kappa = par[CURVATURE]
    ux, uz = kappa * x, 1.0 + kappa * z
    spread = math.sqrt(ux * ux + uz * uz)
    height = (kappa * (x * x + z * z) + 2.0 * z) / (spread + 1.0)
    fall = par[GRAVITY] / (spread * spread * spread)
    gx, gz = -fall * ux, -fall * uz
    speed = math.sqrt(vx * vx + vz * vz)
    density, sound = planar_air(height, par)
    mass, thrust = mass_fraction(t, par)
    pressure = 0.5 * density * speed * speed
    coefficient = g7_drag_coefficient(speed / sound) if par[DRAG] == G7_DRAG else 1.0
    drag = pressure * par[DRAG_AREA] * coefficient
    side = 0.0
    if speed > 1e-9:
        tx, tz = vx / speed, vz / speed
    else:
        # At rest the thrust points up, as on the pad.
        tx, tz = ux / spread, uz / spread
    if par[GUIDE] != UNGUIDED and speed > 1e-9:
        side, extra = _guided_side(x, z, vx, vz, speed, gx, gz, pressure, thrust, mass, par)
        drag += extra
    along = (thrust - drag) / mass
    out[0] = vx
    out[1] = vz
    out[2] = along * tx - side * tz + gx
    out[3] = along * tz + side * tx + gz


@kernel
def _guided_side(x, z, vx, vz, speed, gx, gz, pressure, thrust, mass, par):
    """(normal acceleration, drag due to lift per launch mass) of the aimed planar flight."""
    rx, rz = par[AIM_X] - x, par[AIM_Z] - z
    distance2 = rx * rx + rz * rz
    sight_rate = (rx * -vz + rz * vx) / distance2
    fall_side = (-gx * vz + gz * vx) / speed
    weight, divert = 1.0, 0.0
    if par[GUIDE] == SHAPED:
        turn = math.atan2(rz, rx) - par[AIM_ANGLE]
        asked = 4.0 * sight_rate + 2.0 * turn * speed / math.sqrt(distance2)
    elif par[DIVERT] > 0.0:
        asked, weight, divert = _falling_law(sight_rate, thrust, par)
    else:
        asked = 3.0 * sight_rate
    wanted = speed * asked - weight * fall_side
    lift_most = pressure * par[LIFT_AREA] / mass
    tilt = thrust / mass * math.sin(par[ALPHA_MAX])
    most = min(lift_most + tilt + divert, par[LOAD_MAX])
    side = min(max(wanted, -most), most)
    if most <= 0.0:
        return 0.0, 0.0
    # Lift, thrusters and the tilted thrust share the load in proportion to what each can give.
    used = side / most
    return side, used * used * pressure * par[LIFT_AREA] * par[ALPHA_MAX]


@kernel
def _falling_law(sight_rate, thrust, par):
    """(turn rate asked, share of the weight held, thrusters' acceleration) of a round with such.

    Under power it keeps its path angle. Then proportional navigation augmented by 3/2 of gravity:
    nought on the arc that falls to the aim, so that thrusters correct and do not carry. They may
    give `CRUISE_SHARE` of their most for long. Reference: Zarchan, ch. 8 (augmented navigation,
    gravity in place of the target's acceleration).
    """
    if thrust > 0.0:
        return 0.0, 1.0, 0.0
    return 3.0 * sight_rate, 1.5, CRUISE_SHARE * par[DIVERT]


@kernel
def gravity_j2(x, y, z):
    """Acceleration of gravity in Earth-fixed axes with the J2 term: (ax, ay, az), m/s².

    a = -μ/r³ [1 + 3/2 J2 (a/r)² (1 - 5 z²/r²)] (x, y), with 3 for 1 in the z part. Valid outside
    the Earth. Reference: Vallado, Fundamentals of Astrodynamics (2013), eq. 8-30.
    """
    r2 = x * x + y * y + z * z
    pull = -MU_M3PS2 / (r2 * math.sqrt(r2))
    bulge = 1.5 * J2 * EQUATOR_M * EQUATOR_M / r2
    share = 5.0 * z * z / r2
    across = pull * (1.0 + bulge * (1.0 - share))
    return across * x, across * y, pull * (1.0 + bulge * (3.0 - share)) * z


@kernel
def earth_fixed_rates(t, y, par, out):
    """Rates of (r, v) in Earth-fixed axes: gravity with J2, turning Earth, drag against still air.

    dv/dt = g(r) - 2 ω × v - ω × (ω × r) - ρ |v| v / (2 β); ``par[0]`` is 1/β, kg/m² inverse (0: no
    air). The air turns with the Earth; density is the standard atmosphere's at the height above
    the ellipsoid. Reference: Vallado (2013), ch. 3 and 8; Regan and Anandakrishnan, Dynamics of
    Atmospheric Re-Entry (1993), ch. 7.
    """
    x, yy, z = y[0], y[1], y[2]
    vx, vy, vz = y[3], y[4], y[5]
    gx, gy, gz = gravity_j2(x, yy, z)
    w = EARTH_RATE_RADPS
    resist = 0.0
    if par[0] > 0.0:
        across = math.sqrt(x * x + yy * yy)
        density, _ = air(latitude_height(across, z)[2])
        resist = 0.5 * density * math.sqrt(vx * vx + vy * vy + vz * vz) * par[0]
    out[0], out[1], out[2] = vx, vy, vz
    out[3] = gx + w * (2.0 * vy + w * x) - resist * vx
    out[4] = gy + w * (w * yy - 2.0 * vx) - resist * vy
    out[5] = gz - resist * vz


@kernel
def glide_rates(t, y, par, out):
    """Rates of (s, h, V, γ) of a lifting body over a spherical Earth that does not turn.

    ds/dt = V cosγ R/r, dh/dt = V sinγ, dV/dt = -D - g sinγ, dγ/dt = L/V + (V/r - g/V) cosγ, with
    D = q/β (1 + u²)/2 and L = u E q/β: E the greatest lift-to-drag ratio, β = m/(C_D A) there, u
    the lift over the lift at E. In a skip glide u = 1. In an equilibrium glide
    u = 1 - c (γ - γ_e) with γ_e = -2 H g / (E V²), the angle of quasi-equilibrium, and c that
    damps the phugoid at 0.7. In the dive L follows proportional navigation of gain 4 on the aim,
    limited to ``LOAD``. ``par``: 1/β, E, skip, dive, aim s, aim h, load. Reference: Vinh,
    Busemann and Culp, Hypersonic and Planetary Entry Flight Mechanics (1980), ch. 5 and 7.
    """
    height, speed, angle = y[1], y[2], y[3]
    radius = EARTH_RADIUS_M + height
    gravity = MU_M3PS2 / (radius * radius)
    density, _ = air(height)
    push = 0.5 * density * speed * speed * par[0]
    sine, cosine = math.sin(angle), math.cos(angle)
    lift_best = par[1] * push
    if par[3] > 0.0:
        along, down = par[4] - y[0], height - par[5]
        distance = math.sqrt(along * along + down * down)
        sight = math.atan2(-down, along)
        turn = 4.0 * speed * math.sin(sight - angle) / max(distance, 1.0)
        lift = turn * speed + (gravity - speed * speed / radius) * cosine
        most = min(2.0 * lift_best, par[6])
        lift = min(max(lift, -most), most)
        used = lift / lift_best if lift_best > 0.0 else 0.0
    else:
        used = 1.0
        if par[2] == 0.0:
            weight = max(gravity - speed * speed / radius, 0.5)
            settled = -2.0 * 7000.0 * gravity / (par[1] * speed * speed)
            used -= 1.4 * speed / math.sqrt(7000.0 * weight) * (angle - settled)
            used = min(max(used, 0.0), 2.0)
        lift = used * lift_best
    out[0] = speed * cosine * EARTH_RADIUS_M / radius
    out[1] = speed * sine
    out[2] = -0.5 * push * (1.0 + used * used) - gravity * sine
    out[3] = lift / speed + (speed / radius - gravity / speed) * cosine


@kernel
def rates(kind, t, y, par, out):
    """Rates of the state ``y`` under the law ``kind``; ``par`` is that law's parameter vector."""
    if kind == PLANAR:
        planar_rates(t, y, par, out)
    elif kind == EARTH_FIXED:
        earth_fixed_rates(t, y, par, out)
    else:
        glide_rates(t, y, par, out)
