"""What every answer tells the browser: what it may load, what it may use, and what it may keep.

Pages hold no script or style of their own, only files of ours, so nothing that slips into a page
runs. This is the outermost middleware: error pages, files and refusals say the same.
"""

import functools
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_OFF = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
# Passkeys are made and used on our own pages, and in no frame of another's.
_OURS = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join(
    [*(f"{feature}=()" for feature in _OFF), *(f"{feature}=(self)" for feature in _OURS)]
)


@functools.cache
def content_security_policy(authorize_url: str) -> str:
    """Return the policy for all answers, given the address of Xero's consent page.

    Forms go to us, and *Connect to Xero* goes on to Xero's consent page, which browsers count as
    the form's target too; Xero itself leads on between hosts of its own.
    """
    consent = urlsplit(authorize_url)
    targets = ["'self'", f"{consent.scheme}://{consent.netloc}"]
    if (consent.hostname or "").endswith(".xero.com"):
        targets.append("https://*.xero.com")
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        # Bootstrap's own style sheet draws ticks and arrows from `data:`.
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": " ".join(targets),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class ResponseHeadersMiddleware:
    """Puts the headers on every answer that does not say otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with all headers."""
        response = self.get_response(request)
        # Django's own page for developers is made of inline styles and scripts.
        if not (settings.DEBUG and response.status_code in {404, 500}):
            policy = content_security_policy(settings.XERO_AUTHORIZE_URL)
            response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Static files say themselves how long they keep; all else may be about somebody.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response
