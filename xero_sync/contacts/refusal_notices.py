"""Telling people of learners that Xero refused, or that wait for an answer: under the bell.

And of those that fail again and again by themselves while Xero takes others; they are tried again.

Whoever saved such a learner last is told, once for each time that it was saved, and by one notice
where there are several; so nothing is told before a portal's queue is through. The portal's admins
are told of those of other people, once a day at most. What is mended meanwhile is not told.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse

from connected_apps.states import admin_notices
from lrm import notices, permissions
from lrm.models import LearnerChange, NoticeLevel, Portal, User
from lrm.templatetags import shell
from xero_sync.models import ContactPush, PushState

_STUCK = (PushState.QUESTION, PushState.REFUSED)
_OPEN = (PushState.PENDING, PushState.SENT)
# What a push says that fails by itself.
FAILS_ALONE = (
    "Xero answers with an error, or not at all, whenever it is sent this learner; trying again by "
    "itself"
)
_DIGEST_EVERY = timedelta(days=1)
# What waits no longer than this may add to a notice.
_SOON = timedelta(seconds=60)


def waiting_portals(*, now: datetime) -> list[int]:
    """Return the portals in which somebody has to be told."""
    lately = Q(learner__portal_id__in=_told_admins(now).values("learner__portal_id"))
    due = _stuck().filter(_untold("told_at") | (_untold("admins_told_at") & ~lately))
    return list(due.values_list("learner__portal_id", flat=True).distinct())


def tell(*, portal_id: int, now: datetime) -> None:
    """Tell whoever has to be told, unless more of the same is about to come.

    For a worker that finds nothing to send in the portal.
    """
    mine = Q(learner__portal_id=portal_id)
    if not _stuck().filter(mine, _untold("told_at") | _untold("admins_told_at")).exists():
        return
    soon = Q(not_before__gt=now, not_before__lt=now + _SOON) | Q(leased_until__gt=now)
    open_pushes = ContactPush.objects.filter(mine, state__in=_OPEN)
    if open_pushes.filter(soon, learner__sync_to_xero=True).exists():
        return
    # Apart: whoever writes to a push twice locks its learner, too, see `row_locks`.
    with transaction.atomic():
        _tell_savers(portal_id, now)
    if not _told_admins(now).filter(mine).exists():
        with transaction.atomic():
            _tell_admins(portal_id, now)


def _stuck() -> QuerySet[ContactPush]:
    # Few have stumbled, and an index knows those among the open ones.
    fails_alone = Q(state__in=_OPEN, stumbles__gt=0, problem=FAILS_ALONE)
    return ContactPush.objects.filter(Q(state__in=_STUCK) | fails_alone, learner__sync_to_xero=True)


def _untold(column: str) -> Q:
    """Return the condition of what nobody was told since the learner was saved."""
    return Q(**{column: None}) | Q(**{f"{column}__lt": F("requested_at")})


def _told_admins(now: datetime) -> QuerySet[ContactPush]:
    """Return of what admins were told lately; of what was their own they are not told."""
    lately = ContactPush.objects.filter(admins_told_at__gt=now - _DIGEST_EVERY)
    return lately.exclude(admins_told_at=F("requested_at"))


def _taken(portal_id: int, column: str) -> list[ContactPush]:
    """Return what is to be told in a portal, locked; what another worker tells is left out."""
    rows = _stuck().filter(_untold(column), learner__portal_id=portal_id).select_related("learner")
    return list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("id"))


def _tell_savers(portal_id: int, now: datetime) -> None:
    pushes = _taken(portal_id, "told_at")
    saved_by = _saved_by(pushes)
    by_person: dict[int, list[ContactPush]] = defaultdict(list)
    for push in pushes:
        if push.learner_id in saved_by:
            by_person[saved_by[push.learner_id]].append(push)
    people = User.objects.filter(pk__in=by_person, portal_id=portal_id, is_active=True)
    for person in filter(permissions.may_see_learners, people):
        mine = by_person[person.pk]
        if len(mine) == 1:
            url = reverse("learner", args=[mine[0].learner_id])
            _notify([person], _words_of_one(mine[0]), url)
        else:
            _notify([person], f"{_words_of(mine, 'that you saved ')}.", _address_for(person))
    _mark(pushes, told_at=now)


def _tell_admins(portal_id: int, now: datetime) -> None:
    pushes = _taken(portal_id, "admins_told_at")
    saved_by = _saved_by(pushes)
    is_told = False
    for admin in admin_notices.portal_admins(Portal.objects.get(pk=portal_id)):
        others = [push for push in pushes if saved_by.get(push.learner_id) != admin.pk]
        if others:
            _notify([admin], f"{_words_of(others, '')}.", _address_for(admin))
            is_told = True
    # Where all was the admin's own, another one's may be told today still.
    _mark(pushes, admins_told_at=now if is_told else F("requested_at"))


def _mark(pushes: Sequence[ContactPush], **columns: object) -> None:
    ContactPush.objects.filter(pk__in=[push.pk for push in pushes]).update(**columns)


def _notify(people: Iterable[User], text: str, url: str) -> None:
    notices.notify(users=people, level=NoticeLevel.WARNING, text=text, url=url)


def _saved_by(pushes: Sequence[ContactPush]) -> dict[int, int]:
    """Return {learner id: who saved it last}, as far as that is known."""
    changes = LearnerChange.objects.filter(
        learner_id__in=[push.learner_id for push in pushes], by__isnull=False
    )
    last = changes.order_by("learner_id", "-at", "-id").distinct("learner_id")
    return {
        learner_id: person_id
        for learner_id, person_id in last.values_list("learner_id", "by_id")
        if person_id is not None
    }


def _address_for(person: User) -> str:
    """Return where the refused ones are listed, for whom may see that."""
    if permissions.may_see_connected_apps(person):
        return f"{reverse('connected_apps')}xero/contacts/?tab=refused"
    return reverse("learners")


def _words_of_one(push: ContactPush) -> str:
    if push.state == PushState.QUESTION:
        return (
            f"Is {push.learner} in Xero already? A contact there may be the same person. "
            "Nothing is sent to Xero before you say so."
        )
    return f"{push.learner} could not be sent to Xero: {push.problem}"


def _words_of(pushes: Sequence[ContactPush], which: str) -> str:
    states = Counter(push.state for push in pushes)
    refused, asked = states[PushState.REFUSED], states[PushState.QUESTION]
    failing = len(pushes) - refused - asked
    parts = []
    if refused:
        parts.append(f"{refused:,} {'was' if refused == 1 else 'were'} refused")
    if asked:
        parts.append(f"{asked:,} {'waits' if asked == 1 else 'wait'} for somebody's answer")
    if failing:
        parts.append(f"{failing:,} {'fails' if failing == 1 else 'fail'} there again and again")
    learners = "learner" if len(pushes) == 1 else "learners"
    return f"{len(pushes):,} {learners} {which}could not be sent to Xero: {shell.all_of(parts)}"
