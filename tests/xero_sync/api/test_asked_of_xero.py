"""Whatever the product asks of Xero is heard by the second opinion, and odd questions are found."""

import subprocess
import sys

from tests.support.asked_of_xero import Listener
from tests.support.linked import Linked
from xero_sync.api import rate_limiter, sessions
from xero_sync.resources import Resource

# The simulator answers it, and no source shows it.
MADE_UP = 'AmountDue>500 AND Reference!="L1"'
CALL = """
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1]), timeout=30)
"""


def test_made_up_filter_is_taken_by_the_simulator_and_found_all_the_same(
    linked: Linked, asked_of_xero: Listener
) -> None:
    before = asked_of_xero.faults()
    session = sessions.of(linked.connection, lane=rate_limiter.Lane.PEOPLE)

    page = session.list_page(Resource.INVOICE, page=1, where=MADE_UP)

    assert before == []
    assert page.elements
    (told,) = asked_of_xero.faults()
    assert MADE_UP in told
    assert "where is not understood" in told
    assert asked_of_xero.faults() == []


def test_call_of_another_process_is_heard(linked: Linked, asked_of_xero: Listener) -> None:
    assert asked_of_xero.faults() == []
    address = f"{linked.world.url}/identity/connect/authorize?response_type=token"

    subprocess.run([sys.executable, "-c", CALL, address], check=False, capture_output=True)

    (told,) = asked_of_xero.faults()
    assert "authorize response_type: no source shows it written 'token'" in told
