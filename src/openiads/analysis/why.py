"""Why threats leaked: shares of the first broken link, and each leaker's story from the Log."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from openiads.analysis.confusion import first_named, mistaken
from openiads.analysis.timeline import Chain, Ledger, chains
from openiads.campaigns.outcomes import Outcomes, link_shares
from openiads.campaigns.statistics import wilson
from openiads.engine.world import LINKS, Model
from openiads.eventlog import Log
from openiads.faults import InputError

LINK_MEANING: dict[str, str] = {
    "horizon": "No radar had line of sight to it before the last launch that could have met it.",
    "detection": "It was in sight, but no look detected it before that last launch.",
    "track": "It was detected, but no firm track led to it in time; or the track was lost and the "
    "round stayed on its rail.",
    "identification": (
        "It was tracked, but not named hostile in time, named neutral by mistake, or not released "
        "by the rules of engagement."
    ),
    "window": "It was identified, but no predicted intercept lay inside any round's envelope and "
    "an engagement radar's view; or no round could ever meet its path.",
    "channel": "A round, or after a miss another one, could have met it, but every engagement or "
    "guidance channel was taken.",
    "magazine": "A round, or after a miss another one, could have met it, but the unit had none "
    "left to spend.",
    "miss": "Rounds were fired at it, none killed it, and no want of a channel, round or operator "
    "kept another back.",
    "assessment": "It survived its intercept, was called killed, and was let go.",
    "operator": "A round, or after a miss another one, could have met it, but every operator was "
    "busy.",
}
"""The rule of each link in one line; docs/kill-chain.md prints the same table.

