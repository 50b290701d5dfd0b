"""The log of a re-sync lives on an open page: new lines come while it stays open and in focus."""

from playwright.sync_api import expect

from tests.journeys.stage import RESYNC, Stage

STARTED, COMPARING, VERIFIED = "Started", "Everything is read", "Complete."


def test_open_log_takes_new_lines_and_keeps_open_state_focus_and_old_lines(stage: Stage) -> None:
    where = {"path": "/api.xro/2.0/CreditNotes", "tenant": stage.home.tenant_id}
    stage.xero.do("faults", match=where, times=-1, answer={"named": "maintenance"})
    admin = stage.visitor()
    page = admin.page
    stage.connect(admin)
    admin.open(RESYNC)
    run = page.get_by_role("article").filter(has_text="Started by itself")
    expect(run.locator(".status", has_text="Paused")).to_be_visible()
    log, summary = run.locator("details.run-log"), run.locator("details.run-log > summary")
    admin.tab_to(summary)
    page.keyboard.press("Enter")
    lines = log.get_by_role("listitem")
    expect(lines).to_have_count(1)
    expect(lines.first).to_contain_text(STARTED)
    lines.first.evaluate("one => { one.dataset.kept = 'yes' }")

    stage.xero.heal()

    expect(lines.filter(has_text=VERIFIED)).to_have_count(1)
    expect(lines.filter(has_text=STARTED)).to_have_count(1)
    expect(lines.filter(has_text=COMPARING)).to_have_count(1)
    # The line that was there is the same one, so that whoever reads it is not thrown back.
    expect(lines.first).to_have_attribute("data-kept", "yes")
    expect(log).to_have_attribute("open", "")
    expect(summary).to_be_focused()
    expect(log.get_by_role("log", name="Log")).to_be_visible()

    # What was closed stays closed.
    page.keyboard.press("Enter")
    with page.expect_response("**/progress/**"):
        pass
    expect(lines.first).to_be_hidden()
