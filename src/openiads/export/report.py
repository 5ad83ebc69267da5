"""The report: one HTML page that answers, shows why, and says what every number rests on.

Self-contained: no network, no script, no font of its own. The same run gives the same bytes.
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from openiads.analysis.timeline import Chain, chains, most_telling
from openiads.analysis.why import LINK_MEANING, clock, why, why_replication
from openiads.campaigns.outcomes import Outcomes
from openiads.engine.world import Model
from openiads.eventlog import Log
from openiads.export.chain_picture import STAGES, chain_picture
from openiads.export.charts import Fate, fate_bars, histogram, share_dots
from openiads.export.plan_picture import PATHS_MOST, plan_picture
from openiads.export.svg import interval, number, palette_css, percent

ROWS_MOST = 60
"""Threats on the timeline at most; a raid of thousands shows those that teach most."""

PACKAGES = ("openiads", "numpy", "numba", "scipy", "pyarrow")

PHASES = {
    "see": ("horizon", "detection"),
    "track": ("track",),
    "decide": ("identification", "window", "channel", "magazine", "operator"),
    "engage": ("miss", "assessment"),
}


def write_report(
    model: Model,
    outcomes: Outcomes,
    summary: Mapping[str, Any],
    log: Log,
    path: Path,
    config: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write the report of a campaign to ``path``, whole or not at all.

    ``summary`` is `campaigns.outcomes.summarise`, ``log`` one replication of the same model, which
    the timeline and the plan show. ``config`` is the run folder's run.json where there is one: it
    adds the command's overrides, the versions that ran and the scenario's text. ``changes`` is
    `analysis.counterfactual.Counterfactuals.row` of the same run, where it was looked for.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("openiads.export", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(number=number, clock=_clock_or_dash)
    page = environment.get_template("report.html.j2").render(
        **_answer(model, outcomes, summary),
        **_pictures(model, outcomes, summary, log),
        **_claims(model.provenance),
        **_reproduce(model, summary, log, config or {}),
        beliefs=summary.get("beliefs"),
        changes=_changes(changes) if changes else None,
    )
    draft = path.with_suffix(".tmp")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)


def _clock_or_dash(time_s: float) -> str:
    return clock(time_s) if math.isfinite(time_s) else "–"


def _answer(model: Model, outcomes: Outcomes, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The sentence at the top, and the figures under it."""
    leakers, clean = summary["leakers"], summary["p_no_leaker"]
    shares = summary["first_broken_link"]
    first = max(shares, key=shares.get) if shares else None
    launchers = model.tables.launchers
    loaded = int(launchers["rounds"].sum())
    refills = int((launchers["rounds"] * launchers["reloads"]).sum())
    low, high = np.quantile(outcomes.leakers, [0.05, 0.95])
    fired = summary["interceptors"]
    return {
        "scenario": model.scenario,
        "threats": summary["threats"],
        "replications": summary["replications"],
        "leakers": interval(leakers["mean"], *leakers["ci95"]),
        "usual": f"{low:,.0f} to {high:,.0f}" if high > low else f"{low:,.0f}",
        "clean": percent(clean["estimate"], *clean["ci95"]),
        "interceptors": interval(fired["mean"], *fired["ci95"]),
        "loaded": loaded,
        "refills": refills,
        "first_link": first,
        "first_link_share": percent(shares[first]) if first else None,
        "first_link_meaning": LINK_MEANING[first] if first else None,
        "losses": [
            (name, kind, percent(share["estimate"], *share["ci95"]))
            for kind, part in summary.get("losses", {}).items()
            for name, share in part["p_lost"].items()
        ],
        "fidelity": model.fidelity,
        "false_tracks": interval(summary["false_tracks"]["mean"], *summary["false_tracks"]["ci95"]),
        "looks": f"{summary['looks_per_replication']:,.0f}",
    }


