"""Which day it is where the books are kept.

Dates of documents are the organisation's, so whether one is overdue, and which days a person means
who chooses some, goes by its zone. Moments (when something was read, or changed) are shown by the
portal's clock. The two differ where a provider keeps its books in another state.
"""

from datetime import date, datetime

from connected_apps.models import Organisation
from lrm.models import Portal


def today_of(*, portal: Portal, organisation: Organisation | None, now: datetime) -> date:
    """Return today's date where the books are kept; the portal's where Xero has named no zone.

    :param portal: the organisation's. Whoever asks has read it, so that it is not read again.
    """
    zone = organisation.zone if organisation and organisation.time_zone else portal.zone
    return now.astimezone(zone).date()
