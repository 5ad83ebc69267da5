"""Judges of what is claimed of the S-400 as a system: claims 1 to 7."""

from __future__ import annotations

import math

from openiads.claims import checks
from openiads.claims.articles import ArticleClaim
from openiads.claims.audit import Record
from openiads.claims.checks import km
from openiads.claims.findings import Evidence, Finding, Margin, Step
from openiads.claims.held_tracks import GRAVITY_MPS2, SPACING_M, Raid, trials
from openiads.claims.judging import CLAIMED_REACH_M, finding_of, strip_of
from openiads.scenario.record import independent_voices
from openiads.units import to_si

FIGHTER_HEIGHT_M = 10e3
"""The altitude that the question is asked for: a fighter or an airborne radar at 10 km."""


def reach_400(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """1: reaches targets up to 400 km away: a low flyer, a fighter and an AWACS at 10 km."""
    held = checks.line_of_sight(CLAIMED_REACH_M)
    low_flyer = evidence.numbers_si("cruise_subsonic.altitude_low")
    awacs = evidence.numbers_si("awacs.altitude_max")
    steps = list(held.calculation)
    for name, height in (
        ("a cruise missile at its lowest claimed altitude", low_flyer[0]),
        ("a cruise missile at its highest claimed low altitude", low_flyer[-1]),
        ("a fighter or AWACS at 10 km", FIGHTER_HEIGHT_M),
        ("an AWACS at its lowest claimed ceiling", awacs[0]),
    ):
        for antenna in (checks.ANTENNA_LOW_M, checks.ANTENNA_HIGH_M):
            reach = float(checks.horizon_range_m(antenna, height))
            text = f"horizon for {name} ({height:g} m), antenna {antenna:g} m"
            steps.append(Step(text, reach, "m"))
    ballistic = evidence.claims("s-400.range_max_ballistic")
    said = [f"{c.shown()} ({c.source.publisher.split(',')[0]})" for c in ballistic]
    worst = float(checks.horizon_range_m(checks.ANTENNA_LOW_M, FIGHTER_HEIGHT_M))
    conditions = (
        *held.conditions,
        (
            "so a fighter or an airborne radar at 10 km can be seen, and engaged if the missile "
            "has the reach"
        ),
        (
            f"a cruise missile at {low_flyer[0]:g} to {low_flyer[-1]:g} m cannot: it comes into "
            f"view at {km(float(checks.horizon_range_m(checks.ANTENNA_LOW_M, low_flyer[0]))):g} to "
            f"{km(float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, low_flyer[-1]))):g} km"
        ),
        "the target is no ballistic missile: for these others give " + ", ".join(said),
        "the missile is the 40N6: others reach less",
    )
    margin = Margin(km(worst - CLAIMED_REACH_M), "km", "horizon beyond 400 km, target at 10 km")
    return finding_of(
        article,
        held,
        mind="An intercept at 400 km of a target lower than 8 km, on record.",
        conditions=conditions,
        margin=margin,
        calculation=tuple(steps),
    )


def ceiling_30(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """2: maximum target altitude 30 km."""
    others = tuple(c for c in evidence.claims("s-400.altitude_max") if not c.is_text)
    values = evidence.numbers_si("s-400.altitude_max")
    apart = [c for c in others if abs(to_si(c.number() or 0.0, c.unit) - 30e3) > 600.0]
    why = (
        f"{len(others)} other claims give {km(values[0]):g} to {km(values[-1]):g} km, "
        f"{'all' if len(apart) == len(others) else len(apart)} of them other values than 30. No "
        "open physics decides among them."
    )
    return Finding(
        article.id,
        "contradicts another claim",
        why,
        conditions=(
            (
                "it holds as a round figure for the regular missiles, if the higher values "
                "are tests or later missiles, and the lower ones other missiles"
            ),
            (
                "and only if “targets in outer space”, which an article with this very ceiling "
                "also has (claim 15), are not meant"
            ),
        ),
        margin=Margin(km(30e3 - values[-1]), "km", "30 km against the highest other claim"),
        calculation=(
            Step("lowest other claim", values[0], "m"),
            Step("highest other claim", values[-1], "m"),
            Step("claims that differ", float(len(apart)), "claims"),
            Step("independent voices behind them", independent_voices(apart), "voices"),
        ),
        mind="A maker's data sheet that names the missile with its ceiling.",
        picture=strip_of("Claimed ceilings of the S-400", others, 30.0, "km", "30 km"),
    )


def tracks_300(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """3: tracks 300 targets at once."""
    others = evidence.claims("s-400.simultaneous_tracks")
    scan_s, said = evidence.given_si("91n6e.scan_period", 10.0, "a scan takes 10 s")
    held = checks.track_spacing(scan_s, 3 * 9.80665, 300e3, 300)
    slow = checks.track_spacing(scan_s, 9.80665, 300e3, 300)
    false_plots, false_said = evidence.given_si(
        "91n6e.false_plots_per_scan", 4.0, "4 false plots a scan"
    )
    flown = trials(
        Raid(
            targets=300,
            spacing_m=SPACING_M,
            range_m=300e3,
            scan_s=scan_s,
            acceleration_mps2=GRAVITY_MPS2,
            false_plots=false_plots,
            range_error_m=checks.RANGE_ERROR_M,
            azimuth_error_rad=math.radians(checks.AZIMUTH_ERROR_DEG),
        )
    )
    names = ", ".join(sorted({c.source.publisher.split(",")[0] for c in others}))
    why = f"Others say the same ({names}). {held.why}"
    gentle = f"for turns of 1 g only, {km(-(slow.margin.value if slow.margin else 0) * 1e3):g} km"
    return finding_of(
        article,
        held,
        mind="A recorded trial with 300 targets in a dense raid.",
        why=why,
        assumed=(*held.assumed, said, false_said, *flown.assumed),
        conditions=(*held.conditions, gentle, *flown.conditions),
        calculation=(*held.calculation, *flown.steps),
        models=(*held.models, *flown.models),
    )


def three_kinds(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """4: engages aircraft, cruise missiles and ballistic missiles."""
    low = evidence.numbers_si("cruise_subsonic.altitude_low")
    claimed = evidence.value_si("s-400.range_vs_low_flying_cruise_missile.01")
    ballistic = evidence.claims("s-400.range_max_ballistic")
    near = float(checks.horizon_range_m(checks.ANTENNA_LOW_M, low[0]))
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, low[-1]))
    held = checks.line_of_sight(claimed, low[0])
    said = " or ".join(dict.fromkeys(c.shown() for c in ballistic))
    return finding_of(
        article,
        held,
        mind="A cruise missile at 50 m intercepted far beyond the horizon.",
        verdict="only if",
        why="Each kind within its own limits, which are far from one another.",
        conditions=(
            (
                f"cruise missiles at {low[0]:g} to {low[-1]:g} m within {km(near):g} to "
                f"{km(far):g} km (the horizon; an article says about {km(claimed):g} km)"
            ),
            f"ballistic missiles within {said} by others' claims",
            "aircraft only above the horizon, which at 400 km is 8 to 9 km up",
        ),
        margin=Margin(km(far - claimed), "km", "horizon beyond the claimed 40 km, best case"),
    )


def medium_range(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """5: medium-range ballistic missiles, beside 60 km reach, 3,500 km and 4.8 km/s."""
    speed = evidence.value_si("s-400.target_speed_max.01")
    launch = evidence.value_si("s-400.ballistic_threat_launch_range_max.01")
    reach = evidence.value_si("s-400.range_max_ballistic.02")
    held = checks.ballistic_speed(launch, speed)
    classes = evidence.numbers_si("mrbm.range")
    slowed = checks.slowed_by_air(launch, 25e3)
    steps = (
        *held.calculation,
        *slowed,
        Step(f"time over the last {km(reach):g} km at {speed:g} m/s", reach / speed, "s"),
        Step("speed at burnout for 1,000 km", float(checks.minimum_energy(1e6)[0]), "m/s"),
    )
    within = float(checks.speed_to_range(speed))
    return finding_of(
        article,
        held,
        mind="A measured speed of the target in a test against a 3,500 km missile.",
        verdict="only if",
        why=f"{km(launch):g} km and {speed / 1e3:g} km/s do not belong together: that range takes "
        f"{held.calculation[0].value / 1e3:.2f} km/s at burnout. Both fit missiles of up to "
        f"{round(within / 1e3, -1):g} km.",
        conditions=(
            (
                f"the missile's range is {round(within / 1e3, -1):g} km or less "
                f"(claims about the class: {km(classes[0]):g} to {km(classes[-1]):g} km)"
            ),
            (
                f"or the air has slowed a blunt warhead of a {km(launch):g} km missile to "
                f"{slowed[0].value / 1e3:.1f} km/s at 25 km, a slender one only to "
                f"{slowed[1].value / 1e3:.1f}"
            ),
            f"what it defends lies close: {km(reach):g} km are crossed in {reach / speed:.0f} s",
        ),
        calculation=steps,
        models=(*held.models, checks.ALLEN_EGGERS),
        assumed=(*held.assumed, "assumed: ballistic coefficients 2,000 and 10,000 kg/m2"),
    )


def ground_targets(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """6: ground targets, beyond the horizon."""
    reach = evidence.value_si("s-400.range_max_aerodynamic.01")
    held = checks.line_of_sight(reach, 0.0)
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, 0.0))
    return finding_of(
        article,
        held,
        mind="A recorded hit on a ground target beyond the radar's horizon.",
        verdict="only if",
        why=f"The radar's horizon for a target on flat ground lies at {km(far):g} km at most.",
        conditions=(
            f"the target is within {km(far):g} km and in the radar's line of sight",
            (
                "or another sensor or a stored place guides the missile, of which public "
                "texts say nothing"
            ),
        ),
        margin=Margin(km(far - reach), "km", "horizon beyond the system's claimed reach"),
    )


SHIP_HEIGHT_M = 30.0
"""Assumed: height of a large ship's superstructure."""


def ships(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """7: designed to kill ships."""
    reach = evidence.value_si("s-400.range_max_aerodynamic.02")
    held = checks.line_of_sight(reach, SHIP_HEIGHT_M)
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, SHIP_HEIGHT_M))
    others = evidence.claims("s-400.surface_target_capability")
    said = ", ".join(dict.fromkeys(str(c.value) for c in others)) or "nothing"
    lists = next(a for a in record.articles if a.id == "4").said
    alike = [s.publisher for s, quote in lists if "aircraft" in quote and "ships" not in quote]
    return finding_of(
        article,
        held,
        mind="A recorded firing at a ship.",
        verdict="contradicts another claim",
        why=f"{' and '.join(alike)} have the same list with “aircraft” where this one has "
        f"“ships”, and name {said} beside it; a ship is in view within {km(far):g} km only.",
        conditions=(
            f"the ship is within {km(far):g} km of the radar, or another sensor guides the missile",
            "or “ships” is a slip for “aircraft”: then it says what claim 4 says",
        ),
        uses=("article.4",),
        assumed=(*held.assumed, f"assumed: superstructure {SHIP_HEIGHT_M:g} m high"),
        margin=Margin(km(far - reach), "km", "horizon beyond the system's claimed reach"),
    )
