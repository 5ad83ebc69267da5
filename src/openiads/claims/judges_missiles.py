"""Judges of what is claimed of the S-400's missiles: claims 10 to 16."""

from __future__ import annotations

from openiads.claims import checks
from openiads.claims.articles import ArticleClaim
from openiads.claims.audit import Record
from openiads.claims.checks import km
from openiads.claims.findings import Evidence, Finding, Margin, Step, Strip
from openiads.claims.judging import CLAIMED_REACH_M, finding_of, strip_of
from openiads.scenario.record import independent_voices
from openiads.units import to_si

KARMAN_LINE_M = 100e3
"""Where the Fédération Aéronautique Internationale lets space begin (sporting code, section 8)."""


def medium_and_long(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """10: medium- and long-range system."""
    reaches = []
    for missile in ("9m96e", "9m96e2", "48n6e2", "48n6e3", "40n6e"):
        numbers = evidence.numbers_si(f"{missile}.range_max_aerodynamic")
        reaches.append((missile, numbers[0], numbers[-1]))
    steps = tuple(Step(f"longest claimed reach of {n}", high, "m") for n, _, high in reaches)
    strip = Strip(
        "Claimed reach of the S-400's missiles",
        "km",
        tuple((n, low / 1e3, high / 1e3, False) for n, low, high in reaches),
        ((100.0, "medium ends, by the convention taken"),),
    )
    medium = [n for n, low, _ in reaches if low <= 100e3]
    return Finding(
        article.id,
        "supported",
        f"Its missiles are claimed to reach from {km(reaches[0][1]):g} to {km(reaches[-1][2]):g} "
        f"km; {', '.join(medium)} fall under medium range, the others under long.",
        conditions=("medium range ends and long range begins at about 100 km",),
        margin=Margin(float(len(medium)), "missiles", "of the five are of medium range"),
        calculation=steps,
        assumed=("assumed: medium range ends at 100 km; usage varies",),
        mind="A settled definition of the two words.",
        picture=strip,
    )


def missile_400(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """12: 40N6E reaches 400 km."""
    held = checks.line_of_sight(CLAIMED_REACH_M)
    pace = evidence.value_si("40n6e.missile_speed_average.01")
    others = evidence.claims("40n6e.range_max_aerodynamic")
    lowest = evidence.numbers_si("40n6e.range_max_aerodynamic")[0]
    time = CLAIMED_REACH_M / pace
    export = [c for c in others if abs(to_si(c.number() or 0, c.unit) - lowest) < 1.0]
    return finding_of(
        article,
        held,
        mind="A published export certificate, or a measured flight.",
        why="Flight and radar allow it against high targets; the export version is said to reach "
        f"{km(lowest):g} km ({', '.join(c.source.publisher for c in export)}).",
        conditions=(
            *held.conditions,
            (
                f"the target stays within reach for the {time:.0f} s of flight at the claimed "
                f"average speed: at 250 m/s it moves {time * 0.25:.0f} km meanwhile"
            ),
        ),
        margin=Margin(km(lowest - CLAIMED_REACH_M), "km", "lowest other claim beside 400 km"),
        calculation=(*held.calculation, Step("flight time at the average speed", time, "s")),
    )


STANDOFF = ("cruise_subsonic", "cruise_supersonic", "cruise_hypersonic", "srbm", "hgv", "drone_owa")


def standoff(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """13: enough to defeat most stand-off missiles."""
    rows, ranges = [], []
    for name in STANDOFF:
        numbers = evidence.numbers_si(f"{name}.range")
        rows.append((record.catalogue[name].name, numbers[0] / 1e3, numbers[-1] / 1e3, False))
        ranges.append((numbers[0], numbers[-1]))
    least = sum(low > CLAIMED_REACH_M for low, _ in ranges)
    most = sum(high > CLAIMED_REACH_M for _, high in ranges)
    count = str(most) if least == most else f"{least} to {most}"
    low = evidence.numbers_si("cruise_subsonic.altitude_low")
    far = float(checks.horizon_range_m(checks.ANTENNA_HIGH_M, low[-1]))
    need = float(checks.horizon_height_m(checks.ANTENNA_HIGH_M, CLAIMED_REACH_M))
    strip = Strip("Claimed ranges of stand-off weapons", "km", tuple(rows), ((400.0, "400 km"),))
    return Finding(
        article.id,
        "contradicted",
        f"{count} of {len(STANDOFF)} classes of stand-off weapon, by their lowest and highest "
        f"claimed range, come from beyond 400 km, so what launches them is out of reach; a weapon "
        f"at {low[-1]:g} m is in view within {km(far):g} km only.",
        conditions=(
            (
                f"it would hold for carriers that come nearer than 400 km and fly above "
                f"{km(need):g} km"
            ),
            "and for weapons that fly high all the way",
        ),
        margin=Margin(
            float(len(STANDOFF) - least - (len(STANDOFF) // 2 + 1)),
            "classes",
            "that may come from within 400 km, beyond the bare majority that “most” takes",
        ),
        calculation=(
            Step("classes beyond 400 km by their lowest claim", least, "classes"),
            Step("classes beyond 400 km by their highest claim", most, "classes"),
            Step("horizon for a low cruise missile, best antenna", far, "m"),
            Step("lowest visible height at 400 km, best antenna", need, "m"),
        ),
        models=(checks.HORIZON, checks.HORIZON_HEIGHT),
        assumed=(checks.GROUND_ANTENNAS, checks.REFRACTION),
        mind="A count of stand-off weapons in service, most of them of shorter range.",
        picture=strip,
    )


def hypersonic(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """14: 40N6E is hypersonic."""
    others = tuple(c for c in evidence.claims("40n6e.missile_speed_max") if not c.is_text)
    numbers = evidence.numbers_si("40n6e.missile_speed_max")
    average = evidence.value_si("40n6e.missile_speed_average.01")
    one = to_si(1.0, "Mach")
    steps = (
        Step("lowest claimed top speed", numbers[0] / one, "Mach"),
        Step("highest claimed top speed", numbers[-1] / one, "Mach"),
        Step("claimed average speed", average / one, "Mach"),
    )
    voices = independent_voices(others)
    return Finding(
        article.id,
        "only if",
        f"Its top speed is put at Mach {numbers[0] / one:g} to {numbers[-1] / one:g} "
        f"({voices} voice{'s' if voices != 1 else ''}), its average at Mach {average / one:g}.",
        conditions=(
            (
                f"hypersonic means a top speed above Mach {checks.HYPERSONIC_MACH:g}, reached "
                "for a part of the flight"
            ),
            "not that it flies so to the end: the average is below it",
        ),
        margin=Margin(
            round(numbers[0] / one - checks.HYPERSONIC_MACH, 2),
            "Mach",
            "lowest claimed top speed above Mach 5",
        ),
        calculation=steps,
        mind="A measured speed over the flight.",
        picture=Strip(
            "Claimed speeds of the 40N6",
            "Mach",
            (
                ("top speed", numbers[0] / one, numbers[-1] / one, True),
                ("average speed", average / one, average / one, False),
            ),
            ((checks.HYPERSONIC_MACH, "hypersonic"),),
        ),
    )


def outer_space(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """15: missiles able to destroy targets in outer space, beside a ceiling of 30 km."""
    others = tuple(c for c in evidence.claims("s-400.altitude_max") if not c.is_text)
    values = evidence.numbers_si("s-400.altitude_max")
    same = [c for c in others if c.source.id in {s.id for s, _ in article.said}]
    quoted = ", ".join(f"“{c.quote}”" for c in same)
    return Finding(
        article.id,
        "contradicts another claim",
        f"The same article says {quoted}; every other claim stays below {km(values[-1]):g} km, and "
        f"space begins at about {km(KARMAN_LINE_M):g} km.",
        conditions=(
            (
                "it would hold for “near space”, 20 to 100 km, which is the wording of "
                "another edition"
            ),
            "or for missiles of another system",
        ),
        margin=Margin(km(values[-1] - KARMAN_LINE_M), "km", "highest claimed ceiling above 100 km"),
        calculation=(
            Step("highest claimed ceiling", values[-1], "m"),
            Step("ceiling in the same article", to_si(same[0].number() or 0, same[0].unit), "m"),
            Step("beginning of outer space", KARMAN_LINE_M, "m"),
        ),
        assumed=("assumed: outer space begins at 100 km (FAI); no treaty says where",),
        mind="An intercept above 100 km by this system, on record.",
        picture=strip_of("Claimed ceilings of the S-400", others, 100.0, "km", "outer space"),
    )


def two_tests(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """16: China's army tested it against one aerodynamic and one ballistic target."""
    reports = [c for c in record.ledger.context if c.id in article.see]
    reports = [c for c in reports if c.source.id not in {s.id for s, _ in article.said}]
    test = evidence.claim("s-400.range_max_ballistic.04")
    speed = 3000.0  # in the quote of that claim: 3 quilômetros por segundo
    reach = float(checks.speed_to_range(speed))
    return Finding(
        article.id,
        "supported",
        "Other outlets report the tests as well ("
        + ", ".join(f"{c.source.publisher}, {c.date}" for c in reports)
        + "), a month apart.",
        conditions=(
            (
                f"the ballistic target, if it had the 3 km/s of one report, was that of a "
                f"missile of about {round(reach / 1e3, -1):g} km range, so the {test.shown()} "
                "given with it is no launch range of a plain short arc"
            ),
        ),
        margin=Margin(float(len(reports)), "reports", "by other outlets"),
        calculation=(Step("greatest range of 3 km/s", reach, "m"),),
        uses=tuple(c.id for c in reports),
        models=(checks.SPEED_TO_RANGE,),
        assumed=(checks.VACUUM,),
        mind="A denial by name, or film of the tests.",
    )
