"""The bell: whose notices, how many, and reading them."""

from datetime import UTC, datetime

import pytest

from lrm import notices
from lrm.models import NoticeLevel, Portal
from tests.support import builders

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_notice_shows_under_the_bell_of_its_reader_only(portal: Portal) -> None:
    reader, other = builders.make_user(portal), builders.make_user(portal)

    notices.notify(users=[reader], level=NoticeLevel.WARNING, text="Xero paused", url="/settings/")

    page = builders.client_of(reader).get("/notices/bell/").content.decode()
    assert "Notices, 1 unread" in page
    assert '<a href="/settings/">Xero paused</a>' in page
    assert "Xero paused" not in builders.client_of(other).get("/").content.decode()


def test_marking_read_clears_only_ones_own_when_posted(portal: Portal) -> None:
    reader, other = builders.make_user(portal), builders.make_user(portal)
    notices.notify(users=[reader, other], text="Done")

    response = builders.client_of(reader).post("/notices/read/", {"next": "/learners/"})

    assert response["Location"] == "/learners/"
    assert notices.unread_count(user=reader) == 0
    assert notices.unread_count(user=other) == 1


def test_marking_read_answers_the_bell_when_htmx_asks(portal: Portal) -> None:
    reader = builders.make_user(portal)
    notices.notify(users=[reader], text="Done")

    response = builders.client_of(reader).post("/notices/read/", headers={"HX-Request": "true"})

    assert "Notices, 0 unread" in response.content.decode()


def test_nothing_is_marked_read_by_get(portal: Portal) -> None:
    reader = builders.make_user(portal)
    notices.notify(users=[reader], text="Done")

    response = builders.client_of(reader).get("/notices/read/")

    assert response.status_code == 405
    assert notices.unread_count(user=reader) == 1


def test_marking_read_stays_here_when_next_names_another_site(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    response = client.post("/notices/read/", {"next": "https://evil.example.com/"})

    assert response["Location"] == "/notices/"


@pytest.mark.parametrize("url", ["https://evil.example.com/", "//evil.example.com", "javascript:x"])
def test_notice_is_refused_when_it_leads_elsewhere(portal: Portal, url: str) -> None:
    with pytest.raises(ValueError, match="leads to a page of the LRM"):
        notices.notify(users=[builders.make_user(portal)], text="Look", url=url)


def test_long_text_is_cut_with_an_ellipsis(portal: Portal) -> None:
    (notice,) = notices.notify(users=[builders.make_user(portal)], text="x" * 600)

    assert len(notice.text) == 500
    assert notice.text.endswith("…")


def test_mark_all_read_keeps_the_time_of_the_first_reading(portal: Portal) -> None:
    reader = builders.make_user(portal)
    (notice,) = notices.notify(users=[reader], text="Done")

    first = notices.mark_all_read(user=reader, now=NOW)
    again = notices.mark_all_read(user=reader, now=NOW.replace(hour=11))

    notice.refresh_from_db()
    assert (first, again, notice.read_at) == (1, 0, NOW)
