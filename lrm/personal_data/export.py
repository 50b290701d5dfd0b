"""Everything held on one learner, as one JSON document."""

import json
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder

from lrm import snapshots
from lrm.models import Learner, Portal, PortalAct, User
from lrm.people import portal_changes
from lrm.personal_data import holdings


def export_of(*, learner: Learner, portal: Portal, by: User | None, now: datetime) -> str:
    """Return it, and note in the portal's trail that it was given out.

    :param by: None for whoever operates the system, from its shell.
    """
    with snapshots.one_moment():
        held = {holding.name: holding.give(learner) for holding in holdings.all_of_them()}
    document = {"portal": portal.name, "exported_at": now, **held}
    portal_changes.record(
        portal=portal,
        act=PortalAct.LEARNER_EXPORTED,
        by=by,
        now=now,
        detail=f"Learner {learner.pk}",
    )
    return json.dumps(document, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
