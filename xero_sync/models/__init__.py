"""The rows that hold all work: PostgreSQL is the only memory, Celery and Redis only wake workers.

Deliveries and events (what Xero told us), sync runs with their steps, learners and closing sweeps
(what a person asked for), cursors (how far each sweep has come), contact pushes (what learners
still need to reach Xero) with the starts that let them go, learner refreshes (whose contact and
documents a person wants to see now) and quarantined documents (what could not be stored, and why).
A row that is worked on longer than a transaction has a lease that lapses, so that a killed worker's
work is taken up by the next.

The rows of documents and contacts themselves belong to `invoices`.
"""

from xero_sync.models.balances import BalanceCheck, BalanceDifference
from xero_sync.models.contacts import ContactPush, ContactQuestion, PushStart, PushState
from xero_sync.models.learner_refreshes import LearnerRefresh
from xero_sync.models.leased_row import LeasedRow
from xero_sync.models.mentions import MentionPass
from xero_sync.models.quarantine import QuarantinedDocument
from xero_sync.models.run_learners import LearnerOutcome, RunLearner
from xero_sync.models.runs import (
    ENDED_RUNS,
    OPEN_RUNS,
    CatchUp,
    RunState,
    RunWhat,
    SyncPage,
    SyncRun,
    SyncRunLine,
    SyncStep,
)
from xero_sync.models.sweeps import Cursor, DailyCheck, FullReading
from xero_sync.models.webhooks import (
    Delivery,
    EventState,
    Inbox,
    UnannouncedChange,
    WebhookEvent,
)

__all__ = [
    "ENDED_RUNS",
    "OPEN_RUNS",
    "BalanceCheck",
    "BalanceDifference",
    "CatchUp",
    "ContactPush",
    "ContactQuestion",
    "Cursor",
    "DailyCheck",
    "Delivery",
    "EventState",
    "FullReading",
    "Inbox",
    "LearnerOutcome",
    "LearnerRefresh",
    "LeasedRow",
    "MentionPass",
    "PushStart",
    "PushState",
    "QuarantinedDocument",
    "RunLearner",
    "RunState",
    "RunWhat",
    "SyncPage",
    "SyncRun",
    "SyncRunLine",
    "SyncStep",
    "UnannouncedChange",
    "WebhookEvent",
]
