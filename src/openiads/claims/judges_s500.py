"""Judges of what is claimed of the S-500 and the HQ-9B: claims 19 to 28."""

from __future__ import annotations

from openiads.claims import checks
from openiads.claims.articles import ArticleClaim
from openiads.claims.audit import Record
from openiads.claims.checks import km
from openiads.claims.findings import Evidence, Finding, Margin, Step, Strip
from openiads.claims.judging import finding_of, strip_of


def reach_600(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """19: S-500 reaches 600 km."""
    held = checks.line_of_sight(600e3)
    others = tuple(c for c in evidence.claims("s-500.range_max") if not c.is_text)
    highest_flyer = evidence.numbers_si("strategic_bomber.altitude_max")[-1]
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, highest_flyer))
    numbers = evidence.numbers_si("s-500.range_max")
    steps = (
        *held.calculation,
        Step(f"horizon for a bomber at {highest_flyer:g} m, best antenna", far, "m"),
        Step("lowest other claim", numbers[0], "m"),
    )
    return finding_of(
        article,
        held,
        mind="A measured intercept, with range and height.",
        why=f"At 600 km only what is above {held.calculation[1].value / 1e3:.1f} km can be seen: "
        f"ballistic missiles, not aircraft. Others claim {km(numbers[0]):g} to "
        f"{km(numbers[-1]):g} km.",
        conditions=(
            *held.conditions,
            (
                f"so not against aircraft: a bomber at {km(highest_flyer):g} km is in view "
                f"within {km(far):g} km"
            ),
        ),
        margin=Margin(km(far - 600e3), "km", "horizon for the highest bomber beyond 600 km"),
        calculation=steps,
        picture=strip_of("Claimed reach of the S-500", others, 600.0, "km", "600 km"),
    )


