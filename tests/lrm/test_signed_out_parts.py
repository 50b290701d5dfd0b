"""Where the session has ended, what keeps a page live has the whole page load: it leads to sign-in.

The sign-in page must not appear in the middle of a table, a card or the bell.
"""

import pytest

from tests.support import builders

PARTS = [
    "/notices/bell/",
    "/learners/?q=a",
    "/learners/1/xero-invoices/table/",
    "/learners/1/xero-contact/",
    "/settings/connected-apps/xero/card/",
    "/settings/connected-apps/xero/resync/progress/",
]


@pytest.mark.parametrize("address", PARTS)
def test_page_loads_anew_when_a_part_is_asked_for_after_signing_out(address: str) -> None:
    answer = builders.client_of(None).get(address, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Refresh"] == "true"


@pytest.mark.parametrize("address", PARTS)
def test_sign_in_follows_when_a_part_is_asked_for_as_a_page(address: str) -> None:
    answer = builders.client_of(None).get(address)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/")
