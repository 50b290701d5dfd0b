"""What the search in the header finds among learners."""

from urllib.parse import urlencode

from django.urls import reverse

from lrm import access, panels
from lrm.models import Learner
from lrm.roster import learner_list

MOST = 10


def find(request: access.SignedInRequest, text: str) -> panels.Found:
    """Return the portal's learners whose number, name or e-mail has words beginning so."""
    matching = learner_list.learners_matching(portal=request.portal, text=text)
    page = learner_list.page_of(matching, portal=request.portal, size=MOST)
    typed = text.strip()
    exact = request.portal.learners.filter(number__in={typed, typed.upper()}).first()
    return panels.Found(
        hits=tuple(_hit(learner) for learner in page.learners),
        has_more=page.following is not None,
        more_url=f"{reverse('learners')}?{urlencode({'q': text})}",
        exact=reverse("learner", args=[exact.pk]) if exact else "",
    )


def _hit(learner: Learner) -> panels.Hit:
    return panels.Hit(
        title=learner.full_name,
        url=reverse("learner", args=[learner.pk]),
        detail=" · ".join(filter(None, (learner.number, learner.email))),
    )
