"""`page_times ROUNDS [learners]`: how long the pages of a portal that was filled take, in ms.

Those of documents as `fill` made them, or of report #0443 as `fill_learners` did.

Without a server or a network between: what grows with the data is what is measured.
"""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.page_settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django comes first
from django.test import Client  # noqa: E402 - Django comes first

from invoices.models import Document  # noqa: E402 - Django comes first
from lrm import steady_memory  # noqa: E402 - Django comes first
from lrm.models import Learner, User  # noqa: E402 - Django comes first


def pages() -> dict[str, str]:
    """Return the addresses that are measured."""
    middle = Learner.objects.order_by("pk")[Learner.objects.count() // 2].pk
    document = Document.objects.order_by("pk")[0].pk
    return {
        "dashboard": "/",
        "learners": "/learners/",
        "learner's documents": f"/learners/{middle}/xero-invoices/",
        "document": f"/documents/{document}/",
        "Connected Apps": "/settings/connected-apps/",
        "#0442, this financial year": "/reports/0442/",
        "#0442, all dates": "/reports/0442/?date_from=&date_to=",
        "#0442, odd dates": "/reports/0442/?date_from=2026-01-11&date_to=2026-05-20",
        "#0442, one kind": "/reports/0442/?date_from=&date_to=&kind=CREDIT_NOTE",
        "#0442, a number": "/reports/0442/?date_from=&date_to=&q=INV-0000500",
    }


def pages_of_learners() -> dict[str, str]:
    """Return the addresses of report #0443 that are measured."""
    return {
        "#0443, ninety days": "/reports/0443/",
        "#0443, everybody": "/reports/0443/?since=&who=all",
        "#0443, billed to somebody else": "/reports/0443/?since=&show=billed",
    }


def main(rounds: int, which: str = "") -> None:
    """Ask for every page in turn, the first time uncounted, and print the times."""
    # As a web process begins: else every eighth page or so waits for a round of the collector.
    steady_memory.settle()
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username="p6"))
    asked = pages_of_learners() if which else pages()
    times: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(rounds + 1):
        for name, address in asked.items():
            begin = time.perf_counter()
            answer = client.get(address, secure=True)
            taken = (time.perf_counter() - begin) * 1000
            assert answer.status_code == 200, (name, answer.status_code)
            if number:
                times[name].append(taken)
    print(json.dumps({"times": times}))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
