"""How many cruise missiles does it take? Leakers against the size of one wave.

.venv/bin/python examples/sweep.py
"""

import sys

import openiads as oi


def main(replications: int = 200) -> None:
    """Grow the wave; names keep their draws, so the points differ by the raid and not by luck."""
    print("cruise missiles   leakers of all classes   interceptors fired")
    for count in (4, 14, 28, 56):
        model = oi.compile(oi.load("default", {"raid.waves.cruise.count": str(count)}))
        found = oi.campaign(model, replications=replications, seed=7).summary()
        low, high = found["leakers"]["ci95"]
        fired = found["interceptors"]["mean"]
        print(
            f"{count:15d}   {found['leakers']['mean']:6.2f} [{low:.2f}, {high:.2f}]   {fired:8.1f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
