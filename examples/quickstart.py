"""From a scenario to an answer in four verbs: load, compile, campaign, run.

.venv/bin/python examples/quickstart.py
"""

import sys

import openiads as oi


def main(replications: int = 200) -> None:
    """Run the default scenario, say who leaked, and tell the story of one replication."""
    model = oi.compile(oi.load("default"))
    summary = oi.campaign(model, replications=replications, seed=7).summary()
    low, high = summary["leakers"]["ci95"]
    print(f"{summary['leakers']['mean']:.2f} of {summary['threats']} threats leak", end="")
    print(f" (95 % interval {low:.2f} to {high:.2f})")
    for link, share in summary["first_broken_link"].items():
        print(f"  {100 * share:5.1f} %  {link}")

    log = oi.run(model, seed=7, replication=17)
    log.check()
    print("replication 17, the first ten events:")
    for event in log.events.slice(0, 10).to_pylist():
        print(f"  {event['time_s']:7.1f} s  {event['event']:<10} {event['threat'] or ''}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
