"""While it is asked who a learner is in Xero, their own page shows nothing."""

from connected_apps.models import Organisation
from invoices.own_page import own_documents
from lrm.models import Learner
from xero_sync.models import ContactPush, ContactQuestion, PushState


def is_asked(learner: Learner, organisation: Organisation) -> bool:
    """Return whether a question about this learner waits, of a contact or of a push."""
    asked = ContactQuestion.objects.filter(learner=learner, organisation=organisation)
    waiting = ContactPush.objects.filter(learner=learner, state=PushState.QUESTION)
    return asked.exists() or waiting.exists()


def register() -> None:
    """Have the learner's own page ask."""
    own_documents.register_doubt(is_asked)
