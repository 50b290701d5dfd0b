"""What the reports keep of a learner: schedules whose filter names the person."""

from typing import Any
from urllib.parse import parse_qs

from lrm.models import Learner
from lrm.personal_data import holdings
from reports.models import ReportSchedule


def register() -> None:
    """Register it."""
    holdings.register(holdings.Holding(name="reports", give=_give, erase=_erase))


def _give(learner: Learner) -> dict[str, Any]:
    return {
        "report_schedules": [
            {"report": one.report, "filter": one.query, "made_at": one.made_at}
            for one in _naming(learner)
        ]
    }


def _erase(learner: Learner) -> None:
    """Delete the schedules, which could find nobody any more."""
    ReportSchedule.objects.filter(pk__in=[one.pk for one in _naming(learner)]).delete()


def _naming(learner: Learner) -> list[ReportSchedule]:
    schedules = ReportSchedule.objects.filter(portal=learner.portal).exclude(query="")
    names = {learner.number.casefold(), learner.full_name.casefold()}
    return [
        one
        for one in schedules.order_by("pk")
        if names & {word.casefold() for word in _typed(one.query)}
    ]


def _typed(query: str) -> list[str]:
    asked = parse_qs(query)
    return [*asked.get("learner", []), *asked.get("q", [])]
