"""The event queue: a binary heap ordered by (time, kind, serial): ties never depend on luck.

Reference for the structure: Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964.
"""

from __future__ import annotations

from typing import Any

from openiads.kernel import kernel


@kernel
def _before(queue: Any, a: int, b: int) -> bool:
    if queue.time_s[a] != queue.time_s[b]:
        return queue.time_s[a] < queue.time_s[b]
    return queue.order[a] < queue.order[b]


@kernel
def _swap(queue: Any, a: int, b: int) -> None:
    queue.time_s[a], queue.time_s[b] = queue.time_s[b], queue.time_s[a]
    queue.order[a], queue.order[b] = queue.order[b], queue.order[a]
    queue.kind[a], queue.kind[b] = queue.kind[b], queue.kind[a]
    queue.subject[a], queue.subject[b] = queue.subject[b], queue.subject[a]
    queue.detail[a], queue.detail[b] = queue.detail[b], queue.detail[a]


@kernel
def push(queue: Any, time_s: float, kind: int, subject: int, detail: int) -> bool:
    """Add an event; False if the queue is full (the caller logs the overflow)."""
    at = queue.size[0]
    if at >= queue.time_s.shape[0]:
        return False
    queue.size[0] = at + 1
    queue.time_s[at] = time_s
    queue.order[at] = (kind << 48) + queue.size[1]
    queue.kind[at] = kind
    queue.subject[at] = subject
    queue.detail[at] = detail
    queue.size[1] += 1
    while at > 0:
        parent = (at - 1) // 2
        if not _before(queue, at, parent):
            break
        _swap(queue, at, parent)
        at = parent
    return True


@kernel
def pop(queue: Any) -> tuple[float, int, int, int]:
    """Remove the earliest event: (time_s, kind, subject, detail). The queue must not be empty."""
    time_s, kind = queue.time_s[0], queue.kind[0]
    subject, detail = queue.subject[0], queue.detail[0]
    last = queue.size[0] - 1
    queue.size[0] = last
    _swap(queue, 0, last)
    at = 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        if child + 1 < last and _before(queue, child + 1, child):
            child += 1
        if not _before(queue, child, at):
            break
        _swap(queue, child, at)
        at = child
    return time_s, kind, subject, detail
