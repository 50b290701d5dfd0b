"""Many learners at once by keyboard: a file imported, and Sync to Xero set for all that match."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.stage import Stage

FILE = """Learner number,First name,Surname,E-mail,Shoe size
M1,Mei,Wattlebird,mei@example.com,38
M2,Ravi,Wattlebird,ravi@example.com,41
M3,,,nobody,40
"""


def test_import_by_keyboard(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE, encoding="utf-8-sig")
    staff = stage.visitor("staff")
    page, press = staff.page, staff.page.keyboard.press

    staff.open("/learners/")
    staff.tab_to(page.get_by_role("link", name="Import", exact=True))
    press("Enter")
    staff.expect_heading("Import learners")
    staff.inspect("import")
    page.get_by_label("CSV file").set_input_files(file)  # The system's own dialog.
    staff.tab_to(page.get_by_role("button", name="Upload and check"))
    press("Enter")
    staff.expect_heading("Check before importing")
    expect(staff.row_of("Row 4").first).to_contain_text("Enter the family name.")
    expect(staff.row_of("Shoe size")).to_contain_text("this heading is not known")
    staff.inspect("import-check")
    staff.tab_to(page.get_by_role("button", name="Import 2 learners"))
    press("Enter")
    expect(page.locator("#job .status")).to_have_text("Done")
    expect(page.locator("#job")).to_contain_text("2 learners added, 0 changed. 1 could not be")
    staff.inspect("import-done")
    staff.open("/")
    expect(page.locator("#bell .count")).to_have_text("1")


def test_tick_all_that_match_by_keyboard(stage: Stage) -> None:
    staff = stage.visitor("staff")
    page, press = staff.page, staff.page.keyboard.press

    staff.open("/learners/?sync=on")
    staff.tab_to(page.get_by_role("link", name="Choose all on this page"))
    press("Enter")
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose "))
    expect(boxes.first).to_be_checked()
    expect(boxes.last).to_be_checked()
    staff.inspect("learners-chosen")
    staff.tab_to(page.get_by_label("The chosen ones"))
    press("ArrowDown")
    expect(page.get_by_label(re.compile("^All .* that match$"))).to_be_checked()
    staff.tab_to(page.get_by_role("button", name="Turn it off…"))
    press("Enter")
    staff.expect_heading("Turn Sync to Xero off")
    staff.inspect("tick-check")
    staff.tab_to(page.get_by_role("button", name=re.compile("^Turn it off for")))
    press("Enter")
    expect(page.locator("main")).to_contain_text(re.compile("Sync to Xero was turned off for"))
    staff.open("/learners/?sync=on")
    expect(page.locator("main")).to_contain_text("No learner found")
    staff.inspect("learners-none")


def test_learners_are_chosen_and_ticked_without_script(stage: Stage) -> None:
    staff = stage.visitor("staff", script=False)
    page = staff.page

    staff.open("/learners/?sync=on")
    staff.follow("Choose all on this page")
    expect(page.get_by_role("checkbox", name=re.compile("^Choose ")).first).to_be_checked()
    staff.press("Turn it off…")
    staff.expect_heading("Turn Sync to Xero off")
    staff.press(re.compile("^Turn it off for"))
    staff.expect_message("Sync to Xero was turned off for")
