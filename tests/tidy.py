"""House rules that no linter knows; `make check` runs this file.

Sizes are notes: a long file is a question to its author. Everything else is a rule, and one breach
of it is exit status 1. Standard library only, so that it starts at once.
"""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "src/openiads/"
HOUSE = "docs/architecture.md"

FILE_LINES, FUNCTION_LINES, COLUMNS = 400, 70, 100

CLOCKS = {"time", "perf_counter", "monotonic", "process_time", "time_ns", "perf_counter_ns"}
DATES = {"now", "today", "utcnow"}
MUTATORS = {
    "append", "add", "extend", "insert", "update", "setdefault", "pop", "popitem", "remove",
    "clear", "discard",
}  # fmt: skip

ALLOWED = {
    # (file under src/openiads, rule): why
    ("campaigns/execute.py", "clock"): "measures replications a second; no outcome holds it",
    ("cli/beliefs.py", "clock"): "paces the progress lines; no result holds it",
    ("cli/track_run.py", "clock"): "measures milliseconds a scan; no track depends on it",
    ("physics/weapon_target_exact.py", "clock"): "a time limit that the caller gives; the bound "
    "that is returned holds whenever the search stops",
}
"""Every exception to a rule for sources. One that is no longer needed is itself a breach."""

# Written with a bracketed letter, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.%:/-])/(?:wor[k]|roo[t]|hom[e])(?:/|\b)")
INDEX = re.compile(
    r"https?://\S*(?:pyp[i]|pythonhoste[d]|/simpl[e]/)|registry\.npmj[s]|(?<!no-emit-)index-ur[l]",
    re.IGNORECASE,
)
LEFT_OVER = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|[Ss]tu[b]s?)\b")
LOCKS = {"uv.loc" + "k", "pylock.tom" + "l", "package-lock.jso" + "n"}

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")

PLACE_KEY = re.compile(r"""^\s*-?\s*\{?["']?(?:\w+_)?(lat|lon|lng|latitude|longitude)\b""", re.I)
PLACE_PAIR = re.compile(r"(?<![\d.])-?\d{1,2}\.\d{3,}\s*,\s*-?\d{1,3}\.\d{3,}(?![\d.])")
PLACE_DEGREES = re.compile(r"\d\s*°\s*\d+(?:\.\d+)?\s*['′][^|]{0,12}[NSEW]\b")
PLACE_SUFFIXES = {".yaml", ".yml", ".geojson", ".csv", ".kml"}
MAP_KEY = "origin_latitude"


class Breach(NamedTuple):
    """One broken rule at one place."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def tracked(root: Path = ROOT) -> list[str]:
    """Files that git holds or would add, in order; all but hidden ones where git is absent."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root, capture_output=True, check=True, text=True,
        ).stdout.split("\0")  # fmt: skip
        return sorted({name for name in listed if name and (root / name).is_file()})
    except (OSError, subprocess.CalledProcessError):
        files = (p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        return sorted(f for f in files if not f.startswith(".") and "__pycache__" not in f)


def text_of(path: Path) -> str | None:
    """The text of a file; None where it holds bytes that are no text."""
    raw = path.read_bytes()
    if b"\0" in raw[:4096]:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Every node of a tree; three times as fast as `ast.walk`, which the time limit asks for."""
    nodes = [tree]
    for node in nodes:  # grows while it is walked
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                nodes.append(value)
            elif isinstance(value, list):
                nodes += [item for item in value if isinstance(item, ast.AST)]
    return nodes


def sizes(file: str, text: str, nodes: list[ast.AST]) -> Iterator[Breach]:
    """Notes on what is longer or wider than the style asks for."""
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield Breach(file, 1, f"{len(lines)} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield Breach(file, number, f"{len(line)} columns")
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield Breach(file, node.lineno, f"{node.name} has {length} lines")


def dotted(node: ast.expr) -> str:
    """``np.random.rand`` of an attribute chain; empty where it is no plain chain."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def banned(file: str, text: str, nodes: list[ast.AST]) -> Iterator[tuple[str, Breach]]:
    """(rule, breach) for what no source may hold."""
    for node in nodes:
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Attribute) and dotted(node) in ("np.random", "numpy.random"):
            yield "random", Breach(file, line, "np.random: draw by name (physics/random.py)")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for name in imported(node):
                if name == "random" or name.startswith(("random.", "numpy.random")):
                    yield "random", Breach(file, line, f"imports {name}: draw by name instead")
        elif isinstance(node, ast.Call):
            yield from called(file, line, dotted(node.func))
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield "except", Breach(file, line, "bare except: name what is expected")
        elif isinstance(node, ast.Global):
            names = ", ".join(node.names)
            yield "state", Breach(file, line, f"global {names}: module state that is written")
    yield from written_state(file, nodes)
    for number, content in enumerate(text.splitlines(), 1):
        found = LEFT_OVER.search(content)
        if found:
            yield "left over", Breach(file, number, f"'{found[0]}': finish it or open an issue")


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The absolute names that an import statement binds."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level or node.module is None:
        return []
    return [f"{node.module}.{alias.name}" for alias in node.names]


