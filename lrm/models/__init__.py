"""Portals, the people who use them, and their learners.

A portal is one training provider's LRM and the tenant of this system: every row of every app
belongs to exactly one, and every query starts from it.

`portals`, `people` and `learners` are the trade itself; `portal_changes` and `notices` what is
written down and told of it, `hooks` what is told to programs. `sign_in`, `learner_accounts` and
`api` keep how people and programs get in, `jobs` what is done in the background, `erasure` what is
left of learners who were erased.
"""

from lrm.models.api import ApiAnswer, ApiCount, ApiToken
from lrm.models.erasure import ErasedLearner
from lrm.models.hooks import HookEndpoint, HookMessage, HookState
from lrm.models.jobs import (
    OPEN_JOBS,
    BatchJob,
    ImportedRow,
    JobFailure,
    JobState,
    LearnerImport,
    RowOutcome,
)
from lrm.models.learner_accounts import LearnerAccount
from lrm.models.learners import Learner, LearnerChange
from lrm.models.notices import Notice, NoticeLevel
from lrm.models.people import LrmRole, User
from lrm.models.portal_changes import PortalAct, PortalChange
from lrm.models.portals import Portal, validate_time_zone
from lrm.models.sign_in import Passkey, RecoveryCode, SecondFactor, SessionUser, SignInCount

__all__ = [
    "OPEN_JOBS",
    "ApiAnswer",
    "ApiCount",
    "ApiToken",
    "BatchJob",
    "ErasedLearner",
    "HookEndpoint",
    "HookMessage",
    "HookState",
    "ImportedRow",
    "JobFailure",
    "JobState",
    "Learner",
    "LearnerAccount",
    "LearnerChange",
    "LearnerImport",
    "LrmRole",
    "Notice",
    "NoticeLevel",
    "Passkey",
    "Portal",
    "PortalAct",
    "PortalChange",
    "RecoveryCode",
    "RowOutcome",
    "SecondFactor",
    "SessionUser",
    "SignInCount",
    "User",
    "validate_time_zone",
]
