"""The first start on a machine: the engine's kernels are compiled on two cores at once.

The parts of `replicate` that a process compiles lie in the cache for the other, which then only
puts them together.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from openiads.engine.allot import gather
from openiads.engine.decide import decide
from openiads.engine.engage import assess, intercept, launch
from openiads.engine.run import recarrays
from openiads.engine.sense import scan
from openiads.engine.state import allocate
from openiads.engine.world import blank_tables
from openiads.kernel import is_warm, jit_disabled, prepare

_OTHER = "from openiads.campaigns.first_start import compile_sensing; compile_sensing()"


@contextlib.contextmanager
def first_start() -> Iterator[None]:
    """Have the engine's parts compiled when the block is left, where that has yet to be done.

    Sensing and the survey of decisions are compiled by a second process, which begins at once and
    works beside the block; the rest is compiled here, after it. A second process that fails costs
    time and nothing else: what it did not leave in the cache is compiled with `replicate`.
    """
    if jit_disabled() or is_warm("scan"):
        yield
        return
    quiet = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-c", _OTHER], stdout=quiet, stderr=quiet) as other:
        try:
            yield
            compile_command()
        except BaseException:
            other.terminate()
            raise


def compile_sensing() -> None:
    """Compile the survey of a decision and a scan, for the types of a blank world.

    The survey first, so that it lies ready when the other process comes to the decisions.
    """
    tables = recarrays(blank_tables())
    memory = allocate(tables)
    prepare(gather, tables, memory.state, memory.space, 0, 0.0)
    prepare(scan, tables, memory.state, memory.plots, memory.tracks, 0, 0)


def compile_command() -> None:
    """Compile decisions and what an engagement does, for the types of a blank world."""
    tables = recarrays(blank_tables())
    memory = allocate(tables)
    prepare(decide, tables, memory.state, memory.space, memory.solver)
    for part in (launch, intercept, assess):
        prepare(part, tables, memory.state, 0)
