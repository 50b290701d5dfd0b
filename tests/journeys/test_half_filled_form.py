"""A form that somebody fills in while their session ends: the page does not load anew by itself."""

from playwright.sync_api import expect

from tests.journeys.stage import Stage

FORM = "/learners/new/"


def test_page_with_a_half_filled_form_says_that_the_session_has_ended(stage: Stage) -> None:
    staff = stage.visitor("staff")
    typed = staff.page.get_by_label("Given name")
    staff.open(FORM)
    typed.fill("Robin")
    staff.context.clear_cookies(name="sessionid")

    # The bell looks for news every twenty seconds.
    staff.expect_message("Copy what you typed, which is not saved, then load the page again.")
    expect(typed).to_have_value("Robin")
    staff.inspect("half-filled-form")


def test_page_without_one_leads_to_sign_in_when_the_session_has_ended(stage: Stage) -> None:
    staff = stage.visitor("staff")
    staff.open(FORM)
    staff.context.clear_cookies(name="sessionid")

    staff.page.wait_for_url("**/sign-in/?next=/learners/new/")
