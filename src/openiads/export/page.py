"""Self-contained HTML pages: one file, no network, readable by anyone and by a screen reader."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """Templates of this package; everything is escaped unless it is marked as safe."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("openiads.export", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """One page from its template, told the version of the package."""
    from importlib.metadata import version

    return environment().get_template(template).render(version=version("openiads"), **values)
