"""Reading pages as people and browsers do."""

import re

from django.test import Client
from django.urls import reverse

from lrm.models import Learner


def page_of(client: Client, learner: Learner, **query: str) -> str:
    """Return the text of the page."""
    response = client.get(reverse("learner_xero_invoices", args=[learner.id]), query)
    assert response.status_code == 200
    return str(response.content.decode())


def text_of(html: str) -> str:
    """Return what people read, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def live_address(html: str) -> str:
    """Return the address that the live page asks."""
    found = re.search(r'hx-get="([^"]*/table/[^"]*)"', html)
    assert found is not None
    return found[1].replace("&amp;", "&")
