"""On a phone the filters of report #0442 are folded, and say how many are on; script or none."""

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from tests.journeys.stage import Stage

PHONES: tuple[ViewportSize, ...] = ({"width": 320, "height": 640}, {"width": 430, "height": 932})
WIDER: ViewportSize = {"width": 431, "height": 932}
REPORT = "/reports/0442/"


def is_wholly_above(first: Locator, second: Locator) -> bool:
    """Return whether nothing of the first stands beside or below the second."""
    boxes = first.bounding_box(), second.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    return boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]


@pytest.mark.parametrize("script", [True, False])
def test_filters_are_folded_on_a_phone_and_open_without_script(stage: Stage, script: bool) -> None:
    stage.connect(stage.visitor())
    accounts = stage.visitor("accounts", script=script)
    page = accounts.page
    find, summary = page.locator("#id_q"), page.locator("#filters > summary")

    for size in PHONES:
        page.set_viewport_size(size)
        accounts.open(f"{REPORT}?date_from=&date_to=&kind=INVOICE&status=PAID&sort=total")
        expect(summary).to_have_text("Filters: 2 on")
        expect(find).to_be_hidden()
        expect(page.get_by_role("link", name="Last month")).to_be_hidden()

        summary.focus()
        page.keyboard.press("Enter")
        expect(find).to_be_visible()
        expect(summary).to_be_focused()
        assert is_wholly_above(summary, page.get_by_role("form", name="Filter"))
        page.keyboard.press("Enter")
        expect(find).to_be_hidden()

    accounts.open(f"{REPORT}?date_from=&date_to=")
    expect(summary).to_have_text("Filters: none on")
    # What is wrong is in sight.
    accounts.open(f"{REPORT}?date_from=2026-07-02&date_to=2026-07-01")
    expect(find).to_be_visible()

    page.set_viewport_size(WIDER)
    accounts.open(f"{REPORT}?date_from=&date_to=")
    expect(find).to_be_visible()
    expect(summary).to_be_hidden()
