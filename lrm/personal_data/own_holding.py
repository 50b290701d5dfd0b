"""What the LRM itself keeps of a learner."""

from typing import Any

from django.db.models import Q, QuerySet
from django.forms.models import model_to_dict

from lrm.models import (
    ImportedRow,
    JobFailure,
    Learner,
    LearnerAccount,
    Notice,
    PortalChange,
    User,
)
from lrm.personal_data import holdings


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
        "imported_rows": list(_imported(learner).values("of__file_name", "row", "values")),
        "failed_rows": list(_failed(learner).values("row", "name", "reason", "values")),
    }


def _erase(learner: Learner) -> None:
    User.objects.filter(learner_account__learner=learner).delete()
    _notices(learner).delete()
    _imported(learner).delete()
    _failed(learner).delete()


def _notices(learner: Learner) -> QuerySet[Notice]:
    """Return the notices that lead to the learner or name them."""
    names = Q(url__startswith=f"/learners/{learner.pk}/") | Q(text__contains=str(learner))
    if learner.given_name:
        names |= Q(text__icontains=learner.full_name)
    return Notice.objects.filter(names, user__portal=learner.portal)


def _trail(learner: Learner) -> QuerySet[PortalChange]:
    return learner.portal.changes.filter(detail=f"Learner {learner.pk}")


def _imported(learner: Learner) -> QuerySet[ImportedRow]:
    rows = ImportedRow.objects.filter(of__portal=learner.portal)
    return rows.filter(_named_in_values(learner))


def _failed(learner: Learner) -> QuerySet[JobFailure]:
    failures = JobFailure.objects.filter(job__portal=learner.portal)
    return failures.filter(
        _named_in_values(learner) | Q(name__contains=learner.full_name) | Q(name=str(learner))
    )


def _named_in_values(learner: Learner) -> Q:
    """Return what finds a row of a file: by its number, or its e-mail address."""
    found = Q(values__number=learner.number) | Q(values__contains=[[learner.number]])
    # Kept as pairs of column and text as well.
    for text in filter(None, (learner.number, learner.email)):
        found |= Q(values__icontains=f'"{text}"')
    return found
