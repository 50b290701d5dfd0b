"""What people are told of balances: when they were compared, and whose is not what Xero says.

Names stand in the list below the card, which only portal admins see; the facts are also what an
operator's command prints, so they hold a number alone.
"""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps.card import facts
from connected_apps.models import Connection, Organisation
from lrm import access
from xero_sync.models import BalanceCheck, BalanceDifference

MOST_SHOWN = 50
_LOOK = (
    "What somebody owes here is not what Xero says; the list below names whom. Everybody is "
    "compared again every day."
)


def facts_of(organisation: Organisation) -> list[facts.Fact]:
    """Return when balances were last compared, and how many differ."""
    check = BalanceCheck.objects.filter(organisation=organisation, checked_at__isnull=False).first()
    if check is None:
        return []
    count = BalanceDifference.objects.filter(organisation=organisation).count()
    if not count:
        words = f"{check.compared_count:,} contacts owe here what Xero says they owe"
        return [facts.Fact("Balances compared", words, check.checked_at)]
    words = f"{count:,} of {check.compared_count:,} contacts owe here another amount than in Xero"
    return [facts.Fact("Balances compared", words, check.checked_at, next_step=_LOOK)]


def give_panel(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return the list of those who differ, or None where nobody does."""
    found = BalanceDifference.objects.filter(organisation=connection.organisation)
    count = found.count()
    if not count:
        return None
    context = {"differences": found.order_by("found_at", "name")[:MOST_SHOWN], "count": count}
    return render_to_string("xero_sync/balance_differences.html", context, request)
