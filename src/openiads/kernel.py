"""The one decorator for compiled code: lazy, and with a cache that cannot go stale.

Two properties of plain ``numba.njit(cache=True)`` would hurt here, and this module mends both:

* numba keeps a cached caller when a *callee in another file* changes, so results go stale without
  a word. Here the cache lives in a folder named by a hash of every kernel source and of the numba
  version: any edit starts a new folder.
* importing numba costs a third of a second, which a command that simulates nothing should not
  pay. Here ``@kernel`` returns a `Kernel` that imports numba at its first call. The kernels that
  it calls are resolved when it is compiled, in a copy of its globals; no module is modified.

A kernel must import the kernels that it calls by name (``from .random import uniform``): a call
through a module attribute is not resolved, and numba says so when it compiles.

With ``NUMBA_DISABLE_JIT=1`` in the environment the Python functions run as they stand.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast, overload

F = TypeVar("F", bound=Callable[..., Any])

_KERNEL_PACKAGES = ("physics", "domain", "engine")
_LOCK = threading.RLock()
_CALLED = "_called"
"""What the cache adds to the name of a kernel in the form that other kernels call."""


def jit_disabled() -> bool:
    """Whether the environment asks for plain Python instead of compiled kernels."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@functools.cache
def cache_directory() -> Path:
    """The folder of compiled kernels for exactly these sources and this numba."""
    package = Path(__file__).parent
    sources = [Path(__file__)]
    for name in _KERNEL_PACKAGES:
        sources += sorted((package / name).rglob("*.py"))
    # numba tells sources apart by their path as well: another checkout compiles anew.
    digest = hashlib.sha256(f"{importlib.metadata.version('numba')} {package}".encode())
    for path in sources:
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    root = os.environ.get("OPENIADS_CACHE") or os.path.join(  # noqa: PTH118
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),  # noqa: PTH111
        "openiads",
    )
    return Path(root) / f"kernels-{digest.hexdigest()[:16]}"


def is_warm(name: str) -> bool:
    """Whether the kernel ``name`` of these very sources was compiled before on this machine."""
    folder = cache_directory()
    return jit_disabled() or any(
        any(folder.rglob(f"*.{spelt}-*.nbi")) for spelt in (name, name + _CALLED)
    )


class _Scope(dict[str, Any]):
    """The globals of a kernel's module, as its compilation sees them: kernels as other kernels
    call them.

    They are looked up only when numba compiles: what it finds in the cache holds all that it calls.
    """

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return value.called() if isinstance(value, Kernel) else value


class Kernel:
    """A function that numba compiles at its first call.

    ``elementwise`` kernels take numpy arrays too: the arguments are broadcast against each other
    and the scalar law is applied to each element. (Only from Python; compiled code calls the
    scalar law.)

    Numba wraps each function for callers from Python, which takes a third of the compile time if
    arguments are whole tables. So a kernel has two forms: one for Python, and one, without wrapper,
    for the kernels that call it; each is compiled where it is called.
    """

    def __init__(self, function: Callable[..., Any], elementwise: bool, options: dict[str, Any]):
        functools.update_wrapper(self, function)
        self.function = function
        self.elementwise = elementwise
        self.options = options
        self._compiled: Callable[..., Any] | None = None
        self._called: Callable[..., Any] | None = None

    def compiled(self) -> Callable[..., Any]:
        """The numba dispatcher (or the plain function where compilation is disabled)."""
        if self._compiled is None:
            with _LOCK:
                if self._compiled is None:
                    self._compiled = self._compile()
        return self._compiled

    def called(self) -> Callable[..., Any]:
        """The dispatcher that other kernels call."""
        if self._called is None:
            with _LOCK:
                if self._called is None:
                    self._called = self._compile(no_cpython_wrapper=True, no_cfunc_wrapper=True)
        return self._called

    def _compile(self, **form: bool) -> Callable[..., Any]:
        if jit_disabled():
            return self.function
        import numba

        numba.config.CACHE_DIR = str(cache_directory())  # type: ignore[attr-defined]
        source = self.function
        clone = types.FunctionType(
            source.__code__, _Scope(source.__globals__), source.__name__, source.__defaults__,
            source.__closure__,
        )  # fmt: skip
        clone.__kwdefaults__ = source.__kwdefaults__
        # The cache tells functions apart by this name.
        clone.__qualname__ = source.__qualname__ + (_CALLED if form else "")
        clone.__module__ = source.__module__
        clone.__doc__ = source.__doc__
        options = {"cache": True, "nogil": True, "error_model": "numpy", **self.options, **form}
        return cast(Callable[..., Any], numba.njit(**options)(clone))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self._compiled or self.compiled()
        if self.elementwise and any(map(_many, (*args, *kwargs.values()))):
            import numpy as np

            # Compiled code may divide on a branch that it then drops: the flag means nothing.
            with np.errstate(all="ignore"):
                return np.vectorize(function)(*args, **kwargs)
        return function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<kernel {self.function.__module__}.{self.function.__qualname__}>"


def prepare(function: Callable[..., Any], *args: Any) -> None:
    """Compile a kernel for arguments of these types, as other kernels call it, without a call."""
    assert isinstance(function, Kernel), f"{function} is no kernel"
    if jit_disabled():
        return
    import numba

    function.called().compile(tuple(numba.typeof(a) for a in args))  # type: ignore[attr-defined]


def _many(argument: Any) -> bool:
    """Whether an argument holds several numbers: an array that is not a scalar, or a sequence."""
    return bool(getattr(argument, "ndim", 0)) or isinstance(argument, list | tuple)


@overload
def kernel(function: F) -> F: ...
@overload
def kernel(
    *, elementwise: bool = False, borrows: bool = False, **options: Any
) -> Callable[[F], F]: ...
def kernel(
    function: Callable[..., Any] | None = None,
    *,
    elementwise: bool = False,
    borrows: bool = False,
    **options: Any,
) -> Any:
    """Compile ``function`` with numba when it is first called.

    ``elementwise`` lets callers from Python pass arrays. A kernel that ``borrows`` allocates no
    array, so numba need not count references to those it is lent; each count is an atomic
    operation, and without them the engine runs ten times faster. ``options`` go to
    ``numba.njit`` on top of ``cache=True, nogil=True, error_model="numpy"``.
    """
    if borrows:
        options["_nrt"] = False
    if function is None:
        return lambda f: Kernel(f, elementwise, options)
    return Kernel(function, elementwise, options)
