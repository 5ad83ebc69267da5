"""The kernel decorator: lazy, elementwise on arrays, and a cache that no edit leaves stale."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import openiads
from openiads.kernel import Kernel, cache_directory, kernel
from openiads.physics.propagation import horizon_range_m

PACKAGE = Path(openiads.__file__).parent


@kernel
def half(x):
    """Half of x."""
    return 0.5 * x


@kernel(elementwise=True)
def hypotenuse(a, b):
    """A scalar law of two numbers."""
    return math.sqrt(a * a + b * b)


@kernel
def quarter(x):
    """Calls another kernel by name."""
    return half(half(x))


def test_kernels_call_kernels():
    assert quarter(6.0) == 1.5
    assert quarter.__name__ == "quarter" and quarter.__doc__ == "Calls another kernel by name."
    assert "quarter" in repr(quarter)


def test_elementwise_kernels_broadcast():
    assert hypotenuse(3.0, 4.0) == 5.0
    table = hypotenuse(np.array([[3.0], [6.0]]), np.array([4.0, 8.0, 0.0]))
    assert table.shape == (2, 3)
    assert table == pytest.approx(np.hypot([[3.0], [6.0]], [4.0, 8.0, 0.0]), rel=1e-15)
    assert hypotenuse(a=np.array([3.0]), b=4.0).tolist() == [5.0]
    heights = np.array([0.0, 100.0, 10e3])
    single = [horizon_range_m(20.0, float(h)) for h in heights]
    assert horizon_range_m(20.0, heights).tolist() == single


def test_a_kernel_is_compiled_at_its_first_call_and_once():
    @kernel
    def twice(x):
        return 2.0 * x

    assert isinstance(twice, Kernel) and twice._compiled is None
    assert twice(2.0) == 4.0
    first = twice._compiled
    assert first is not None and twice(3.0) == 6.0 and twice._compiled is first


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def test_importing_kernels_does_not_import_numba():
    said = python(
        "import sys, openiads.scenario.load, openiads.engine.run, openiads.domain.track_scan;"
        "print('numba' in sys.modules)"
    )
    assert said == "False"


def test_any_edit_of_a_kernel_source_starts_a_new_cache(tmp_path: Path):
    copy = tmp_path / "openiads"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "data"))
    ask = "from openiads.kernel import cache_directory; print(cache_directory().name)"

    def name() -> str:
        return python(ask, PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")

    first = name()
    assert first == name()
    assert first != cache_directory().name, "numba knows sources by their path too"
    for part in ("physics/random.py", "domain/tracks.py", "engine/queue.py", "kernel.py"):
        source = copy / part
        text = source.read_bytes()
        source.write_bytes(text + b"# edited\n")
        assert name() != first, part
        source.write_bytes(text)
        assert name() == first
    (copy / "engine" / "more.py").write_text("", encoding="utf-8")
    assert name() != first
    (copy / "engine" / "more.py").unlink()
    (copy / "cli" / "more.py").write_text("", encoding="utf-8")
    assert name() == first


def test_the_cache_lies_where_it_is_told_to(tmp_path: Path):
    ask = "from openiads.kernel import cache_directory; print(cache_directory().parent)"
    assert python(ask, OPENIADS_CACHE=str(tmp_path)) == str(tmp_path)
    assert python(ask, XDG_CACHE_HOME=str(tmp_path)) == str(tmp_path / "openiads")