The *last chance* of a threat is the latest launch at which some round could still have met it on
its true path, given line of sight. A link counts as passed if it was passed by then; the first one
that was not is the broken one.
"""


def why(model: Model, outcomes: Outcomes) -> dict[str, Any]:
    """The object of ``openiads why RUN --json``: shares of leakers by first broken link.

    Shares and their 95 % intervals are over all leakers of all replications, in all and by class;
    the replication is the unit of the interval (`campaigns.statistics.share_interval`). The shares
    of each set sum to one unless nothing leaked, in which case the set is empty.
    """
    classes = np.array(model.names["classes"])
    by_class = {}
    for name in dict.fromkeys(classes.tolist()):
        mine = classes == name
        part = replace(
            outcomes,
            fate=outcomes.fate[:, mine],
            link=outcomes.link[:, mine],
            shots=outcomes.shots[:, mine],
        )
        by_class[name] = {
            "count": int(mine.sum()),
            "leakers": float(part.leakers.mean()),
            "first_broken_link": _shares(part),
        }
    shares = _shares(outcomes)
    return {
        "scenario": model.scenario,
        "model": model.hash,
        "replications": len(outcomes.replication),
        "threats": len(classes),
        "leakers": float(outcomes.leakers.mean()),
        "first_broken_link": {
            link: {**figures, "meaning": LINK_MEANING[link]} for link, figures in shares.items()
        },
        "by_class": by_class,
    }


def _shares(outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    """`link_shares`, with an honest interval where every leaker broke the same link.

    The ratio estimator then sees no spread and claims certainty. The replications that leaked at
    all are taken as so many trials that all went one way, and Wilson's interval of them is used.
    """
    shares = link_shares(outcomes)
    trials = int((outcomes.leakers > 0).sum())
    for figures in shares.values():
        if figures["share"] == 1.0:
            figures["ci95"] = list(wilson(trials, trials))
    return shares


def why_replication(model: Model, log: Log) -> list[dict[str, Any]]:
    """Each leaker of one replication: its chain of times, what broke first, what would have mended.

    Times are seconds of the scenario, None where a link was never passed. ``destroyed`` says
    whether it destroyed what it was aimed at, None where it did not arrive in time; ``taken_for``
    and ``class_probability`` what it was taken for when first shot at, None where it was not.
    ``what`` and ``mend`` are sentences made from the Log; they say what would have undone the
    *first* broken link, which need not have been enough to stop the threat.
    """
    if log.model.hash != model.hash:
        raise InputError.of("the Log is of another model", "replay it from the same run folder")
    names = model.names
    stories = []
    books = Ledger(log)
    named = first_named(log)
    for chain in chains(log):
        if not chain.leaked:
            continue
        what, mend = _STORIES[chain.link](model, books, chain)
        taken = named.get(chain.threat)
        what = f"{what} {mistaken(log, chain.threat, named)}".rstrip()
        stories.append(
            {
                "threat": chain.name,
                "class": names["classes"][chain.threat],
                "wave": names["waves"][chain.wave],
                "asset": names["sites"][int(model.tables.threats["site"][chain.threat])],
                "destroyed": chain.destroyed,
                "taken_for": taken.category if taken else None,
                "class_probability": taken.probability if taken else None,
                "link": chain.link,
                "chain": _times(model, chain),
                "what": what,
                "mend": mend,
            }
        )
    return stories


def _with(model: Model, by: tuple[int, int]) -> dict[str, str | None]:
    """Unit and missile by name; None where the Log does not say."""
    unit, missile = by
    names = model.names
    return {
        "unit": names["units"][unit] if unit >= 0 else None,
        "missile": names["missiles"][missile] if missile >= 0 else None,
    }


def _times(model: Model, chain: Chain) -> dict[str, Any]:
    return {
        "started_s": _finite(chain.started_s),
        "see": {"in_sight_s": _finite(chain.sight_s), "detected_s": _finite(chain.detected_s)},
        "track": {"tracked_s": _finite(chain.tracked_s), "lost_s": chain.lost},
        "decide": {
            "identified_s": _finite(chain.identified_s),
            "refused": [
                {"time_s": t, "link": link, **_with(model, by)}
                for (t, link), by in zip(chain.refusals, chain.refused_by, strict=True)
            ],
            "ordered_s": chain.orders,
            "ordered_with": [_with(model, by) for by in chain.ordered_with],
            "orders_lost_s": chain.orders_lost,
        },
        "engage": {
            "launched_s": [shot.launched_s for shot in chain.shots],
            "launched_with": [_with(model, (s.unit, s.missile)) for s in chain.shots],
            "met_s": [shot.met_s for shot in chain.shots],
            "aborted": [{"time_s": t, "link": link} for t, link in chain.aborts],
            "verdicts": [{"time_s": t, "called_killed": dead} for t, dead in chain.verdicts],
        },
        "last_chance_s": _finite(chain.last_chance_s),
        "leaked_s": _finite(chain.ended_s),
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def clock(time_s: float) -> str:
    """Scenario time as minutes and seconds, "12:05"; "never" where it is not finite."""
    if not math.isfinite(time_s):
        return "never"
    whole = round(time_s)
    return f"{whole // 60}:{whole % 60:02d}"


def span(seconds: float) -> str:
    """A duration in words of a person: "0.4 s", "12 s", "3.5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _late(time_s: float, chain: Chain) -> str:
    gap = span(time_s - chain.last_chance_s)
    return f"{gap} after its last chance at {clock(chain.last_chance_s)}"


