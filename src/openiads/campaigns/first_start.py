"""The first start on a machine: the engine's kernels are compiled on two cores at once.

The parts of `replicate` that a process compiles lie in the cache for the other, which then only
puts them together.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

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

    Sensing and engagements are compiled by a second process, which begins at once and works beside
    the block; decisions are compiled here, after it. A second process that fails costs time and
    nothing else: what it did not leave in the cache is compiled with `replicate`.
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
    """Compile what a scan and an engagement do, for the types of a blank world."""
    tables = recarrays(blank_tables())
    memory = allocate(tables)
    prepare(scan, tables, memory.state, memory.plots, memory.tracks, 0, 0)
    for part in (launch, intercept, assess):
        prepare(part, tables, memory.state, 0)


def compile_command() -> None:
    """Compile decisions, for the types of a blank world."""
    tables = recarrays(blank_tables())
    memory = allocate(tables)
    prepare(decide, tables, memory.state, memory.space, memory.solver)