def _pictures(
    model: Model, outcomes: Outcomes, summary: Mapping[str, Any], log: Log
) -> dict[str, Any]:
    import markupsafe

    picture = markupsafe.Markup
    story = why(model, outcomes)
    everything = chains(log)
    telling = most_telling(everything, ROWS_MOST)
    waves = _by_wave(model, telling, everything)
    names = model.names["classes"]
    fates = [
        Fate(
            name,
            summary["by_class"][name]["count"],
            {link: f["leakers"] for link, f in part["first_broken_link"].items()},
        )
        for name, part in story["by_class"].items()
        if name in summary["by_class"]  # neutrals and the harmless are no threats
    ]
    return {
        "palette": picture(palette_css()),
        "leaker_chart": picture(
            histogram(
                "leakers",
                "Threats that get through, over replications",
                outcomes.leakers,
                "threats that get through",
                summary["leakers"],
            )
        ),
        "round_chart": picture(
            histogram(
                "rounds",
                "Interceptors fired, over replications",
                outcomes.figure("interceptors"),
                "interceptors fired",
                summary["interceptors"],
            )
        ),
        "fates": fates,
        "fate_chart": picture(fate_bars("fates", "Mean fate of each class of threat", fates)),
        "fate_links": [k for k in LINK_MEANING if any(k in f.leaked for f in fates)],
        "by_class": {
            name: interval(part["leakers"]["mean"], *part["leakers"]["ci95"])
            for name, part in summary["by_class"].items()
        },
        "shares": [
            (link, percent(f["share"], *f["ci95"]), number(f["leakers"]), f["meaning"])
            for link, f in story["first_broken_link"].items()
        ],
        "share_chart": picture(
            share_dots(
                "shares", "Leakers by first broken link", story["first_broken_link"]
            )
        ),
        "meanings": LINK_MEANING,
        "phases": PHASES,
        "replication": log.replication,
        "stages": STAGES,
        "chain_chart": picture(
            chain_picture("chain", f"Kill chains of replication {log.replication}", waves)
        ),
        "chain_rows": [(c, names[c.threat]) for c in telling],
        "chain_total": len(everything),
        "leaker_stories": _stories(model, log, telling),
        "plan_chart": picture(
            plan_picture("plan", f"The raid from above, replication {log.replication}", model,
                         everything)
        ),
        "plan_drawn": min(len(everything), PATHS_MOST) if len(everything) > PATHS_MOST else None,
    }  # fmt: skip


CHANGES_MOST = 12
"""Changes that the chart shows; the table under it has them all."""


def _changes(found: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that would have stopped the leakers, as the page shows them."""
    import markupsafe

    rows = found["by_change"]
    shown = {row["words"]: row for row in rows[:CHANGES_MOST]}
    links = {row["words"]: row["acts_on"] or "quiet" for row in rows}
    title = "Cheapest single change that stops a leaker"
    return {
        "chart": markupsafe.Markup(share_dots("changes", title, shown, links)) if rows else "",
        "rows": rows,
        "most": CHANGES_MOST,
        "shares": [percent(row["share"], *row["ci95"]) for row in rows],
        "leakers": found["leakers"],
        "tried": found["changes_tried"],
        "replications": len({row["replication"] for row in found["leakers"]}),
    }


def _by_wave(
    model: Model, telling: Sequence[Chain], everything: Sequence[Chain]
) -> list[tuple[str, list[Chain]]]:
    names, classes = model.names["waves"], model.names["classes"]
    whole = {wave: [c for c in everything if c.wave == wave] for wave in range(len(names))}
    waves = []
    for wave, members in groupby(telling, key=lambda c: c.wave):
        listed = list(members)
        total = len(whole[wave])
        leaked = sum(c.leaked for c in whole[wave])
        part = "" if len(listed) == total else f", {len(listed)} of them shown"
        heading = (
            f"{names[wave]}: {total:,} × {classes[listed[0].threat]}, {leaked} got through{part}"
        )
        waves.append((heading, listed))
    return waves


def _stories(model: Model, log: Log, telling: Sequence[Chain]) -> list[dict[str, Any]]:
    shown_names = {c.name for c in telling}
    return [s for s in why_replication(model, log) if s["threat"] in shown_names]


def _claims(provenance: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The numbers of the catalogue, by what they rest on."""
    ordered = sorted(enumerate(provenance), key=lambda p: (_rank(provenance, p[1]), p[0]))
    rows: list[Mapping[str, Any]] = [{"nominal": None, **row} for _, row in ordered]

    def items(keep: list[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
        return [(item, list(part)) for item, part in groupby(keep, key=lambda r: r["item"])]

    sourced = [r for r in rows if not r["assumed"] and r["rule"] != "scenario"]
    assumed = [r for r in rows if r["assumed"]]
    given = [r for r in rows if r["rule"] == "scenario"]
    return {
        "sourced": items(sourced),
        "n_sourced": len(sourced),
        "assumed": items(assumed),
        "n_assumed": len(assumed),
        "given": items(given),
        "n_given": len(given),
        "n_numbers": len(rows),
    }


def _rank(provenance: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> int:
    """Position of the row's item at its first appearance, so that items stay together."""
    return next(k for k, other in enumerate(provenance) if other["item"] == row["item"])


def _reproduce(
    model: Model, summary: Mapping[str, Any], log: Log, config: Mapping[str, Any]
) -> dict[str, Any]:
    import shlex

    scenario = str(config.get("scenario", model.scenario))
    command = ["openiads", "run", scenario, "-n", str(summary["replications"])]
    command += ["--seed", str(log.seed)]
    for key, value in dict(config.get("set", {})).items():
        command += ["--set", f"{key}={value}"]
    versions = config.get("versions") or {p: importlib.metadata.version(p) for p in PACKAGES}
    return {
        "command": shlex.join(command),
        "hash": model.hash,
        "seed": log.seed,
        "versions": versions,
        "text": config.get("text"),
    }
