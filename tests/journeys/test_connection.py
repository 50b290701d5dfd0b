"""The whole life of a connection, as a portal admin lives it."""

import re
from collections import Counter

from playwright.sync_api import Page, Route, expect

from tests.journeys import xero
from tests.journeys.stage import Stage
from tests.journeys.visitor import Visitor


def test_admin_cancels_in_xero_then_has_no_organisation_then_connects(stage: Stage) -> None:
    admin = stage.visitor()
    admin.open_connected_apps()

    admin.press_connect()
    admin.expect_elsewhere(stage.xero.url)
    stage.xero.cancel(admin.page)
    admin.expect_message("Access was not allowed in Xero")
    admin.expect_state("Not connected")

    admin.press_connect()
    stage.xero.allow(admin.page, user=xero.NOTHING)
    admin.expect_message("no organisation")
    admin.expect_state("Not connected")
    admin.inspect("no-organisation")

    admin.press_connect()
    stage.xero.allow(admin.page, stage.home)
    admin.expect_message(f"Connected to {stage.home.name}")
    admin.open_xero_menu()
    admin.press("Check connection")
    admin.expect_message("Xero confirms the connection")
    admin.follow("Activity")
    admin.expect_heading("Xero activity")
    expect(admin.page.get_by_role("row").filter(has_text="Alex Ironbark").first).to_be_visible()
    admin.inspect("activity")


def test_admin_chooses_one_of_several_organisations_by_name(stage: Stage) -> None:
    admin = stage.visitor()
    admin.open_connected_apps()

    _press_connect_for_several(admin)
    stage.xero.allow(admin.page, stage.home, stage.other)
    admin.expect_heading("Choose an organisation")
    admin.inspect("choose")
    admin.page.get_by_label(stage.other.name).check()
    admin.press("Connect this organisation")

    admin.expect_message(f"Connected to {stage.other.name}")
    admin.expect_connected()


