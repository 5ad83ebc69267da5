"""The pages in a browser: axe-core finds no violation, and nothing asks for a network.

Needs Debian's Chromium (`apt install chromium`) and axe-core from a development dependency; where
one of them is missing the tests are skipped and say so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from openiads.campaigns.outcomes import summarise
from tiny_run import leaks, tiny_log, tiny_model, tiny_outcomes

CARRIERS = ("axe_playwright_python", "axe_core_python")
"""Packages that carry axe.min.js, the newer axe first."""

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=60000",
    "--window-size=1280,1024",
)  # fmt: skip

PROBE = """
<script>%s</script>
<script>
addEventListener("load", async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  const asked = performance.getEntriesByType("resource").map(entry => entry.name);
  const told = {
    version: axe.version, dark: matchMedia("(prefers-color-scheme: dark)").matches,
    passes: found.passes.length, asked,
    violations: found.violations.map(v => ({
      id: v.id, help: v.help,
      nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 200) + " :: " + n.failureSummary)})),
  };
  const out = document.createElement("pre");
  out.id = "axe-told";
  out.textContent = JSON.stringify(told);
  document.body.append(out);
});
</script>
"""


def axe_source() -> str | None:
    for name in CARRIERS:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            script = Path(folder) / "axe.min.js"
            if script.is_file():
                return script.read_text(encoding="utf-8")
    return None


AXE = axe_source()

pytestmark = [
    pytest.mark.skipif(
        BROWSER is None,
        reason="NOT CHECKED: no Chromium here; `apt install chromium` and run again",
    ),
    pytest.mark.skipif(
        AXE is None, reason="NOT CHECKED: no axe-core here; install the dev dependencies"
    ),
]


def axe(page: str, folder: Path, scheme: str = "light") -> dict:
    """What axe tells of ``page``, opened from a file without any network."""
    path = folder / "page.html"
    assert "</body>" in page
    path.write_text(page.replace("</body>", PROBE % AXE + "</body>"), encoding="utf-8")
    dark = ("--blink-settings=preferredColorScheme=0",)
    done = subprocess.run(
        [
            str(BROWSER), *FLAGS, *(dark if scheme == "dark" else ()),
            f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    told = re.search(r'<pre id="axe-told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, f"Chromium gave no result (exit {done.returncode}): {done.stderr[-2000:]}"
    return json.loads(unescape(told[1]))


def audit_html() -> str:
    from openiads.claims.audit import Record, audit
    from openiads.export.audit_page import audit_page, card_of

    record = Record.load()
    held = {a.id: a for a in record.articles}
    cards = [
        card_of(f, held[f.claim].claim, held[f.claim].said, f"{f.claim}. ") for f in audit(record)
    ]
    return audit_page(cards, "The audit", "Every technical claim of the articles.")


def ledger_html() -> str:
    from openiads.claims.inventory import inventories
    from openiads.claims.ledger import load_ledger
    from openiads.claims.ledger_conflicts import ledger_conflicts
    from openiads.export.ledger_page import ledger_page

    held = load_ledger()
    return ledger_page(held, ledger_conflicts(held.events, held.context), inventories(held.events))


BAND = {
    "nominal": 1.0, "min": 0.5, "p5": 0.6, "median": 1.1, "p95": 1.9, "max": 2.0,
    "chance_half_width": 0.1, "variance": {"belief": 0.3, "chance": 0.7, "belief_share": 0.3},
}  # fmt: skip
END = {"change": 1.5, "half_width": 0.3, "same": False, "replications": 9, "fault": ""}
BELIEFS = {
    "sentence": "between 0.6 and 1.9 leakers depending on whom one believes, ± 0.1 by chance",
    "samples": 20, "replications_each": 9, "open_parameters": 2, "disputed": 1, "assumed": 1,
    "faults": [], "leakers": BAND, "interceptors": BAND, "p_no_leaker": BAND,
    "ranking": {"leakers": {"noise_floor": 0.3, "rows": [
        {"parameter": "radar<x>.range", "assumed": False, "index": 0.6, "ci95": [0.4, 0.8],
         "above_noise": True, "means": [{"value": "400 km", "samples": 9, "mean": 1.0},
                                        {"value": "600 km", "samples": 11, "mean": 0.6}]},
        {"parameter": "radar<x>.height", "assumed": True, "index": 0.0, "ci95": [0.0, 0.1],
         "above_noise": False, "means": []}]}},
    "alone": [{"parameter": "radar<x>.height", "assumed": True, "swing": 1.5, "above_noise": True,
               "no_effect_in_model": False,
               "ends": [{**END, "value": "4 m"}, {**END, "value": "24 m", "change": -0.2}]}],
}  # fmt: skip


CHANGES = {
    "leakers": [
        {"replication": 0, "threat": "wave/1", "link": "track",
         "change": {"words": "a <mast> 10 m higher", "set": {"defence.x": "34 m"}}},
        {"replication": 2, "threat": "wave/2", "link": "detection", "change": None}],
    "by_change": [
        {"words": "a <mast> 10 m higher", "count": 1, "share": 0.5, "ci95": [0.0, 1.0],
         "acts_on": "horizon"},
        {"words": "none of the changes tried", "count": 1, "share": 0.5, "ci95": [0.0, 1.0],
         "acts_on": None}],
    "changes_tried": 7,
}  # fmt: skip


def report_html(folder: Path) -> str:
    """The report of a campaign with an outer loop and with changes, without the engine."""
    from openiads.export.report import write_report

    model = tiny_model(["wave/1", "wave/2"])
    log = tiny_log(model, [*leaks(0, "track"), *leaks(1, "detection")])
    outcomes = tiny_outcomes([[3, 2], [0, 2], [3, 0]])
    write_report(model, outcomes, {**summarise(model, outcomes), "beliefs": BELIEFS}, log,
                 folder / "report.html", None, CHANGES)  # fmt: skip
    return (folder / "report.html").read_text(encoding="utf-8")


PAGES = {
    "audit": lambda _: audit_html(),
    "ledger": lambda _: ledger_html(),
    "report": report_html,
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation_and_no_request_leaves_the_page(name, scheme, tmp_path):
    told = axe(PAGES[name](tmp_path), tmp_path, scheme)
    assert told["dark"] == (scheme == "dark")
    assert told["passes"] >= 10, "axe looked at next to nothing"
    assert told["violations"] == [], json.dumps(told["violations"], indent=1)
    assert [a for a in told["asked"] if not a.startswith(("data:", "file:", "blob:"))] == []


@pytest.mark.slow
def test_axe_would_find_what_is_wrong(tmp_path):
    page = "<!DOCTYPE html><html><head><title></title></head><body><img src='data:,'></body></html>"
    found = {v["id"] for v in axe(page, tmp_path)["violations"]}
    assert {"document-title", "html-has-lang", "image-alt"} <= found
