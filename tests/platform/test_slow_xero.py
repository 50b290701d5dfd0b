"""A real web host while Xero is slow to answer people: webhooks and pages do not wait for it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from django.conf import settings

from invoices.models import Document
from tests.support import builders, own_product, webhook_posts
from tests.support.faults import fault
from tests.support.linked import Linked
from xero_sync.models import Delivery

pytestmark = pytest.mark.timeout(400)
CLICKS = 12


def click(url: str, session: str, document: Document) -> requests.Response:
    """Press View Invoice, and wait for whatever comes."""
    return requests.get(
        f"{url}/documents/{document.pk}/online/",
        cookies={"sessionid": session},
        allow_redirects=False,
        timeout=90,
    )


def test_webhooks_and_pages_are_answered_while_clicks_wait_for_xero(
    linked: Linked, tmp_path: Path
) -> None:
    linked.sweep()
    invoices = list(Document.objects.filter(kind="INVOICE", status="AUTHORISED")[:CLICKS])
    session = builders.client_of(linked.manager).cookies["sessionid"].value
    fault(linked, {"delay_seconds": 25}, times=-1, path="/OnlineInvoice")
    body = webhook_posts.envelope({"eventCategory": "INVOICE"})
    signature = webhook_posts.sign(body, "made-up")
    xero = {
        "XERO_API_URL": settings.XERO_API_URL,
        "XERO_IDENTITY_URL": settings.XERO_IDENTITY_URL,
        "XERO_ONLINE_INVOICE_HOSTS": settings.XERO_ONLINE_INVOICE_HOSTS[0],
        "REDIS_URL": settings.REDIS_URL,
        "DEBUG": "True",  # Static files as they are: nothing is collected for a test.
    }

    with own_product.web(tmp_path, **xero) as url, ThreadPoolExecutor(CLICKS) as people:
        own_product.send(url, signature, body)
        began = time.monotonic()
        clicks = [people.submit(click, url, session, invoice) for invoice in invoices]
        time.sleep(1)
        took = [own_product.send(url, signature, body) for _ in range(20)]
        page = requests.get(f"{url}/learners/", cookies={"sessionid": session}, timeout=60)
        answers = [one.result() for one in clicks]
        lasted = time.monotonic() - began

    assert max(took) < 1.5
    assert page.elapsed.total_seconds() < 5
    assert Delivery.objects.count() == 21
    assert lasted < 20
    assert Counter(one.status_code for one in answers) == {503: CLICKS}
    said = Counter("did not answer in time" in one.text for one in answers)
    assert said[True] in range(2, 5)  # As many as may wait, in each of two processes.
    busy = next(one for one in answers if "did not answer in time" not in one.text)
    assert "Xero is slow" in busy.text
    assert busy.headers["Refresh"] == "3"
