"""Which day it is: where the books are kept, whatever the clock of the portal says."""

from datetime import UTC, date, datetime

import pytest

from connected_apps import book_days
from lrm.models import Portal
from tests.support import builders, document_builders

SYDNEY, PERTH, AUCKLAND = "Australia/Sydney", "Australia/Perth", "Pacific/Auckland"


@pytest.mark.parametrize(
    ("portal_zone", "books_zone", "now", "day"),
    [
        # Midnight in Sydney, three hours before that of Perth.
        (SYDNEY, PERTH, datetime(2026, 11, 20, 13, 0, tzinfo=UTC), date(2026, 11, 20)),
        (PERTH, SYDNEY, datetime(2026, 11, 20, 13, 0, tzinfo=UTC), date(2026, 11, 21)),
        (SYDNEY, PERTH, datetime(2026, 11, 20, 15, 59, tzinfo=UTC), date(2026, 11, 20)),
        (SYDNEY, PERTH, datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 21)),
        # Without daylight saving it is an hour later.
        (SYDNEY, SYDNEY, datetime(2026, 7, 20, 13, 30, tzinfo=UTC), date(2026, 7, 20)),
        (PERTH, AUCKLAND, datetime(2026, 7, 20, 12, 0, tzinfo=UTC), date(2026, 7, 21)),
        # Xero did not say where the books are.
        (PERTH, "", datetime(2026, 11, 20, 13, 0, tzinfo=UTC), date(2026, 11, 20)),
    ],
)
def test_today_is_the_day_where_the_books_are_kept(
    db: None, portal_zone: str, books_zone: str, now: datetime, day: date
) -> None:
    portal = builders.make_portal(time_zone=portal_zone)
    organisation = document_builders.make_organisation(portal)
    organisation.time_zone = books_zone

    assert book_days.today_of(portal=portal, organisation=organisation, now=now) == day


def test_today_is_the_portals_day_where_nothing_is_connected(portal: Portal) -> None:
    now = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)

    assert book_days.today_of(portal=portal, organisation=None, now=now) == date(2026, 11, 21)
