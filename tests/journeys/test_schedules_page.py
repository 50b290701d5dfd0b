"""Reports by e-mail: a schedule on the page, in light and dark, and its buttons at a keyboard."""

from tests.journeys.stage import Stage


def test_schedule_and_its_delete_button_can_be_read_in_both_themes(stage: Stage) -> None:
    stage.connect(stage.visitor())
    accounts = stage.visitor("accounts")
    accounts.open("/reports/schedules/new/?report=0442&date_from=&date_to=")
    accounts.inspect("schedule-new")
    accounts.press("Make schedule")
    accounts.expect_message("it is sent from now on")

    accounts.inspect("schedules")
    # With the focus it has the colours that it has under the pointer.
    accounts.tab_to(accounts.page.get_by_role("button", name="Delete"))
    accounts.inspect("schedules-delete")
