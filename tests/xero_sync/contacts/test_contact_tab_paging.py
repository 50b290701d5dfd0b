"""Long tabs of the contacts page: cut by key, and with the same few queries however long."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lrm.models import LearnerChange, Portal
from tests.support import builders, document_builders
from tests.support.contact_rows import Office, open_office
from xero_sync.contact_tabs import kept_rows, listings
from xero_sync.contact_tabs.tabs import Tab

TABS = ["linked", "without-contact", "no-learner", "refused", "left-out"]
# What the database is asked for each of the two where nothing is kept.
WITHOUT_LINK = {
    Tab.WITHOUT_CONTACT: "AND learner.sync_to_xero AND NOT EXISTS (SELECT FROM invoices_contactl",
    Tab.NO_LEARNER: "AND link.contact_xero_id = contact.xero_id) AND EXISTS (SELECT FROM",
}
PAGES = 3
LONG = (PAGES - 1) * listings.PAGE_SIZE + 2


@pytest.fixture
def office(portal: Portal) -> Office:
    return open_office(portal)


def fill(office: Office, count: int) -> None:
    """Put as many rows onto each tab."""
    office.linked(count)
    office.refused(count)
    for number in range(count):
        contact = document_builders.make_contact(office.organisation, name=f"Employer {number}")
        document_builders.make_document(office.organisation, contact_xero_id=contact.xero_id)


def titles(page: str) -> list[str]:
    return re.findall(r'<li class="pair" id="row-([^"]+)"', page)


def cursor(page: str, name: str) -> str | None:
    found = re.search(rf'rel="{name}" href="\?[^"]*&amp;(?:after|before)=([^"&]+)"', page)
    return found[1] if found else None


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let rows be kept as where there are many links."""
    monkeypatch.setattr(kept_rows, "MANY_LINKS", -2)
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("tab", TABS)
def test_pages_follow_each_other_there_and_back(office: Office, tab: str) -> None:
    fill(office, LONG)

    walk_through(office, tab)


@pytest.mark.parametrize("tab", kept_rows.LOOKED_THROUGH)
def test_kept_rows_are_cut_into_the_same_pages_without_looking_again(
    office: Office, keeping: None, tab: Tab
) -> None:
    fill(office, LONG)
    listing = listings.Listing(office.portal, office.organisation, tab)
    with CaptureQueriesContext(connection) as first:
        listings.count(listing)

    with CaptureQueriesContext(connection) as asked:
        pages = [listings.page_of(listing)]
        while (after := pages[-1].following) and len(pages) < LONG:
            pages.append(listings.page_of(listing, after=after))
        back = [pages[-1]]
        while (before := back[-1].previous) and len(back) < LONG:
            back.append(listings.page_of(listing, before=before))

    assert [len(one.keys) for one in pages] == [listings.PAGE_SIZE] * (PAGES - 1) + [2]
    assert len({key for one in pages for key in one.keys}) == LONG
    assert [one.keys for one in back] == [one.keys for one in pages[::-1]]
    assert listings.count(listing).number == LONG
    assert [one for one in first if WITHOUT_LINK[tab] in " ".join(one["sql"].split())]
    assert not [one for one in asked if WITHOUT_LINK[tab] in " ".join(one["sql"].split())]
    cache.clear()
    assert [one.keys for one in pages] == [
        listings.page_of(listing, after=one).keys for one in ["", *cursors(pages)]
    ]


