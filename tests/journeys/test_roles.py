"""What people see who may not act, and people of another portal."""

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage
from tests.journeys.visitor import CONNECTED, CONNECTED_APPS


def test_staff_see_the_state_and_who_can_act(stage: Stage) -> None:
    stage.connect(stage.visitor())
    staff = stage.visitor("staff")

    with staff.allowing(403):
        staff.open_connected_apps()
        expect(staff.page.locator("main .status")).to_have_text(CONNECTED)
        expect(staff.page.locator("main")).to_contain_text("Ask Alex Ironbark")
        expect(staff.page.get_by_role("button", name="Connect to Xero")).to_have_count(0)
        staff.inspect("state-only")
        staff.open(RESYNC)
        expect(staff.page.locator("main")).to_contain_text("Alex Ironbark")
        staff.inspect("not-allowed")
        staff.open("/reports/0442/")
        expect(staff.page.locator("main")).to_contain_text("Ari Grevillea")


def test_portal_admin_without_a_role_sees_everything_and_can_do_nothing(stage: Stage) -> None:
    stage.connect(stage.visitor())
    onlooker = stage.visitor("onlooker")

    onlooker.open_connected_apps()
    onlooker.expect_connected()
    expect(onlooker.page.locator("main")).to_contain_text("Ask Alex Ironbark")
    onlooker.open_xero_menu()
    for name in ("Reconnect to Xero", "Check connection"):
        expect(onlooker.page.get_by_role("button", name=name)).to_have_count(0)
    expect(onlooker.page.get_by_role("link", name="Disconnect from Xero")).to_have_count(0)
    onlooker.inspect("connected-apps-onlooker")
    onlooker.open_resyncs()
    expect(onlooker.page.locator("main")).to_contain_text("Alex Ironbark")
    expect(onlooker.page.get_by_role("button", name="Start re-sync")).to_have_count(0)


def test_stranger_gets_the_page_that_says_there_is_no_such_page(stage: Stage) -> None:
    invoice = stage.unpaid_invoice()
    admin = stage.visitor()
    stage.connect(admin)
    address = stage.invoices_of(invoice["learner_number"])
    admin.open(address)
    document = admin.row_of(invoice["number"]).get_by_role("rowheader").get_by_role("link")
    document_address = document.get_attribute("href") or ""
    stranger = stage.stranger()

    with stranger.allowing(404):
        for path in (address, document_address, f"{document_address}online/"):
            stranger.open(path)
            stranger.expect_heading("There is no such page")
            expect(stranger.page.locator("body")).not_to_contain_text(stage.name)
        stranger.inspect("no-such-page")
    stranger.open(CONNECTED_APPS)
    stranger.expect_state("Not connected")
