"""Pages that call Xero while as many people as may wait for it already."""

from contextlib import ExitStack

from connected_apps.models import State
from lrm import page_calls
from tests.support import xero
from tests.support.xero import Browser


def test_answer_of_xero_is_used_later_where_others_wait_for_xero(browser: Browser) -> None:
    user = browser.world.user(organisations=1)
    back = browser.world.consent(browser.start(), user=user, tenants=user["tenant_ids"][:1])

    with ExitStack() as others:
        for _ in range(page_calls.SEATS):
            others.enter_context(page_calls.seat())
        busy = browser.come_back(back)
    before = browser.connection.state
    browser.come_back(back)

    assert (busy.status_code, busy["Refresh"]) == (503, "3")
    assert before == State.CONNECTING
    assert browser.connection.state == State.CONNECTED


def test_form_is_not_sent_by_itself_where_others_wait_for_xero(browser: Browser) -> None:
    browser.connect()

    with ExitStack() as others:
        for _ in range(page_calls.SEATS):
            others.enter_context(page_calls.seat())
        busy = browser.post(xero.DISCONNECT)

    assert busy.status_code == 503
    assert "Refresh" not in busy
    assert "press the button again" in busy.content.decode()
    assert browser.connection.state == State.CONNECTED
