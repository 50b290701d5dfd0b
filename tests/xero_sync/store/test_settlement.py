"""What report #0442 says was paid, refunded, credited and used is what stands in Xero's books."""

import io
import json

from django.core.management import call_command

from tests.support.linked import Linked


def test_report_says_of_every_document_what_the_books_say(linked: Linked) -> None:
    linked.sweep()
    out = io.StringIO()
    call_command("report_0442", linked.portal.slug, "--format", "json", stdout=out)

    told = {
        row["xero_id"]: (row["amount_paid"], row["amount_credited"])
        for row in json.loads(out.getvalue())["rows"]
    }
    books = {row["xero_id"]: row for row in linked.books()["documents"]}

    assert told
    assert told == {
        xero_id: (books[xero_id]["amount_paid"], books[xero_id]["amount_credited"])
        for xero_id in told
    }
    credits_of_books = [books[xero_id] for xero_id in told if books[xero_id]["type"] != "ACCREC"]
    assert any(row["amount_credited"] != "0.00" for row in credits_of_books)
    assert any(row["amount_paid"] != "0.00" for row in credits_of_books)
