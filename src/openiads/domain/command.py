"""Command posts: how fast targets are named, decided upon and assessed, and how often wrongly."""

from __future__ import annotations

from typing import Literal

from openiads.declare import Count, Declared, Fraction, Time, declared
from openiads.kernel import kernel


class CommandPost(Declared):
    """A command post: the track picture, and the times and errors of decisions."""

    simultaneous_tracks: Count = declared(
        "tracks kept at once", ge=1, le=100_000, otherwise=("system:simultaneous_tracks",)
    )
    decision_period_s: Time = declared("time between two assignment cycles", gt=0)
    identification_delay_s: Time = declared("from firm track to declared hostile", ge=0)
    reaction_time_s: Time = declared("from the order to fire to the first launch", ge=0)
    assessment_delay_s: Time = declared("from intercept to the verdict on it", ge=0)
    miss_called_kill: Fraction = declared("share of surviving targets that are called killed")
    kill_called_miss: Fraction = declared("share of killed targets that are called alive")
    hostile_called_neutral: Fraction = declared(
        "share of hostile tracks that are named neutral, and then left alone", 0.0
    )
    neutral_called_hostile: Fraction = declared(
        "share of neutral tracks that are named hostile, and then shot at", 0.0
    )
    assignment: Literal["ranked", "greedy", "linear"] = declared(
        "ranked: track by track by urgency, each the unit and round that its doctrine prefers; "
        "the others choose for all tracks of a cycle together, by threat value times kill "
        "probability: greedy by maximum marginal return, linear optimally",
        "ranked",
    )
    evaluation: Literal["straight", "impact"] = declared(
        "what a falling track threatens: the asset that its straight course passes nearest, or "
        "the one nearest its predicted impact point",
        "straight",
    )
    classification: Literal["known", "features"] = declared(
        "known: the category of every target is told (assumed: recognition is right); features: "
        "probabilities of the classes of the record, from speed, height and cross-section, which "
        "salvo, choice of round and ranking then use",
        "known",
    )
    airliner_probability: Fraction = declared(
        "with features: what would be named hostile is named neutral if it is an airliner with "
        "more than this probability; 1: never",
        1.0,
    )
    operators: Count = declared(
        "operators who decide, one target at a time each; 0: as many as are needed", 0, ge=0, le=256
    )
    decision_time_s: Time = declared(
        "time that deciding on one target takes, and an operator is busy with it", 0.0, ge=0
    )
    link_delay_s: Time = declared("from the post to the fire unit, for an order", 0.0, ge=0)
    link_loss: Fraction = declared("share of orders that are lost on the way", 0.0, lt=1)
    link_timeout_s: Time = declared(
        "after which the post takes an order that is not carried out for lost "
        "(assumed: some decision cycles)",
        10.0,
        ge=0,
    )


@kernel
def threat_score(value: float, time_to_go_s: float) -> float:
    """Rank of a track: asset value over time to go, so that near and precious come first.

    ``value`` is the worth of the asset at risk, ``time_to_go_s`` the seconds to it. The form is
    the usual first-order urgency: Roux and van Vuuren, "Threat evaluation and weapon assignment
    decision support", ORiON 23(2), 2007, section 3.
    """
    return value / max(time_to_go_s, 1.0)