def called(file: str, line: int, name: str) -> Iterator[tuple[str, Breach]]:
    head, _, tail = name.rpartition(".")
    if name == "print":
        yield "print", Breach(file, line, "print: the command line says things, by cli/common.py")
    elif (head == "time" and tail in CLOCKS) or (not head and tail in CLOCKS - {"time"}):
        yield "clock", Breach(file, line, f"{name}(): a result must not know the wall clock")
    elif tail in DATES and head.rpartition(".")[2] in ("datetime", "date"):
        yield "clock", Breach(file, line, f"{name}(): a result must not know the date")


def written_state(file: str, nodes: list[ast.AST]) -> Iterator[tuple[str, Breach]]:
    """Functions that change a list, dict or set of their module."""
    module = nodes[0]
    assert isinstance(module, ast.Module)
    containers = {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    if not any(changed(node) in containers for node in nodes):
        return
    for function in nodes:
        if not isinstance(function, ast.FunctionDef):
            continue
        inside = nodes_of(function)
        own = {a.arg for a in function.args.args} | {
            n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        for node in inside:
            name = changed(node)
            if name in containers - own:
                line = getattr(node, "lineno", 1)
                yield "state", Breach(file, line, f"{name} of the module is written")


def changed(node: ast.AST) -> str:
    """The plain name whose content a node changes; empty where it changes none."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return dotted(node.value)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in MUTATORS
    ):
        return dotted(node.func.value)
    return ""


def anywhere(file: str, text: str) -> Iterator[Breach]:
    """What no text file of the project may hold: paths of a machine, index hosts, real places."""
    for pattern, what in ((MACHINE, "a path of some machine"), (INDEX, "a package index")):
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Breach(file, line, f"names {what}: {found[0]}")
    if Path(file).suffix in PLACE_SUFFIXES or file.startswith((PACKAGE + "data/", "examples/")):
        yield from places(file, text)


def places(file: str, text: str) -> Iterator[Breach]:
    """What looks like coordinates on the real Earth in a file that describes a situation."""
    for number, line in enumerate(text.splitlines(), 1):
        key = PLACE_KEY.match(line)
        if (key and MAP_KEY not in line) or PLACE_PAIR.search(line) or PLACE_DEGREES.search(line):
            yield Breach(file, number, "looks like the coordinates of a real place")


def dead_links(file: str, text: str, root: Path = ROOT) -> Iterator[Breach]:
    """Notes on links of a page that lead to no file of the project."""
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if not (root / file).parent.joinpath(target).exists():
                yield Breach(file, number, f"links to {target}, which is not there")


def named(house: str) -> list[str]:
    """Names in backticks on lines of tables: paths under src/openiads, or patterns of them."""
    rows = [line for line in house.splitlines() if line.startswith("|")]
    return [name for row in rows for name in re.findall(r"`([^`\s]+)`", row.split("|")[1])]


def unnamed(files: list[str], house: str, root: Path = ROOT) -> Iterator[Breach]:
    """Sources that the map of the house does not name, and names that lead nowhere."""
    names = named(house)
    inside = [f.removeprefix(PACKAGE) for f in files if f.startswith(PACKAGE)]
    folders = tuple({f.split("/")[0] + "/" for f in inside if "/" in f})
    for file in inside:
        if not any(fnmatch.fnmatch(file, name) for name in names):
            row = f"| `{file}` | {first_line(root / PACKAGE / file)} |"
            yield Breach(PACKAGE + file, 1, f"is not named in {HOUSE}; a row for it: {row}")
    for name in names:
        if name.startswith(folders) and not fnmatch.filter(inside, name):
            yield Breach(HOUSE, 1, f"names {name}, which is not there")


def first_line(path: Path) -> str:
    """The first line of a module's docstring."""
    if path.suffix != ".py" or not path.is_file():
        return "…"
    lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "…").splitlines()
    return lines[0]


def look(root: Path = ROOT) -> tuple[list[Breach], list[Breach]]:
    """(breaches, notes) of the whole project."""
    breaches: list[Breach] = []
    notes: list[Breach] = []
    files = tracked(root)
    needed = set()
    for file in files:
        if Path(file).name in LOCKS:
            breaches.append(Breach(file, 1, "a lock file that names an index in every entry"))
        text = text_of(root / file)
        if text is None:
            continue
        breaches += anywhere(file, text)
        if file.endswith(".md"):
            notes += dead_links(file, text, root)
        if not file.endswith(".py"):
            continue
        nodes = nodes_of(ast.parse(text))
        notes += sizes(file, text, nodes)
        if file.startswith(PACKAGE):
            for rule, breach in banned(file, text, nodes):
                exception = (file.removeprefix(PACKAGE), rule)
                needed.add(exception)
                if exception not in ALLOWED:
                    breaches.append(breach)
    breaches += [
        Breach("tests/tidy.py", 1, f"allows {where}, which no longer needs it")
        for where in ALLOWED
        if where not in needed
    ]
    house = text_of(root / HOUSE) if (root / HOUSE).is_file() else ""
    breaches += unnamed(files, house or "")
    return breaches, notes


def main() -> int:
    breaches, notes = look()
    for note in notes:
        print(f"note: {note}")
    for breach in breaches:
        print(f"tidy: {breach}")
    print(f"tidy: {len(breaches)} breaches, {len(notes)} notes")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
