"""The addresses of the API that apps fill in, without the LRM knowing them.

An app registers in its `AppConfig.ready`. A view is named by its path, so that processes which
answer no requests need not load it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, path
from django.utils.module_loading import import_string

BASE = "v1/"


@dataclass(frozen=True, kw_only=True)
class Route:
    """An address below `/api/v1/`, the dotted path of its view, and its name."""

    path: str
    view: str
    name: str


_routes: dict[str, Route] = {}


def add(*routes: Route) -> None:
    """Let the API answer at these addresses too; the same name again replaces the entry."""
    _routes.update({route.name: route for route in routes})


def patterns() -> Iterator[URLPattern]:
    """Yield all addresses for the table of addresses, which loads their views."""
    for route in _routes.values():
        yield path(f"{BASE}{route.path}", import_string(route.view).as_view(), name=route.name)
