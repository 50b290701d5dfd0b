"""What Xero says of an organisation itself: name, time zone, base currency, financial year."""

import logging
from decimal import Decimal
from typing import Any

from connected_apps.models import Organisation
from connected_apps.queries import live_connection_of
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import leases, retry_policy

logger = logging.getLogger(__name__)

# Xero names time zones as .NET does, without spaces; these are the ones its own regions use.
# Where one is not listed the portal's zone stands in for it.
TIME_ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "AUSCENTRALSTANDARDTIME": "Australia/Darwin",
    "CENAUSTRALIASTANDARDTIME": "Australia/Adelaide",
    "EAUSTRALIASTANDARDTIME": "Australia/Brisbane",
    "TASMANIASTANDARDTIME": "Australia/Hobart",
    "WAUSTRALIASTANDARDTIME": "Australia/Perth",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
    "FIJISTANDARDTIME": "Pacific/Fiji",
    "SINGAPORESTANDARDTIME": "Asia/Singapore",
    "CHINASTANDARDTIME": "Asia/Shanghai",
    "INDIASTANDARDTIME": "Asia/Kolkata",
    "SOUTHAFRICASTANDARDTIME": "Africa/Johannesburg",
    "GMTSTANDARDTIME": "Europe/London",
    "EASTERNSTANDARDTIME": "America/New_York",
    "CENTRALSTANDARDTIME": "America/Chicago",
    "MOUNTAINSTANDARDTIME": "America/Denver",
    "PACIFICSTANDARDTIME": "America/Los_Angeles",
    "UTC": "UTC",
}


_STORED = (
    *("name", "short_code", "base_currency", "time_zone"),
    *("financial_year_end_month", "financial_year_end_day"),
)


def fill_details(*, organisation_id: int, clock: leases.Clock) -> None:
    """Ask Xero for the details of an organisation that lacks them; a failure is tried again."""
    organisation = Organisation.objects.get(pk=organisation_id)
    connection = live_connection_of(organisation_id=organisation_id)
    if organisation.base_currency or connection is None:
        return
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    try:
        element = session.organisation()
    except Exception as error:
        logger.info("Organisation details: %s", retry_policy.after(error, attempts=0).why)
        return
    _store(organisation, element)


def refresh_details(*, session: sessions.Session, organisation_id: int) -> None:
    """Ask for the details again: a changed time zone moves what counts as today.

    :raises errors.XeroError: Xero could not be asked.
    """
    _store(Organisation.objects.get(pk=organisation_id), session.organisation())


def _store(organisation: Organisation, element: dict[str, Any]) -> None:
    # One line: it stands in the subject of e-mails.
    name = " ".join(str(element.get("Name") or "").split())
    organisation.name = name[:255] or organisation.name
    organisation.short_code = str(element.get("ShortCode") or "")[:20]
    organisation.base_currency = str(element.get("BaseCurrency") or "")[:3]
    organisation.time_zone = TIME_ZONES.get(str(element.get("Timezone") or ""), "")
    month, day = _number(element, "FinancialYearEndMonth"), _number(element, "FinancialYearEndDay")
    is_known = month in range(1, 13) and day in range(1, 32)
    organisation.financial_year_end_month = month if is_known else None
    organisation.financial_year_end_day = day if is_known else None
    organisation.save(update_fields=_STORED)


def _number(element: dict[str, Any], name: str) -> int | None:
    value = element.get(name)
    return int(value) if isinstance(value, int | Decimal) else None
