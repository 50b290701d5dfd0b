"""What the LRM itself keeps of a learner; rows of files are `lrm.learner_imports`'s to give.

A sentence about one learner may name another, who has the number that it wants, for example. What
is given out of a learner names no other one (`without_others`), whoever wrote the sentence.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Left, Replace
from django.forms.models import model_to_dict

from lrm import notices
from lrm.models import Learner, LearnerAccount, Notice, PortalChange, User
from lrm.personal_data import holdings

SOMEBODY = "another learner"
# Most characters of a learner's number.
_NUMBER = 50

_patterns: list[re.Pattern[str]] = []


def register_naming(pattern: re.Pattern[str]) -> None:
    """Let an app above say how its sentences name another learner than the one they are about.

    That finds the name that somebody had when it was written, too.

    :param pattern: matches the name in its group `who`, and what else of the learner follows.
    """
    if pattern not in _patterns:
        _patterns.append(pattern)


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
        "notices": _given_notices(learner),
        "trail": list(_trail(learner).values("at", "act", "by_name", "detail")),
    }


def _erase(learner: Learner) -> None:
    User.objects.filter(learner_account__learner=learner).delete()
    _notices(learner).delete()
    # What is left that names them is of another learner, who keeps it.
    without_name = Replace("text", Value(str(learner)), Value(SOMEBODY))
    Notice.objects.filter(_naming(learner)).update(text=Left(without_name, notices.MAX_TEXT))


def without_others(learner: Learner, texts: Sequence[str]) -> list[str]:
    """Return sentences about a learner without the names and numbers of other learners."""
    numbers = {number for text in texts for number in _in_brackets(text)}
    others = learner.portal.learners.filter(number__in=numbers).exclude(pk=learner.pk)
    named = [str(other) for other in others]
    return [_without(learner, named, text) for text in texts]


def _without(learner: Learner, named: Sequence[str], text: str) -> str:
    # The longest first: one name may be the end of another.
    for name in sorted(named, key=len, reverse=True):
        text = text.replace(name, SOMEBODY)

    def hide(match: re.Match[str]) -> str:
        is_own = match["who"] == learner.full_name
        return match[0] if is_own else f"{match[0][: match.start('who') - match.start()]}{SOMEBODY}"

    for pattern in _patterns:
        text = pattern.sub(hide, text)
    return text


def _in_brackets(text: str) -> set[str]:
    """Return whatever may be a number in "name (number)"; a number may have brackets, too."""
    starts = [at + 1 for at, letter in enumerate(text) if letter == "("]
    ends = [at for at, letter in enumerate(text) if letter == ")"]
    return {text[start:end] for start in starts for end in ends if 0 < end - start <= _NUMBER}


def _given_notices(learner: Learner) -> list[dict[str, Any]]:
    found = list(_notices(learner).values("created_at", "text", "url"))
    texts = without_others(learner, [each["text"] for each in found])
    return [{**each, "text": text} for each, text in zip(found, texts, strict=True)]


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
