"""Which addresses take a POST, told from the product's own table and its decorators."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def names() -> list[str]:
    """Return the names of all addresses that take a POST, or that refuse no method."""
    return sorted(
        str(pattern.name)
        for pattern in _patterns(get_resolver().url_patterns)
        if _takes_post(pattern.callback)
    )


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern


def _takes_post(view: Callable[..., Any]) -> bool:
    of_class = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if of_class is not None:
        return hasattr(of_class, "post") and "post" in of_class.http_method_names
    methods = _methods(view)
    return methods is None or "POST" in methods


def _methods(view: Any) -> list[str] | None:
    """Return the methods that `require_http_methods` lets through, None where it was not used."""
    while view is not None:
        kept = inspect.getclosurevars(view).nonlocals if inspect.isfunction(view) else {}
        if "request_method_list" in kept:
            return list(kept["request_method_list"])
        view = getattr(view, "__wrapped__", None)
    return None
