"""What is asked about pairs at this moment: by the rule of identity, or by a push that waits."""

from collections.abc import Sequence

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.contact_tabs import sides
from xero_sync.contact_tabs.tabs import Key
from xero_sync.models import ContactPush, PushState
from xero_sync.store import identity_facts, identity_verdicts


def why_asked(
    organisation: Organisation, pairs: Sequence[tuple[Learner, Contact]]
) -> dict[Key, identity.Why]:
    """Return why a person is asked about each pair; those that nobody is asked about are not in it.

    A few queries, however many pairs.
    """
    waiting = _waiting([learner.pk for learner, _ in pairs])
    rows = [
        identity_facts.Row(
            learner.pk,
            contact.xero_id,
            sides.facts_of_learner(learner),
            sides.facts_of_contact(contact),
        )
        for learner, contact in pairs
        if not _is_merged(contact)
    ]
    found: dict[Key, identity.Why] = {}
    for name_is_refused in (False, True):
        some = [
            row
            for row in rows
            if (waiting.get(Key(*row.ids)) is identity.Why.SAME_NAME) is name_is_refused
        ]
        for each in identity_verdicts.candidates(
            organisation, some, name_is_refused=name_is_refused
        ):
            # What Xero merged is linked; that nothing is written over it is asked by the push.
            is_held = each.verdict.why is identity.Why.MERGED and Key(*each.ids) in waiting
            if each.verdict.is_question or is_held:
                found[Key(*each.ids)] = each.verdict.why
    return found


def _waiting(learner_ids: Sequence[int]) -> dict[Key, identity.Why]:
    """Return the pairs that pushes of these learners wait for, and why."""
    pushes = ContactPush.objects.filter(
        learner_id__in=learner_ids, state=PushState.QUESTION, candidate_xero_id__isnull=False
    ).exclude(candidate_why="")
    columns = "learner_id", "candidate_xero_id", "candidate_why"
    return {
        Key(learner_id, contact_id): identity.Why(why)
        for learner_id, contact_id, why in pushes.values_list(*columns)
    }


def _is_merged(contact: Contact) -> bool:
    """Return whether it has become another, which the question is about in its place."""
    return contact.merged_to_xero_id is not None and contact.status != identity_facts.ACTIVE