def test_contacts_are_looked_through_once_a_page_before_the_database_knows_the_table(
    office: Office,
) -> None:
    """Just filled, it has no statistics: every name was once looked for at every contact."""
    fill(office, LONG)
    with CaptureQueriesContext(connection) as asked:
        office.page("without-contact")
    (looking,) = (one["sql"] for one in asked if "unnest(" in one["sql"])

    with connection.cursor() as database:
        database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {looking}")
        (plan,) = database.fetchone()[0]

    made = [node["Actual Loops"] for node in nodes(plan["Plan"]) if "to_tsvector" in str(node)]
    assert made == [1]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Tell each node of a plan by itself."""
    below = plan.get("Plans", [])
    yield {name: value for name, value in plan.items() if name != "Plans"}
    for one in below:
        yield from nodes(one)


def cursors(pages: list[listings.Page]) -> list[str]:
    """Return the cursors that lead from each page to the next."""
    return [one.following for one in pages if one.following]


@pytest.mark.parametrize("tab", kept_rows.LOOKED_THROUGH)
def test_kept_rows_are_looked_for_again_once_anything_has_changed(
    office: Office, keeping: None, tab: Tab
) -> None:
    fill(office, 1)
    listing = listings.Listing(office.portal, office.organisation, tab)
    assert listings.count(listing).number == 1

    fill(office, 1)
    learner = office.portal.learners.first()
    assert learner is not None
    LearnerChange.objects.create(learner=learner, at=timezone.now(), fields=["number"])

    assert listings.count(listing).number == 2


def walk_through(office: Office, tab: str) -> None:
    """Turn the pages of a long tab to the end and back."""
    page, cursors = office.page(tab), 0
    there = [titles(page)]
    while (after := cursor(page, "next")) and cursors < LONG:
        page, cursors = office.page(tab, after=after), cursors + 1
        there.append(titles(page))
    back = [titles(page)]
    while (before := cursor(page, "prev")) and cursors < 2 * LONG:
        page, cursors = office.page(tab, before=before), cursors + 1
        back.append(titles(page))

    seen = [title for one in there for title in one]
    assert len(seen) == len(set(seen)) == LONG
    assert [len(one) for one in there] == [listings.PAGE_SIZE] * (PAGES - 1) + [2]
    assert back == there[::-1]


@pytest.mark.parametrize("nonsense", ["x", "1_2_3", "999999999999999999999", "-" * 36, ""])
def test_nonsense_for_a_cursor_gives_the_first_page(office: Office, nonsense: str) -> None:
    fill(office, 1)

    for tab in [*TABS, "questions", "nonsense"]:
        first = titles(office.page(tab))
        assert titles(office.page(tab, after=nonsense)) == first
        assert titles(office.page(tab, before=nonsense)) == first


@pytest.mark.parametrize("tab", TABS)
def test_queries_are_as_few_with_many_rows_as_with_one(office: Office, tab: str) -> None:
    fill(office, 1)
    office.page(tab)
    with CaptureQueriesContext(connection) as few:
        office.page(tab)
    fill(office, listings.PAGE_SIZE)

    with CaptureQueriesContext(connection) as many:
        office.page(tab)

    assert len(many) == len(few) <= 26


def test_counts_stop_at_a_thousand(office: Office) -> None:
    listing = listings.Listing(office.portal, office.organisation, Tab.LINKED)
    office.linked(3)

    assert str(listings.count(listing, most=2)) == "2+"
    assert str(listings.count(listing, most=3)) == "3"


def test_search_for_nobody_says_so_and_leads_back(office: Office) -> None:
    fill(office, 1)

    page = office.page("linked", q="Nobody <of> this name")

    assert "Nothing found for “Nobody &lt;of&gt; this name”" in page
    assert 'href="?tab=linked">Show all of this tab' in page


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("linked", "No contact is linked yet"),
        ("questions", "No open questions"),
        ("without-contact", "Every ticked learner is in Xero"),
        ("no-learner", "Every document belongs to a learner"),
        ("refused", "Xero has refused nothing"),
        ("left-out", "Nobody is left out here"),
    ],
)
def test_empty_tab_says_what_would_stand_there(office: Office, tab: str, words: str) -> None:
    assert words in office.page(tab)


def test_names_in_rows_are_text_and_no_html(office: Office) -> None:
    builders.make_learner(office.portal, given_name="<b>Wren</b>", sync_to_xero=True)

    page = office.page("without-contact")

    assert "&lt;b&gt;Wren&lt;/b&gt;" in page
    assert "<b>Wren" not in page
