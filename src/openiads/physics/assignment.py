"""Assignment: which row takes which column at the least total cost.

Both solvers are shortest augmenting paths with dual prices (Jonker and Volgenant, "A shortest
augmenting path algorithm for dense and sparse linear assignment problems", Computing 38, 1987):
exact, and each row's search stays within the part of the problem that it can reach.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.faults import InputError
from openiads.kernel import kernel
from openiads.physics.weapon_target import WeaponTarget, weapon_target

AssignSpace = namedtuple("AssignSpace", "row_edge column heap listed reached kept")
AssignSpace.__doc__ = """Result and workspace of `assign_sparse`, made by `assign_space`:
``row_edge`` (rows,), ``column`` (columns,) of `COLUMN`, ``heap`` (edges + 1,) of `HEAP`; of
a solution in steps ``listed`` (rows,), the rows that take part, ``reached`` (columns + 1,), the
columns that they can take and at the end how many, and ``kept`` (rows,), what `assign_keep` keeps
of each."""

__all__ = ["WeaponTarget", "assign_sparse", "linear_assignment", "weapon_target"]

COLUMN = np.dtype(
    [
        ("row", np.int32),
        ("stamp", np.int32),
        ("price", np.float64),
        ("distance", np.float64),
        ("back_edge", np.int32),
        ("back_row", np.int32),
        ("touched", np.int32),
        ("kept_row", np.int32),
        ("kept_price", np.float64),
    ]
)

HEAP = np.dtype([("key", np.float64), ("index", np.int64)])


def assign_space(rows: int, columns: int, edges: int) -> AssignSpace:
    """Arrays for sparse problems of up to so many rows, columns and edges."""
    return AssignSpace(
        row_edge=np.full(rows, -1, np.int64),
        column=np.zeros(columns, COLUMN).view(np.recarray),
        heap=np.zeros(edges + 1, HEAP).view(np.recarray),
        listed=np.zeros(rows, np.int32),
        reached=np.zeros(columns + 1, np.int32),
        kept=np.zeros(rows, np.int64),
    )


@kernel(borrows=True)
def heap_push(heap, size, key, item):
    """Put (key, item) on the binary heap of ``size`` entries."""
    child = size
    while child > 0:
        parent = (child - 1) >> 1
        if heap[parent].key <= key:
            break
        heap[child].key = heap[parent].key
        heap[child].index = heap[parent].index
        child = parent
    heap[child].key = key
    heap[child].index = item


@kernel(borrows=True)
def heap_drop(heap, size):
    """Drop the least entry (at index 0) of a heap; ``size`` >= 0 entries remain."""
    key, item = heap[size].key, heap[size].index
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1].key < heap[child].key:
            child += 1
        if heap[child].key >= key:
            break
        heap[parent].key = heap[child].key
        heap[parent].index = heap[child].index
        parent = child
    heap[parent].key = key
    heap[parent].index = item


@kernel(forceinline=True, borrows=True)
def assign_sparse(n_rows, start, column, cost, alone, n_columns, space):
    """Least-cost assignment of sparse rows, each of which may stay alone at a price.

    Minimises the sum over rows of ``cost[e]`` of the edge e that the row takes, or of
    ``alone[i]`` where row i takes none; a column serves at most one row.

    Args: start (n_rows + 1,): the edges of row i are start[i] .. start[i + 1] - 1 of ``column``
    and ``cost``; alone (n_rows,); space: an `AssignSpace`, of which ``row_edge`` (edge or -1) and
    ``column.row`` (row or -1) hold the result.
    Reference: Jonker and Volgenant 1987, section 3, with a private column for staying alone.
    """
    assign_open(n_columns, space)
    assign_rows(n_rows, start, column, cost, alone, space)


@kernel(forceinline=True, borrows=True)
def assign_rows(n_rows, start, column, cost, alone, space):
    """`assign_sparse` into an assignment that is open already (`assign_open`)."""
    for i0 in range(n_rows):
        _place(i0, start, column, cost, alone, space)


@kernel(borrows=True)
def assign_open(n_columns, space):
    """Begin an assignment: no row is in it."""
    node = space.column
    for j in range(n_columns):
        node[j].row = -1
        node[j].price = 0.0
        node[j].stamp = -1


@kernel(inline="always", borrows=True)
def _place(i0, start, column, cost, alone, space):
    """Give row ``i0`` its best column if that is free, else search for a path."""
    row_edge, node = space.row_edge, space.column
    row_edge[i0] = -1
    best = alone[i0]
    pick = -1
    for e in range(start[i0], start[i0 + 1]):
        c = cost[e] - node[column[e]].price
        if c < best:
            best = c
            pick = e
    if pick < 0:
        return
    if node[column[pick]].row < 0:
        row_edge[i0] = pick
        node[column[pick]].row = i0
    else:
        _augment(i0, start, column, cost, alone, space)


@kernel(borrows=True)
def assign_rivals(n_rows, start, column, first, space):
    """List behind the ``first`` rows listed all others that want a column of theirs; the number.

    The rows listed at the start must ascend. Needs `assign_open`; notes the columns of all of them.
    """
    node, listed, reached = space.column, space.listed, space.reached
    n = 0
    for k in range(first):
        for e in range(start[listed[k]], start[listed[k] + 1]):
            if node[column[e]].stamp == -1:
                node[column[e]].stamp = -2
                reached[n] = column[e]
                n += 1
    k, last = 0, first
    for r in range(n_rows):
        if k < first and listed[k] == r:
            k += 1
            continue
        for e in range(start[r], start[r + 1]):
            if node[column[e]].stamp == -2:
                listed[last] = r
                last += 1
                break
    for k in range(first, last):
        for e in range(start[listed[k]], start[listed[k] + 1]):
            if node[column[e]].stamp == -1:
                node[column[e]].stamp = -3
                reached[n] = column[e]
                n += 1
    reached[reached.size - 1] = n
    return last


@kernel(borrows=True)
def assign_listed(first, last, start, column, cost, alone, space):
    """Add to an assignment the rows ``listed[first:last]``; none may be in it yet."""
    for k in range(first, last):
        _place(space.listed[k], start, column, cost, alone, space)


@kernel(borrows=True)
def assign_keep(first, last, space):
    """Keep the assignment of the rows ``listed[first:last]``, to which `assign_again` returns."""
    node = space.column
    for k in range(first, last):
        space.kept[k] = space.row_edge[space.listed[k]]
    for k in range(space.reached[space.reached.size - 1]):
        j = space.reached[k]
        node[j].kept_row, node[j].kept_price = node[j].row, node[j].price


@kernel(borrows=True)
def assign_again(first, last, space):
    """Return to the assignment of `assign_keep`: only the rows ``listed[first:last]`` are in it."""
    node = space.column
    for k in range(first, last):
        space.row_edge[space.listed[k]] = space.kept[k]
    for k in range(space.reached[space.reached.size - 1]):
        j = space.reached[k]
        node[j].row, node[j].price, node[j].stamp = node[j].kept_row, node[j].kept_price, -1


@kernel(borrows=True)
def assign_close(space):
    """Forget the assignment of rivals: it is open again, as before `assign_rivals`."""
    node = space.column
    for k in range(space.reached[space.reached.size - 1]):
        j = space.reached[k]
        node[j].row, node[j].price, node[j].stamp = -1, 0.0, -1


@kernel(borrows=True)
def _augment(i0, start, column, cost, alone, space):
    """Place row ``i0`` along the shortest augmenting path (Dijkstra) and mend the prices.

    In this search ``stamp`` is 2 i0 for a column reached and 2 i0 + 1 for one settled. Only
    columns from which the search may go on wait on the heap: a free one ends it, and so does one
    whose row has no other edge, where that row stays alone.
    """
    row_edge, node, heap = space.row_edge, space.column, space.heap
    touched, size = 0, 0
    row, level, base = i0, 0.0, 0.0
    end_row, end_cost, end_column = i0, alone[i0], -1
    while True:
        for e in range(start[row], start[row + 1]):
            j = column[e]
            d = level + (cost[e] - node[j].price - base)
            if d >= end_cost or node[j].stamp == 2 * i0 + 1:
                continue
            fresh = node[j].stamp != 2 * i0
            if not fresh and d >= node[j].distance:
                continue
            node[j].stamp = 2 * i0
            node[j].distance = d
            node[j].back_edge = e
            node[j].back_row = row
            owner = node[j].row
            if owner < 0:
                end_column, end_cost = j, d
            elif start[owner + 1] - start[owner] == 1:
                if fresh:
                    node[touched].touched = j
                    touched += 1
                stay = d + alone[owner] - (cost[row_edge[owner]] - node[j].price)
                if stay < end_cost:
                    end_column, end_cost, end_row = -1, stay, owner
            else:
                heap_push(heap, size, d, j)
                size += 1
        found = -1
        while size > 0 and found < 0:
            j = heap[0].index
            # An entry that a shorter way has overtaken is stale.
            if node[j].stamp == 2 * i0 and heap[0].key == node[j].distance:
                found = j
            size -= 1
            heap_drop(heap, size)
        if found < 0 or node[found].distance >= end_cost:
            break
        node[found].stamp = 2 * i0 + 1
        node[touched].touched = found
        touched += 1
        row = node[found].row
        level = node[found].distance
        base = cost[row_edge[row]] - node[found].price
        stay = level + alone[row] - base
        if stay < end_cost:
            end_column, end_cost, end_row = -1, stay, row
    for k in range(touched):
        j = node[k].touched
        if node[j].distance < end_cost:
            node[j].price += node[j].distance - end_cost
    if end_column < 0:
        if end_row == i0:
            return
        end_column = column[row_edge[end_row]]
        row_edge[end_row] = -1
    _flip(i0, end_column, column, row_edge, node)


@kernel(borrows=True)
def _flip(i0, end_column, column, row_edge, node):
    """Swap taken and free edges along the path from row ``i0`` to ``end_column``."""
    j = end_column
    while True:
        row = node[j].back_row
        before = row_edge[row]
        row_edge[row] = node[j].back_edge
        node[j].row = row
        if row == i0:
            return
        j = column[before]


@kernel(borrows=True)
def _assign_dense(cost, row_column, column_row, price_row, price, distance, back, done):
    """Least-cost assignment of every row of ``cost`` (n <= m); writes row_column (n,)."""
    n, m = cost.shape
    for j in range(m):
        column_row[j] = -1
        price[j] = 0.0
    for i0 in range(n):
        for j in range(m):
            distance[j] = np.inf
            done[j] = 0
        row, level = i0, 0.0
        price_row[i0] = 0.0
        end = -1
        while end < 0:
            near, least = -1, np.inf
            for j in range(m):
                if done[j] == 0:
                    d = level + cost[row, j] - price_row[row] - price[j]
                    if d < distance[j]:
                        distance[j] = d
                        back[j] = row
                    # Among equals a free column ends the search.
                    if distance[j] < least or (distance[j] == least and column_row[j] < 0):
                        least = distance[j]
                        near = j
            done[near] = 1
            level = least
            if column_row[near] < 0:
                end = near
            else:
                row = column_row[near]
        for j in range(m):
            if done[j] == 1 and j != end:
                price_row[column_row[j]] += level - distance[j]
                price[j] -= level - distance[j]
        price_row[i0] += level
        j = end
        while True:
            row = back[j]
            column_row[j] = row
            before = row_column[row]
            row_column[row] = j
            if row == i0:
                break
            j = before


def linear_assignment(cost: ArrayLike) -> np.ndarray:
    """Minimum-cost assignment of rows to columns: the column of each row, or -1.

    Minimises sum_i cost[i, c_i] over one-to-one matchings of the largest size, min(n, m) where
    nothing is forbidden; an entry of +inf or NaN is a pair that may not be matched.

    Args: cost of shape (n, m), any finite numbers. Returns an integer array of shape (n,).
    Raises InputError where ``cost`` is not a matrix of numbers or holds -inf.
    Reference: Jonker and Volgenant 1987. Validated by tests/validation/test_association.py.
    """
    try:
        table = np.array(cost, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError.of(f"cost is not a table of numbers ({error})", "pass a matrix") from None
    if table.ndim != 2:
        raise InputError.of(f"cost has {table.ndim} dimensions", "pass a matrix (rows, columns)")
    if np.isneginf(table).any():
        raise InputError.of("cost holds -inf", "costs are finite, or +inf where forbidden")
    n, m = table.shape
    result = np.full(n, -1, np.int64)
    allowed = np.isfinite(table)
    if not allowed.any():
        return result
    # A forbidden pair costs more than any way around it, so the fewest of them are taken.
    low, high = table[allowed].min(), table[allowed].max()
    table = np.where(allowed, table - low, (high - low + 1.0) * (min(n, m) + 1))
    turned = n > m
    work = np.ascontiguousarray(table.T if turned else table)
    rows, columns = work.shape
    column_of = np.full(rows, -1, np.int64)
    row_of = np.full(columns, -1, np.int64)
    _assign_dense(
        work, column_of, row_of, np.zeros(rows), np.zeros(columns), np.zeros(columns),
        np.zeros(columns, np.int64), np.zeros(columns, np.int64),
    )  # fmt: skip
    picked = row_of if turned else column_of
    taken = picked >= 0
    taken[taken] = allowed[np.flatnonzero(taken), picked[taken]]
    result[taken] = picked[taken]
    return result
