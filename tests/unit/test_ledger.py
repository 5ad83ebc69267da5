"""The ledger: periods, numbers of fire units, inventories, queries, faults of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from openiads.claims.inventory import fire_units, inventories
from openiads.claims.ledger import Period, load_ledger
from openiads.claims.ledger_check import check_ledger
from openiads.claims.ledger_steps import beliefs, lot_name
from openiads.claims.tables import claim_rows, event_rows, query, write_rows
from openiads.faults import InputError
from openiads.scenario.reader import read_yaml

LEDGER = load_ledger()
EVENTS = {e.id: e for e in LEDGER.events}


@pytest.mark.parametrize(
    ("text", "first", "last", "told"),
    [
        ("2018", "2018-01-01", "2018-12-31", "2018"),
        ("2020-02", "2020-02-01", "2020-02-29", "2020-02"),
        ("2018-03-01", "2018-03-01", "2018-03-01", "2018-03-01"),
        ("2017-12/2018-01", "2017-12-01", "2018-01-31", "2017-12-01 to 2018-01-31"),
        ("/2020-10", "0000-01-01", "2020-10-31", "by 2020-10-31"),
        ("2018/", "2018-01-01", "9999-12-31", "from 2018-01-01"),
        (None, "0000-01-01", "9999-12-31", "at an unknown time"),
    ],
)
def test_periods(text, first, last, told):
    period = Period.of(text)
    assert (period.first, period.last, period.shown()) == (first, last, told)
    assert period.meets(Period.of(text))


@pytest.mark.parametrize(
    ("number", "unit", "low_high"),
    [
        (2, "batteries", (2, 2)),
        (2, "regiments", (4, 6)),
        ("4-6", "regimental units", (8, 18)),
        ("5 x 2", "batteries", (10, 10)),
        ("2 squadrons = 4", "batteries", (4, 4)),
        (5, "systems", (5, 10)),
        (288, "missiles (120 short, 168 long range)", None),
        (7, "countries", None),
        ("some", "batteries", None),
    ],
)
def test_fire_units(number, unit, low_high):
    assert fire_units(replace(EVENTS["tr-09"], quantity=(number, unit))) == low_high


def test_inventories_have_a_low_and_a_high():
    held = {(h.buyer, h.system): (h.low, h.high) for h in inventories(LEDGER.events)}
    assert held["Turkey", "S-400"] == (2, 7)
    assert held["China", "S-400"] == (2, 6)
    assert held["India", "S-400"] == (8, 8)
    assert held["Iran", "HQ-9"] == (0, 2)
    early = LEDGER.of(as_of="2019-08-01")
    then = {(h.buyer, h.system): (h.low, h.high) for h in inventories(early.events, "2019-08-01")}
    assert then["Turkey", "S-400"] == (1, 2)
    assert ("India", "S-400") not in then
    assert all(h.low <= h.high for h in inventories(LEDGER.events))


def test_beliefs_as_of_a_day():
    view = LEDGER.of("Turkey", as_of="2018-03-01")
    told = {subject: [s.value for s in sides] for subject, sides in beliefs(view.events)}
    assert told["Turkey, S-400, delivery-start (first lot)"] == [
        "2019-10-01 to 2020-03-31 (expected)",
        "2020-03 (expected)",
        "by 2018-02-28",
    ]
    assert lot_name("first/2") == "first lot, part 2"


def test_sql_and_files(tmp_path: Path):
    rows = event_rows(LEDGER.events)
    top = query(
        "select buyer, count(*) n from events group by buyer order by n desc limit 1",
        {"events": rows},
    )
    assert top == [{"buyer": "Turkey", "n": 45}]
    with pytest.raises(InputError, match="SQL"):
        query("select * from read_csv('/etc/hostname')", {"events": rows})
    with pytest.raises(InputError, match="nothing"):
        query("select nothing from events", {"events": rows})
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    write_rows(rows, tmp_path / "e.parquet")
    write_rows(rows, tmp_path / "e.csv")
    assert pq.read_table(tmp_path / "e.parquet").num_rows == 167
    assert csv.read_csv(
        tmp_path / "e.csv", parse_options=csv.ParseOptions(newlines_in_values=True)
    ).num_rows == 167  # fmt: skip
    with pytest.raises(InputError, match="ending"):
        write_rows(rows, tmp_path / "e.xlsx")


def test_claim_rows_are_also_in_si():
    from openiads.scenario.catalogue import load_catalogue

    claims = list(load_catalogue().claims())
    rows = {r["id"]: r for r in claim_rows(claims)}
    assert len(rows) == len(claims) >= 413
    assert rows["s-400.range_max_aerodynamic.08"]["low_si"] == 150_000
    assert rows["40n6e.missile_speed_max.01"]["words"] == "hypersonic"


@pytest.mark.parametrize("what", [{"buyer": "Atlantis"}, {"system": "X"}, {"as_of": "May"}])
def test_what_the_ledger_does_not_know(what):
    with pytest.raises(InputError):
        LEDGER.of(**what)


def test_every_fault_of_a_ledger_file():
    document = read_yaml(
        "buyer: 3\nextra: 1\nevents:\n"
        "  a: {kind: gift, seller: R, system: S, status: rumour, source: nobody, quote: x,\n"
        "      date: 2018-13, quantity: 3, value: 5}\n"
        "  b: 4\n"
        "  c: {kind: contract, seller: R, system: S, status: media-report, source: seed4,\n"
        "      quote: x,\n"
        "      reading: {by: perhaps, denies: all, colour: red, expects: [{kind: gift}]}}\n"
        "context:\n  d: {kind: test}\n"
    )
    keys = {f.key for f in check_ledger(document, ["seed4"])}
    assert keys == {
        "extra",
        "buyer",
        "events.a.kind",
        "events.a.status",
        "events.a.source",
        "events.a.date",
        "events.a.quantity",
        "events.a.value",
        "events.b",
        "events.c.reading.by",
        "events.c.reading.denies",
        "events.c.reading.colour",
        "events.c.reading.expects[0].kind",
        "context.d",
    }
