"""The few HTML pages: one template environment, escaping on, headers that refuse framing."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["thousands"] = lambda amount: f"{Decimal(amount):,}"
_environment.globals["home"] = "/simulator/"
# No form-action here: browsers apply it to the redirect back to the app as well.
_HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def page(template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page made from a template of this package."""
    text = _environment.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def see_other(address: str) -> web.Response:
    """Return a redirect to be followed by GET, never kept by a cache."""
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