def ten_at_once(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """20: tracks and strikes up to 10 ballistic targets."""
    depth = evidence.value_si("s-500.range_max.01")
    speed = evidence.value_si("s-500.target_speed_max.01")
    missile = evidence.value_si("77n6-n.missile_speed_max.01")
    reaction = evidence.value_si("s-300v4.reaction_time.01")
    flight = (depth - speed * reaction) / (speed + missile)
    held = checks.time_in_zone(depth, speed, 10, reaction + flight)
    steps = (
        *held.calculation,
        Step("claimed reaction time of a kindred system", reaction, "s"),
        Step("flight of the missile until it meets the first target", flight, "s"),
        Step("distance of that meeting", missile * flight, "m"),
    )
    return finding_of(
        article,
        held,
        mind="A test against two ballistic targets at once.",
        why=f"Between 600 km and the defender pass {held.calculation[0].value:.0f} s at 7 km/s. "
        f"One engagement takes about {reaction + flight:.0f} s, so most of the ten must be "
        "met at the same time.",
        calculation=steps,
        assumed=(
            (
                "assumed: the target comes straight in; the missile flies at its claimed top "
                "speed throughout (it does not)"
            ),
            (
                "the zone (600 km) and the speed (7 km/s) are those of claims 19 and 21 of the "
                "same article"
            ),
        ),
    )


def mach_20(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """21: 7 km/s as Mach 20, and as a missile of what range."""
    held = checks.mach(7000.0, 20.0)
    reach = float(checks.speed_to_range(7000.0))
    high = checks.mach(7000.0, 20.0, 80e3)
    steps = (
        *held.calculation,
        Step("Mach number at 80 km", high.calculation[1].value, "Mach"),
        Step("range of a missile of that speed", reach, "m"),
        Step("check: speed at burnout for 8,900 km", float(checks.minimum_energy(8.9e6)[0]), "m/s"),
    )
    return finding_of(
        article,
        held,
        mind="A named target of that speed in a test.",
        verdict="only if",
        why=f"7 km/s is Mach {held.calculation[1].value:.1f} at sea level and the burnout speed of "
        f"a missile of about {round(reach / 1e3, -2):,.0f} km range: an intercontinental one.",
        conditions=(
            *held.conditions,
            (f"where the target flies, at 80 km, it is Mach {high.calculation[1].value:.0f}"),
            (
                "the target is an intercontinental missile of at most about "
                f"{round(reach / 1e3, -2):,.0f} km range"
            ),
        ),
        calculation=steps,
        picture=checks.speed_curves([(reach, 7000.0, f"7 km/s: {round(reach / 1e3, -2):,.0f} km")]),
        models=(*held.models, checks.SPEED_TO_RANGE, checks.MINIMUM_ENERGY),
        assumed=(checks.VACUUM,),
    )


def drones_to_spacecraft(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """22: targets from drones to spacecraft."""
    low = evidence.numbers_si("drone_owa.altitude_min")[0]
    satellites = evidence.numbers_si("leo_satellite.altitude")
    ceilings = evidence.numbers_si("s-500.altitude_max")
    limit = evidence.value_si("s-500.target_speed_max.01")
    orbit = checks.orbital_speed_mps(satellites[0])
    slow = checks.orbit_height_m(limit)
    near = float(checks.horizon_range_m(checks.ANTENNA_LOW_M, low))
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, low))
    return Finding(
        article.id,
        "contradicts another claim",
        f"A satellite at {km(satellites[0]):g} km moves at {orbit / 1e3:.2f} km/s; the same "
        f"article limits targets to 7 km/s, the speed of orbits at {km(slow):,.0f} km, far above "
        f"the {km(ceilings[-1]):g} km that others claim as the ceiling.",
        conditions=(
            "it holds for what falls from space slower than 7 km/s",
            f"it holds for drones at {low:g} m within {km(near):g} to {km(far):g} km",
        ),
        margin=Margin(round((limit - orbit) / 1e3, 2), "km/s", "claimed limit above orbital speed"),
        calculation=(
            Step("orbital speed at the lowest claimed satellite altitude", orbit, "m/s"),
            Step("height at which orbital speed is 7 km/s", slow, "m"),
            Step("highest claimed ceiling", ceilings[-1], "m"),
            Step("horizon for a low drone, lowest antenna", near, "m"),
            Step("horizon for a low drone, highest antenna", far, "m"),
        ),
        models=("openiads.claims.checks.orbital_speed_mps", checks.HORIZON),
        assumed=(checks.GROUND_ANTENNAS, "assumed: circular orbits"),
        against=(
            "s-500.target_speed_max.01",
            *(c.id for c in evidence.claims("s-500.altitude_max")),
            *(c.id for c in evidence.claims("s-500.role")),
        ),
        mind="A higher claimed speed limit, or an intercept of a satellite on record.",
    )


def replaces_a135(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """26: replaces A-135, supplements S-400."""
    successors = [str(c.value) for c in evidence.claims("a-135.successor")]
    roles = [str(c.value) for c in evidence.claims("s-500.role")]
    limit = evidence.value_si("s-500.target_speed_max.02")
    icbm = float(checks.minimum_energy(10e6)[0])
    reach = float(checks.speed_to_range(limit))
    return Finding(
        article.id,
        "contradicts another claim",
        f"Other claims: {'; '.join(dict.fromkeys(roles))}. As the A-135's successor the record "
        f"names {', '.join(dict.fromkeys(successors))}.",
        conditions=(
            (
                f"the missiles it is to meet reach at most {round(reach / 1e3, -2):,.0f} km: "
                f"one of 10,000 km comes with {icbm / 1e3:.2f} km/s, beyond the claimed "
                f"{limit / 1e3:g}"
            ),
            "replacing is meant for one layer, and the A-235 for the other",
        ),
        margin=Margin(
            round((limit - icbm) / 1e3, 2), "km/s", "claimed limit above a 10,000 km missile"
        ),
        calculation=(
            Step("speed at burnout for 10,000 km", icbm, "m/s"),
            Step("greatest range of the claimed target speed", reach, "m"),
        ),
        models=(checks.MINIMUM_ENERGY, checks.SPEED_TO_RANGE),
        assumed=(checks.VACUUM,),
        mind="An official text that assigns the role.",
    )


def hq9b_limited(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """28: HQ-9B limited beside S-400 and S-300V4."""
    ours = evidence.numbers_si("hq-9b.range_max_aerodynamic")
    others = {
        name: evidence.numbers_si(f"{name}.range_max_aerodynamic")
        for name in ("40n6e", "s-300v4", "48n6e3")
    }
    against = list(evidence.claims("hq-9b.comparison"))
    best = min(others["40n6e"][0], others["s-300v4"][0])
    rows = [("HQ-9B", ours[0] / 1e3, ours[-1] / 1e3, True)]
    rows += [(n, v[0] / 1e3, v[-1] / 1e3, False) for n, v in others.items()]
    said = "; ".join(f"{c.value} ({c.source.publisher})" for c in against)
    return Finding(
        article.id,
        "only if",
        f"The highest claimed reach of the HQ-9B is {km(ours[-1]):g} km, the lowest of the 40N6 "
        f"and the S-300V4 {km(best):g} km. Against it stands: {said}.",
        conditions=(
            "reach is what is compared",
            (
                f"the S-400 has its 40N6: with the 48N6E3 ({km(others['48n6e3'][-1]):g} km) the "
                "two are alike"
            ),
        ),
        margin=Margin(km(best - ours[-1]), "km", "lowest reach of the others beyond the HQ-9B's"),
        calculation=(
            Step("highest claimed reach of the HQ-9B", ours[-1], "m"),
            Step("lowest claimed reach of 40N6 and S-300V4", best, "m"),
            Step("highest claimed reach of the 48N6E3", others["48n6e3"][-1], "m"),
        ),
        against=tuple(c.id for c in against),
        mind="Trials of both against the same targets.",
        picture=Strip("Claimed reach", "km", tuple(rows)),
    )