def test_documents_stay_while_disconnected_and_the_gap_is_pulled_on_return(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    invoices_page = stage.invoices_of(invoice["learner_number"])
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(invoices_page)
    expect(admin.row_of(invoice["number"])).to_be_visible()

    admin.open_connected_apps()
    admin.open_xero_menu()
    admin.follow("Disconnect from Xero")
    admin.expect_heading(f"Disconnect {stage.home.name} from Xero?")
    expect(admin.page.get_by_role("link", name="Cancel")).to_be_focused()
    for words in ("What stops", "What is kept", "How to come back"):
        expect(admin.page.get_by_role("heading", name=words)).to_be_visible()
    admin.inspect("disconnect")
    admin.follow("Cancel")
    admin.expect_connected()
    admin.open_xero_menu()
    admin.follow("Disconnect from Xero")
    admin.press(f"Disconnect {stage.home.name}")
    admin.expect_message(f"{stage.home.name} is disconnected")
    admin.expect_state("Disconnected here")
    admin.inspect("disconnected")

    stage.xero.pay(stage.home, invoice)
    admin.open(invoices_page)
    expect(admin.row_of(invoice["number"])).to_contain_text(re.compile("Awaiting|Overdue"))
    admin.inspect("learner-invoices-disconnected")

    stage.connect(admin)
    admin.open(invoices_page)
    expect(admin.row_of(invoice["number"])).to_contain_text("Paid")


def test_disconnection_in_xero_is_noticed_and_healed(stage: Stage) -> None:
    admin = stage.visitor()
    stage.connect(admin)

    stage.xero.do("disconnect", tenant=stage.home.tenant_id)
    admin.open_xero_menu()
    admin.press("Check connection")
    admin.expect_state("Disconnected in Xero")
    expect(admin.page.locator(".xero-broken")).to_be_visible()
    banner = admin.page.locator(".banners")
    expect(banner).to_contain_text(f"{stage.home.name} was disconnected in Xero")
    admin.inspect("disconnected-in-xero")
    admin.open("/")
    expect(banner).to_contain_text("was disconnected in Xero")
    admin.page.locator("#bell > summary").click()
    expect(admin.page.locator("#bell")).to_contain_text("disconnected in Xero")
    admin.inspect("dashboard-disconnected-in-xero")
    admin.page.keyboard.press("Escape")

    # Straight to Xero: the page it leads to asks before anything is connected.
    banner.get_by_role("button", name="Reconnect").click()
    stage.xero.allow(admin.page, stage.home)
    admin.expect_message(f"Connected to {stage.home.name}")
    admin.expect_connected()
    expect(admin.page.locator(".banners")).to_be_empty()


def test_another_organisation_is_confirmed_by_name_and_shows_only_its_own(stage: Stage) -> None:
    here, there = (_newest_of_learner(stage, number) for number in (0, 1))
    admin = stage.visitor()
    stage.connect(admin)
    admin.open(stage.invoices_of(here["learner_number"]))
    expect(admin.page.get_by_text(f"From {stage.home.name} in Xero")).to_be_visible()

    admin.open_connected_apps()
    admin.press_connect()
    stage.xero.allow(admin.page, stage.other)
    admin.expect_heading(f"Connect {stage.other.name}?")
    expect(admin.page.get_by_text(f"was connected to {stage.home.name}")).to_be_visible()
    expect(admin.page.get_by_role("button", name="Cancel")).to_be_focused()
    admin.inspect("another-organisation")
    admin.press("Cancel")
    admin.expect_message("Nothing was connected")
    expect(admin.page.locator("#xero-card")).to_contain_text(stage.home.name)

    _connect_another(stage, admin, to_other=True)
    admin.open(stage.invoices_of(there["learner_number"]))
    expect(admin.page.get_by_text(f"From {stage.other.name} in Xero")).to_be_visible()
    admin.open(stage.invoices_of(here["learner_number"]))
    expect(admin.page.get_by_text(f"From {stage.home.name} in Xero")).to_have_count(0)

    _connect_another(stage, admin, to_other=False)
    admin.open(stage.invoices_of(here["learner_number"]))
    expect(admin.page.get_by_text(f"From {stage.home.name} in Xero")).to_be_visible()
    expect(admin.row_of(here["number"])).to_be_visible()


def _connect_another(stage: Stage, admin: Visitor, *, to_other: bool) -> None:
    """Connect the organisation that is not connected, and confirm it."""
    wanted = stage.other if to_other else stage.home
    admin.open_connected_apps()
    admin.press_connect()
    stage.xero.allow(admin.page, wanted)
    admin.press(f"Connect {wanted.name}")
    admin.expect_message(f"Connected to {wanted.name}")
    expect(admin.page.locator("#xero-card")).to_contain_text(wanted.name)


def _newest_of_learner(stage: Stage, which: int) -> dict[str, str]:
    """Return the newest numbered document of one of our learners, at home or elsewhere.

    Names differ between the two, so the address has to be the contact's own for both.
    """
    organisation = (stage.home, stage.other)[which]
    alone = _with_an_address_of_their_own(stage, stage.home)
    alone &= _with_an_address_of_their_own(stage, organisation)
    return next(
        row
        for row in reversed(stage.xero.sales(organisation))
        if row["learner_number"] in stage.learner_ids
        and row["learner_number"] in alone
        and row["type"] == "ACCREC"
    )


def _with_an_address_of_their_own(stage: Stage, organisation: xero.Organisation) -> set[str]:
    """Return the numbers of contacts whose e-mail address no other contact has."""
    contacts = stage.xero.show("books", tenant=organisation.tenant_id)["contacts"]
    times = Counter(contact["email"] for contact in contacts)
    return {one["number"] for one in contacts if one["number"] and times[one["email"]] == 1}


def _press_connect_for_several(admin: Visitor) -> None:
    """Press Connect as an app that Xero lets ask for several organisations at once.

    A browser does not let the request that follows a redirect be changed, so the first one is
    answered with the address that such an app would be sent to.
    """

    def answer(route: Route) -> None:
        given = route.fetch(max_redirects=0)
        address = given.headers["location"] + "&acr_values=bulk_connect%3Atrue"
        route.fulfill(response=given, headers={**given.headers, "location": address})

    page: Page = admin.page
    page.route(re.compile("/xero/connect/$"), answer)
    admin.press_connect()
    page.unroute_all()
