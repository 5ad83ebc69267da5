"""The record as tables: rows for CSV and Parquet, and SQL over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openiads.claims.disagreement import Conflict
from openiads.claims.inventory import Holding, fire_units
from openiads.claims.ledger import Event
from openiads.faults import InputError
from openiads.scenario.record import Claim
from openiads.scenario.sources import Source, earliest_day
from openiads.units import to_si

Row = dict[str, Any]
MAX_ROWS = 100_000


def event_rows(events: Iterable[Event]) -> list[Row]:
    """One row an event. Days are ISO text; an open end of a period is empty."""
    rows = []
    for e in events:
        units = fire_units(e)
        period = e.happened
        rows.append(
            {
                "id": e.id,
                "buyer": e.buyer,
                "seller": e.seller,
                "system": e.system,
                "family": e.family,
                "kind": e.kind,
                "date": e.date,
                "happened_first": _day(period.first, e.date),
                "happened_last": _day(period.last, e.date),
                "said_first": earliest_day(e.source.date) if e.source.date else None,
                "said_last": e.source.latest_day if e.source.date else None,
                "quantity": str(e.quantity[0]) if e.quantity else None,
                "quantity_unit": e.quantity[1] if e.quantity else None,
                "fire_units_low": units[0] if units else None,
                "fire_units_high": units[1] if units else None,
                "amount": float(e.value[0]) if e.value else None,
                "currency": e.value[1] if e.value else None,
                "status": e.status,
                "lot": e.reading.lot,
                "part": e.reading.part,
                "source": e.source.id,
                "tier": e.source.tier,
                "publisher": e.source.publisher,
                "quote": e.quote,
                "note": e.note,
            }
        )
    return rows


def _day(day: str, date: str | None) -> str | None:
    return None if date is None or day.startswith(("0000", "9999")) else day


def claim_rows(claims: Iterable[Claim]) -> list[Row]:
    """One row a claim of the catalogue, with its numbers also in SI."""
    rows = []
    for c in claims:
        ends = c.value if isinstance(c.value, tuple) else (c.value, c.value)
        words = isinstance(c.value, str)
        rows.append(
            {
                "id": c.id,
                "item": c.item,
                "parameter": c.parameter,
                "low": None if words else float(ends[0]),
                "high": None if words else float(ends[1]),
                "words": c.value if words else None,
                "unit": c.unit,
                "low_si": None if words else to_si(float(ends[0]), c.unit),
                "high_si": None if words else to_si(float(ends[1]), c.unit),
                "bound": c.bound,
                "source": c.source.id,
                "tier": c.source.tier,
                "said_last": c.source.latest_day if c.source.date else None,
                "quote": c.quote,
                "note": c.note,
            }
        )
    return rows


def source_rows(sources: Iterable[Source]) -> list[Row]:
    """One row a source."""
    return [
        {
            "id": s.id,
            "title": s.title,
            "publisher": s.publisher,
            "tier": s.tier,
            "date": s.date,
            "date_inferred": s.date_inferred,
            "url": s.url,
            "seed": s.seed,
            "repeats": ", ".join(s.repeats) or None,
        }
        for s in sources
    ]


def conflict_rows(conflicts: Iterable[Conflict]) -> list[Row]:
    """One row for each thing said on each side of each conflict."""
    return [
        {
            "conflict": number,
            "subject": c.subject,
            "rule": c.rule,
            "side": side.value,
            "voices": side.voices,
            "id": said.id,
            "source": said.source.id,
            "readings": "; ".join(c.readings),
        }
        for number, c in enumerate(conflicts, 1)
        for side in c.sides
        for said in side.said
    ]


def inventory_rows(holdings: Iterable[Holding]) -> list[Row]:
    """One row for each buyer and system."""
    return [{**h.as_dict(), "events": ", ".join(h.events)} for h in holdings]


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows as Parquet or CSV, by the ending of ``path``; anything else is a fault."""
    import pyarrow as pa

    table = pa.Table.from_pylist(list(rows))
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, path)
    elif path.suffix == ".csv":
        import pyarrow.csv as csv

        csv.write_csv(table, path)
    else:
        mend = "end it with .parquet or .csv"
        raise InputError.of(f"'{path.name}' has no known ending", mend, file=str(path))


def query(sql: str, tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Rows of one SQL statement over ``tables`` (DuckDB, in memory, without files or network).

    Raises ``InputError`` where DuckDB is not installed, the statement is at fault or its answer
    has more than ``MAX_ROWS`` rows.
    """
    try:
        import duckdb
    except ImportError:
        mend = "install it with: pip install 'openiads[analysis]'"
        raise InputError.of("SQL needs DuckDB, which is not installed", mend) from None
    import pyarrow as pa

    with duckdb.connect(":memory:") as database:
        for name, rows in tables.items():
            database.register(f"{name}_rows", pa.Table.from_pylist(list(rows)))
            database.execute(f"create table {name} as select * from {name}_rows")
        database.execute("set enable_external_access = false")
        database.execute("set lock_configuration = true")
        try:
            answer = database.execute(sql)
            names = [column[0] for column in answer.description or ()]
            found = answer.fetchmany(MAX_ROWS + 1)
        except duckdb.Error as error:
            mend = "tables: " + "; ".join(
                f"{name}({', '.join(rows[0]) if rows else ''})" for name, rows in tables.items()
            )
            raise InputError.of(f"SQL: {str(error).splitlines()[0]}", mend) from None
    if len(found) > MAX_ROWS:
        raise InputError.of(f"the answer has more than {MAX_ROWS:,} rows", "add a limit")
    return [dict(zip(names, row, strict=True)) for row in found]
