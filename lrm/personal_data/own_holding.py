"""What the LRM itself keeps of a learner; rows of files are `lrm.learner_imports`'s to give."""

import re
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Left, Replace
from django.forms.models import model_to_dict

from lrm import notices
from lrm.models import Learner, LearnerAccount, Notice, PortalChange, User
from lrm.personal_data import holdings

_SOMEBODY = "another learner"


def register() -> None:
    """Register it."""
    holdings.register(
        holdings.Holding(
            name="lrm",
            give=_give,
            erase=_erase,
            stays=(
                "That a learner was erased, when and by whom, and that this number may not be used "
                "again. The number itself is not kept, only a code made of it.",
                "Who did what before, in the trail of the portal, where the learner stands by an "
                "internal id that leads to nobody any more.",
            ),
        )
    )


def _give(learner: Learner) -> dict[str, Any]:
    account = LearnerAccount.objects.filter(learner=learner).select_related("user").first()
    return {
        "learner": model_to_dict(learner)
        | {"created_at": learner.created_at, "updated_at": learner.updated_at},
        "changes": [
            {
                "at": change.at,
                "by": str(change.by or ""),
                "created": change.created,
                "fields": change.fields,
            }
            for change in learner.changes.select_related("by")
        ],
        "account": account
        and {
            "username": account.user.username,
            "email": account.user.email,
            "number": account.number,
            "invited_at": account.invited_at,
            "last_login": account.user.last_login,
        },
        "notices": list(_notices(learner).values("created_at", "text", "url")),
        "trail": list(_trail(learner).values("at", "act", "by_name", "detail")),
    }


def _erase(learner: Learner) -> None:
    User.objects.filter(learner_account__learner=learner).delete()
    _notices(learner).delete()
    # What is left that names them is of another learner, who keeps it.
    without_name = Replace("text", Value(str(learner)), Value(_SOMEBODY))
    Notice.objects.filter(_naming(learner)).update(text=Left(without_name, notices.MAX_TEXT))


def _notices(learner: Learner) -> QuerySet[Notice]:
    """Return the notices that lead to the learner, or name them and lead to no other one."""
    to_anybody = Q(url__regex=r"^/learners/\d+/")
    to_them = Q(url__startswith=f"/learners/{learner.pk}/")
    found = Notice.objects.filter(user__portal=learner.portal)
    return found.filter(to_them | (_naming(learner) & ~to_anybody))


def _naming(learner: Learner) -> Q:
    """Return what finds the notices that name the learner, and nobody whose name ends alike."""
    found = Notice.objects.filter(user__portal=learner.portal, text__contains=str(learner))
    whole = re.compile(rf"(?<![\w'\u2019-]){re.escape(str(learner))}")
    return Q(pk__in=[each.pk for each in found if whole.search(each.text)])


def _trail(learner: Learner) -> QuerySet[PortalChange]:
    return learner.portal.changes.filter(detail=f"Learner {learner.pk}")
