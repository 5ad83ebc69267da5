"""The event queue: a binary heap ordered by (time, kind, serial): ties never depend on luck.

Reference for the structure: Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964.
"""

from __future__ import annotations

from typing import Any

from openiads.kernel import kernel


@kernel(borrows=True)
def before(queue: Any, a: int, b: int) -> bool:
    """Whether entry ``a`` goes before entry ``b``."""
    if queue[a].time_s != queue[b].time_s:
        return queue[a].time_s < queue[b].time_s
    return queue[a].order < queue[b].order


@kernel(borrows=True)
def swap(queue: Any, a: int, b: int) -> None:
    """Exchange two entries."""
    one, two = queue[a], queue[b]
    one.time_s, two.time_s = two.time_s, one.time_s
    one.order, two.order = two.order, one.order
    one.kind, two.kind = two.kind, one.kind
    one.subject, two.subject = two.subject, one.subject
    one.detail, two.detail = two.detail, one.detail


@kernel(borrows=True)
def push(queue: Any, now: Any, time_s: float, kind: int, subject: int, detail: int) -> None:
    """Add an event; a full queue is noted in ``now.overflow`` and ends the replication."""
    at = now.n_queue
    if at >= queue.shape[0]:
        now.overflow |= 2
        return
    entry = queue[at]
    entry.time_s = time_s
    entry.order = (kind << 48) + now.next_event
    entry.kind = kind
    entry.subject = subject
    entry.detail = detail
    now.n_queue = at + 1
    now.next_event += 1
    while at > 0:
        parent = (at - 1) // 2
        if not before(queue, at, parent):
            break
        swap(queue, at, parent)
        at = parent


@kernel(borrows=True)
def pop(queue: Any, now: Any) -> tuple[float, int, int, int]:
    """Remove the earliest event: (time_s, kind, subject, detail). The queue must not be empty."""
    first = queue[0]
    time_s, kind, subject, detail = first.time_s, first.kind, first.subject, first.detail
    last = now.n_queue - 1
    now.n_queue = last
    swap(queue, 0, last)
    at = 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        if child + 1 < last and before(queue, child + 1, child):
            child += 1
        if not before(queue, child, at):
            break
        swap(queue, child, at)
        at = child
    return time_s, kind, subject, detail
