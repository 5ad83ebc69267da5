"""Why threats leaked: shares, ledger and stories, from Logs that are written down."""

import math
from pathlib import Path

import pytest

from openiads.analysis.timeline import Ledger, chains, most_telling, position_m
from openiads.analysis.why import LINK_MEANING, why, why_replication
from openiads.engine.world import CHANNEL, LINKS, MISS, SHOT_KILL, SHOT_MISS, TRACK, WINDOW
from openiads.faults import InputError
from tiny_run import CHANNELS, ROUNDS, leaks, tiny_log, tiny_model, tiny_outcomes

DOCS = Path(__file__).parents[2] / "docs"


def story(link, *lines, before=()):
    model = tiny_model(["a", "b", "c"])
    log = tiny_log(model, [*before, *leaks(0, link, *lines)])
    (only,) = why_replication(model, log)
    assert (only["threat"], only["link"], only["asset"]) == ("a", link, "port")
    assert only["destroyed"] is None, "no line of the Log says that it struck"
    return only


SEEN = (10.0, "in-sight", 0, {"unit": 0})
DETECTED = (20.0, "detected", 0)
TRACKED = (30.0, "tracked", 0)
IDENTIFIED = (40.0, "identified", 0)
KNOWN = (SEEN, DETECTED, TRACKED, IDENTIFIED)


def shot(launched_s, met_s, serial=0, threat=0, kill=False):
    return [
        (launched_s, "launch", threat, {"serial": serial}),
        (met_s, "intercept", threat, {"serial": serial, "value": SHOT_KILL if kill else SHOT_MISS}),
    ]


def test_horizon_says_how_late():
    told = story("horizon", (130.0, "in-sight", 0, {"unit": 0}))
    assert "eye at 2:10, 30 s after its last chance at 1:40" in told["what"]
    assert "30 s sooner" in told["mend"]
    assert told["chain"]["see"] == {"in_sight_s": 130.0, "detected_s": None}
    assert "No radar ever" in story("horizon")["what"]


def test_detection_track_and_identification_say_how_late():
    told = story("detection", SEEN, (104.0, "detected", 0))
    assert "4.0 s after its last chance" in told["what"]
    assert "never detected" in story("detection", SEEN)["what"]
    told = story("track", SEEN, DETECTED, (150.0, "tracked", 0))
    assert "50 s sooner" in told["mend"]
    assert "3 in 5 scans" in story("track", SEEN, DETECTED)["mend"]
    told = story("identification", SEEN, DETECTED, TRACKED, (101.0, "identified", 0))
    assert "Identification 1.0 s sooner" in told["mend"]
    assert "never identified" in story("identification", SEEN, DETECTED, TRACKED)["what"]


def test_a_round_held_back_is_told_by_its_reason():
    held = (70.0, "abort", 0, {"value": TRACK})
    told = story("track", *KNOWN, (60.0, "order", 0), held)
    assert "at 1:10 the track led the engagement radar to no target" in told["what"]
    assert told["chain"]["engage"]["aborted"] == [{"time_s": 70.0, "link": "track"}]
    held = (70.0, "abort", 0, {"value": WINDOW})
    assert "no intercept was left" in story("window", *KNOWN, (60.0, "order", 0), held)["what"]


def test_window_tells_a_path_that_nothing_can_meet_from_one_that_was_not_found():
    assert "60 s before its last chance at 1:40" in story("window", *KNOWN)["what"]
    model = tiny_model(["a"])
    model.tables.threats["reachable"] = 0
    (told,) = why_replication(model, tiny_log(model, leaks(0, "window", *KNOWN)))
    assert "No round of any unit could meet it" in told["what"]
    assert told["chain"]["last_chance_s"] is None


def test_channel_names_the_unit_that_was_full():
    orders = [(45.0 + k, "order", 1 + k, {"serial": k}) for k in range(CHANNELS)]
    refused = (50.0, "refused", 0, {"unit": -1, "serial": CHANNEL})
    told = story("channel", *KNOWN, refused, before=orders)
    assert "south: 2 of 2 engagements" in told["what"]
    assert told["mend"] == "One more guidance channel at unit south at t = 50 s."


def test_magazine_counts_rounds():
    fired = [line for k in range(ROUNDS) for line in shot(41.0, 44.0, k, threat=1, kill=True)]
    refused = (50.0, "refused", 0, {"unit": -1, "serial": LINKS.index("magazine")})
    told = story("magazine", *KNOWN, refused, before=fired)
    assert f"south 0 of {ROUNDS} left" in told["what"]
    assert "unit south by 1:40" in told["mend"]


def test_miss_asks_whether_there_was_time_to_shoot_again():
    early = story("miss", *KNOWN, (45.0, "order", 0), *shot(50.0, 60.0))
    assert "One round met it and missed at 1:00." in early["what"]
    assert "Another volley for the 32 s left" in early["mend"]
    empty = (68.0, "refused", 0, {"unit": -1, "serial": LINKS.index("magazine")})
    spent = story("miss", *KNOWN, (45.0, "order", 0), *shot(50.0, 60.0), empty)
    assert "From 1:08 no further shot could be ordered (magazine)." in spent["what"]
    assert "One more round for the 32 s left" in spent["mend"]
    late = story("miss", *KNOWN, (45.0, "order", 0), *shot(50.0, 95.0))
    assert "too late for another shot" in late["what"]
    twice = story("miss", *KNOWN, *shot(50.0, 55.0), *shot(52.0, 57.0, serial=1))
    assert "2 rounds met it and missed, the last at 0:57" in twice["what"]


