"""The rule of the first broken link where a threat was shot at, missed and not shot at again."""

from __future__ import annotations

import pytest

from openiads.analysis.timeline import chains
from openiads.analysis.why import why_replication
from openiads.eventlog import run as run_once
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load


@pytest.mark.parametrize(("name", "link"), [("channels", "channel"), ("drone-drain", "magazine")])
def test_what_kept_the_next_round_back_is_the_link(name: str, link: str) -> None:
    """After the last round: refused for it, in time for another, and the story says both."""
    model = compile_scenario(load(name))
    held_back = 0
    for replication in range(6):
        log = run_once(model, 5, replication)
        stories = {story["threat"]: story for story in why_replication(model, log)}
        for chain in chains(log):
            if not chain.leaked or not chain.shots:
                continue
            last = max(shot.launched_s for shot in chain.shots)
            refused = [t for t, k in chain.refusals if k == link and t > last]
            assert all(t <= chain.last_chance_s for t in refused)
            assert (chain.link == link) == bool(refused) or chain.link == "assessment"
            if chain.link == link:
                held_back += 1
                assert "met it and missed" in stories[chain.name]["what"]
                assert "could have met it" in stories[chain.name]["what"]
    assert held_back > 3


def test_a_miss_without_a_refusal_stays_a_miss() -> None:
    """One volley at each target, by doctrine: no channel and no magazine to blame."""
    model = compile_scenario(load("no-second-look"))
    links = set()
    for replication in range(6):
        for chain in chains(run_once(model, 5, replication)):
            if chain.leaked and chain.shots:
                links.add(chain.link)
    assert links <= {"miss", "assessment"}
    assert "miss" in links
