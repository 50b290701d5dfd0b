"""Who the neighbours are: a portal that shares an organisation with the one a test plays in.

`neighbourhood` has them stand there; here is what others must know of them.
"""

import uuid
from typing import Any

from django.test import Client

from connected_apps.models import Organisation

# Stands in all that is theirs, and nowhere else.
MARK = "Quandong"
SLUG = "neighbours"


class OwnPortalClient(Client):
    """A browser that is shown nothing of the neighbours."""

    def request(self, **request: Any) -> Any:
        """Make a request, and look through the answer."""
        answer = super().request(**request)
        shown = b"" if answer.streaming else answer.content
        assert MARK.encode() not in shown, f"{request['PATH_INFO']} shows what is another portal's"
        return answer


def share(tenant_id: uuid.UUID) -> None:
    """Let the neighbours be connected to this organisation in Xero, where they are there."""
    Organisation.objects.filter(portal__slug=SLUG).update(tenant_id=tenant_id)