def test_assessment_gives_the_time_that_a_right_verdict_left():
    verdict = (66.0, "assessed", 0, {"value": 1.0})
    told = story("assessment", *KNOWN, (45.0, "order", 0), *shot(50.0, 60.0), verdict)
    assert told["what"] == "Missed at 1:00, called killed at 1:06, flew on."
    assert "32 s left" in told["mend"]


def test_shots_at_what_was_never_in_reach():
    model = tiny_model(["a"])
    model.tables.threats["reachable"] = 0
    verdict = (66.0, "assessed", 0, {"value": 1.0})
    for link, words in (("miss", "never in reach"), ("assessment", "No further launch")):
        log = tiny_log(
            model, leaks(0, link, *KNOWN, (45.0, "order", 0), *shot(50.0, 60.0), verdict)
        )
        (told,) = why_replication(model, log)
        assert words in told["what"]


def test_a_log_of_another_model_is_refused():
    log = tiny_log(tiny_model(["b"]), leaks(0, "window"))
    with pytest.raises(InputError, match="another model"):
        why_replication(tiny_model(["a"]), log)


def test_ledger_opens_and_closes():
    model = tiny_model(["a", "b"])
    lines = [
        (10.0, "order", 0, {"serial": 0}),
        (12.0, "order", 1, {"serial": 1}),
        *shot(13.0, 20.0, 0),
        (15.0, "abort", 1, {"serial": 1, "value": TRACK}),
        (26.0, "assessed", 0, {"serial": 0}),
        (30.0, "reload", -1, {"serial": 0}),
    ]
    ledger = Ledger(tiny_log(model, lines))
    busy = {t: ledger.at(t)[0] for t in (5.0, 14.0, 18.0, 22.0, 27.0, 31.0)}
    assert [b.engagements for b in busy.values()] == [0, 2, 1, 1, 0, 0]
    assert [b.guided for b in busy.values()] == [0, 1, 1, 0, 0, 0]
    assert [b.left for b in busy.values()] == [4, 3, 3, 3, 3, 7]
    assert busy[14.0].channels_full and not busy[18.0].channels_full


def test_chains_keep_first_times_and_places():
    model = tiny_model(["a"])
    lines = leaks(0, "miss", *KNOWN, (45.0, "order", 0), *shot(50.0, 60.0), (90.0, "order", 0))
    (chain,) = chains(tiny_log(model, lines))
    assert (chain.ordered_s, chain.orders) == (45.0, [45.0, 90.0])
    assert (chain.shots[0].met_s, chain.shots[0].kill, chain.leaked) == (60.0, False, True)
    assert position_m(model, chain, 50.0)[0] == pytest.approx(75e3)
    assert position_m(model, chain, 1e9)[0] == 0.0


def test_most_telling_prefers_leakers_and_keeps_every_wave():
    model = tiny_model([f"t{k}" for k in range(10)])
    model.tables.threats["wave"] = [0] * 8 + [1] * 2
    lines = [(200.0, "killed", k) for k in range(10) if k != 5]
    chosen = most_telling(chains(tiny_log(model, [*leaks(5, "miss"), *lines])), 3)
    assert [c.threat for c in chosen] == [0, 5, 8]


def test_shares_sum_to_one_in_all_and_by_class():
    model = tiny_model(["a", "b", "c", "d"], ["x", "x", "y", "z"])
    outcomes = tiny_outcomes([[MISS, TRACK, 0, 0], [0, CHANNEL, MISS, 0], [MISS, 0, 0, 0]])
    found = why(model, outcomes)
    assert found["leakers"] == pytest.approx(5 / 3)
    shares = found["first_broken_link"]
    assert sum(s["share"] for s in shares.values()) == pytest.approx(1.0)
    assert shares["miss"]["share"] == pytest.approx(0.6)
    assert shares["miss"]["meaning"] == LINK_MEANING["miss"]
    for part in found["by_class"].values():
        total = sum(s["share"] for s in part["first_broken_link"].values())
        assert total == pytest.approx(1.0 if part["leakers"] else 0.0)
    assert found["by_class"]["z"]["first_broken_link"] == {}


def test_one_link_for_all_leakers_is_no_certainty():
    found = why(tiny_model(["a", "b"]), tiny_outcomes([[MISS, 0]] * 30))
    low, high = found["first_broken_link"]["miss"]["ci95"]
    assert 0.8 < low < 0.95
    assert high == 1.0


def test_every_link_has_a_meaning_that_the_docs_print():
    assert tuple(LINK_MEANING) == LINKS[1:]
    text = (DOCS / "kill-chain.md").read_text(encoding="utf-8")
    for link, meaning in LINK_MEANING.items():
        assert f"| {link} | {meaning} |" in text


def test_stories_hold_no_number_that_json_lacks():
    told = story("horizon")

    def finite(value):
        if isinstance(value, dict):
            return all(finite(v) for v in value.values())
        if isinstance(value, list):
            return all(finite(v) for v in value)
        return not isinstance(value, float) or math.isfinite(value)

    assert finite(told)


@pytest.mark.parametrize("value", [1.0, 0.0])
def test_a_leaker_that_arrived_says_whether_it_destroyed_its_aim(value: float) -> None:
    model = tiny_model(["a"])
    lines = [*leaks(0, "horizon"), (200.0, "struck", 0, {"serial": 0, "value": value})]
    (story,) = why_replication(model, tiny_log(model, lines))
    assert story["destroyed"] == (value == 1.0)