def _horizon(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    if not math.isfinite(chain.sight_s):
        return (
            "No radar ever had line of sight to it.",
            "A radar that sees over its horizon: higher, or further out on its path.",
        )
    radar = model.names["radars"][chain.sight_radar]
    gap = span(chain.sight_s - chain.last_chance_s)
    return (
        f"First in sight of {radar} at {clock(chain.sight_s)}, {_late(chain.sight_s, chain)}.",
        f"Line of sight {gap} sooner, from a higher antenna or one further out.",
    )


def _detection(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    seen = f"In sight from {clock(chain.sight_s)}"
    if not math.isfinite(chain.detected_s):
        return f"{seen}, never detected.", "More signal on the target, or more looks at it."
    gap = span(chain.detected_s - chain.last_chance_s)
    return (
        f"{seen}, first detected at {clock(chain.detected_s)}, {_late(chain.detected_s, chain)}.",
        f"A detection {gap} sooner: more signal on the target, or more looks at it.",
    )


def _track(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    held = [t for t, link in chain.aborts if link == "track"]
    if chain.tracked_s <= chain.last_chance_s and held:
        return (
            (
                f"Tracked from {clock(chain.tracked_s)}, but at {clock(held[-1])} the track led "
                "the engagement radar to no target, and the round stayed on its rail."
            ),
            (
                "A track kept through the time from order to launch: more frequent looks, or a "
                "wider search by the engagement radar."
            ),
        )
    seen = f"Detected from {clock(chain.detected_s)}"
    if not math.isfinite(chain.tracked_s):
        rule = model.tables.track_params[0]
        need = f"{int(rule['confirm_hits'])} in {int(rule['confirm_scans'])} scans"
        return (
            f"{seen}, never in firm track.",
            f"Detections that follow each other and fit one course, {need}.",
        )
    gap = span(chain.tracked_s - chain.last_chance_s)
    return (
        f"{seen}, in firm track at {clock(chain.tracked_s)}, {_late(chain.tracked_s, chain)}.",
        f"A firm track {gap} sooner: a shorter scan, or fewer detections to confirm.",
    )


def _identification(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    seen = f"In firm track from {clock(chain.tracked_s)}"
    if not math.isfinite(chain.identified_s):
        return (
            f"{seen}, never identified in time: its last chance was {clock(chain.last_chance_s)}.",
            "A shorter delay from firm track to declared hostile, or a track that lasts it out.",
        )
    gap = span(chain.identified_s - chain.last_chance_s)
    return (
        f"{seen}, identified at {clock(chain.identified_s)}, {_late(chain.identified_s, chain)}.",
        f"Identification {gap} sooner.",
    )


def _window(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    if not math.isfinite(chain.last_chance_s):
        return (
            "No round of any unit could meet it at any point of its path.",
            "A round whose envelope holds its path, or an engagement radar that sees it there.",
        )
    left = span(chain.last_chance_s - chain.identified_s)
    held = [t for t, link in chain.aborts if link == "window"]
    known = f"Identified at {clock(chain.identified_s)}, {left} before its last chance"
    if held:
        return (
            (
                f"{known}; ordered, but at {clock(held[-1])} no intercept was left and the round "
                "stayed on its rail."
            ),
            "A shorter time from order to launch, or an earlier order.",
        )
    return (
        f"{known} at {clock(chain.last_chance_s)}, but no predicted intercept was found by then.",
        "An estimate of its course that is good sooner, or a larger overlap of reach and view.",
    )


def _channel(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    time_s = _refused(chain, "channel")
    states = books.at(time_s)
    full = [b for b in states if b.channels_full] or [max(states, key=lambda b: b.engagements)]
    names = model.names["units"]
    loads = ", ".join(
        f"{names[b.unit]}: {b.engagements} of {b.most_engagements} engagements, "
        f"{b.guided} of {b.most_guided} rounds in flight"
        for b in full
    )
    where = " or ".join(names[b.unit] for b in full)
    return (
        (
            f"{_missed(chain)}At {clock(time_s)} a round could have met it"
            f"{_asked(model, chain, 'channel')}, "
            f"but the channels were taken ({loads})."
        ),
        f"One more guidance channel at unit {where} at t = {time_s:.0f} s.",
    )


def _magazine(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    time_s = _refused(chain, "magazine")
    names = model.names["units"]
    states = books.at(time_s)
    loads = ", ".join(f"{names[b.unit]} {b.left} of {b.loaded} left" for b in states)
    least = min(states, key=lambda b: b.left)
    return (
        (
            f"{_missed(chain)}At {clock(time_s)} a round could have met it"
            f"{_asked(model, chain, 'magazine')}, but "
            "those that could were spent "
            f"(rounds of all kinds: {loads})."
        ),
        (
            f"One more round that reaches it, at unit {names[least.unit]} by "
            f"{clock(chain.last_chance_s)}."
        ),
    )


def _asked(model: Model, chain: Chain, link: str) -> str:
    """Which unit and missile refused, as a person says it: " (48n6e3 of south)"; or nothing."""
    told_s = _refused(chain, link)
    for (time_s, why_not), by in zip(chain.refusals, chain.refused_by, strict=True):
        named = _with(model, by)
        if (time_s, why_not) == (told_s, link) and named["unit"] and named["missile"]:
            return f" ({named['missile']} of {named['unit']})"
    return ""


def _refused(chain: Chain, link: str) -> float:
    """When the link kept a round from a threat: first of all, or first after what missed it."""
    met = max((shot.met_s for shot in chain.shots), default=-math.inf)
    times = [t for t, why_not in chain.refusals if why_not == link]
    return next((t for t in times if t > met), times[0] if times else chain.identified_s)


def _missed(chain: Chain) -> str:
    """What became of the rounds fired at it before another was refused; "" where none was."""
    count = len(chain.shots)
    if count == 0:
        return ""
    last = max(shot.met_s for shot in chain.shots)
    met = "One round met it and missed" if count == 1 else f"{count} rounds met it and missed"
    return f"{met}, the last at {clock(last)}. " if count > 1 else f"{met} at {clock(last)}. "


def _miss(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    last = max(shot.met_s for shot in chain.shots)
    what = _missed(chain).rstrip()
    if not math.isfinite(chain.last_chance_s):
        return (
            f"{what} They were fired on a predicted course; its true path was never in reach.",
            "A round whose envelope holds its path, or an engagement radar that sees it there.",
        )
    left = chain.last_chance_s - last - _look_again_s(model)
    if left <= 0:
        return (
            (
                f"{what} The verdict on it came too late for another shot: the last chance was "
                f"{clock(chain.last_chance_s)}."
            ),
            "A first shot early enough to look and shoot again, or a larger salvo.",
        )
    second = "Another volley"
    for time_s, link in [r for r in chain.refusals if r[0] > last][:1]:
        what += f" From {clock(time_s)} no further shot could be ordered ({link})."
        second = {"magazine": "One more round", "channel": "One more channel"}.get(link, second)
    return what, f"{second} for the {span(left)} left after the verdict, or a larger salvo."


def _look_again_s(model: Model) -> float:
    """From an intercept to the next volley's launch, at best: the verdict, then one cycle."""
    settings = model.tables.settings[0]
    return float(settings["assessment_delay_s"] + settings["decision_period_s"])


def _assessment(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    wrong = next((t for t, dead in chain.verdicts if dead), chain.ended_s)
    met = max(shot.met_s for shot in chain.shots if shot.met_s <= wrong)
    said = f"Missed at {clock(met)}, called killed at {clock(wrong)}, flew on."
    left = chain.last_chance_s - wrong - float(model.tables.settings[0]["decision_period_s"])
    if left > 0:
        return said, f"A right verdict, with {span(left)} left for another volley."
    if not math.isfinite(chain.last_chance_s):
        return f"{said} No further launch could have met it.", "A round that reaches its path."
    return (
        f"{said} Its last chance, {clock(chain.last_chance_s)}, was already past.",
        "A right verdict and an earlier first shot: no time was left to shoot again.",
    )


def _operator(model: Model, books: Ledger, chain: Chain) -> tuple[str, str]:
    time_s = _refused(chain, "operator")
    post = model.tables.settings[0]
    return (
        (
            f"{_missed(chain)}At {clock(time_s)} a round could have met it"
            f"{_asked(model, chain, 'operator')}, "
            f"but all {int(post['operators'])} operators were deciding on other targets, "
            f"{span(float(post['decision_time_s']))} each."
        ),
        "One more operator, or a shorter time to decide on a target.",
    )


_STORIES = {
    "horizon": _horizon,
    "detection": _detection,
    "track": _track,
    "identification": _identification,
    "window": _window,
    "channel": _channel,
    "magazine": _magazine,
    "miss": _miss,
    "assessment": _assessment,
    "operator": _operator,
}
assert set(_STORIES) == set(LINK_MEANING) == set(LINKS[1:])
