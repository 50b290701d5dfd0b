"""What other apps put into the LRM's pages."""

from collections.abc import Iterator

import pytest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from lrm import access, panels, permissions
from lrm.models import Portal
from tests.support import builders

REGISTRIES = (panels._dashboard, panels._tabs, panels._settings, panels._banners)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Every registry as it was, afterwards."""
    before = [dict(registry) for registry in REGISTRIES]
    yield
    for registry, entries in zip(REGISTRIES, before, strict=True):
        registry.clear()  # type: ignore[attr-defined]
        registry.update(entries)  # type: ignore[attr-defined]


def greet(request: access.SignedInRequest) -> SafeString | None:
    return format_html("<p>Card for {}</p>", request.user.username)


def test_dashboard_shows_a_card_only_to_people_with_its_right(portal: Portal) -> None:
    panels.add_dashboard_panel(
        panels.DashboardPanel(name="t", right=permissions.may_run_finance_reports, render=greet)
    )
    accounts = builders.make_user(portal, username="ari", accounts=True)
    staff = builders.make_user(portal, username="sam")

    assert "Card for ari" in builders.client_of(accounts).get("/").content.decode()
    assert "Card for" not in builders.client_of(staff).get("/").content.decode()


def test_banner_stands_above_every_page_when_it_applies(portal: Portal) -> None:
    def warn(request: access.SignedInRequest) -> SafeString | None:
        return SafeString("<p>Reconnect</p>") if request.user.is_portal_admin else None

    panels.add_banner(panels.Banner(name="t", render=warn))
    admin, staff = builders.make_user(portal, portal_admin=True), builders.make_user(portal)

    assert "<p>Reconnect</p>" in builders.client_of(admin).get("/notices/").content.decode()
    assert "<p>Reconnect</p>" not in builders.client_of(staff).get("/notices/").content.decode()


def test_tab_stands_on_the_learners_profile_in_its_order(portal: Portal) -> None:
    learner = builders.make_learner(portal)
    panels.add_learner_tab(
        panels.LearnerTab(
            label="First", url_name="learner_edit", right=permissions.may_see_learners, order=1
        )
    )

    page = builders.client_of(builders.make_user(portal)).get(f"/learners/{learner.id}/")

    text = page.content.decode()
    assert text.index(">First</a>") < text.index(">Details</a>")


def test_settings_entry_stands_in_the_side_navigation_for_its_right(portal: Portal) -> None:
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Made-up entry",
            url_name="notices",
            icon="plug",
            description="For the test.",
            right=permissions.may_see_connected_apps,
        )
    )
    admin, staff = builders.make_user(portal, portal_admin=True), builders.make_user(portal)

    assert "Made-up entry" in builders.client_of(admin).get("/settings/").content.decode()
    assert "Made-up entry" not in builders.client_of(staff).get("/settings/").content.decode()


def test_registering_again_replaces_the_entry(portal: Portal) -> None:
    user = builders.make_user(portal)
    for label in ("Old", "New"):
        panels.add_learner_tab(
            panels.LearnerTab(label=label, url_name="t", right=permissions.may_see_learners)
        )

    labels = [tab.label for tab in panels.learner_tabs(user) if tab.url_name == "t"]

    assert labels == ["New"]
