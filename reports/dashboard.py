"""The dashboard card of people who may run finance reports."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from lrm import access


def panel(request: access.SignedInRequest) -> SafeString | None:
    """Return the way to report #0442."""
    return render_to_string("reports/dashboard_panel.html", request=request)
