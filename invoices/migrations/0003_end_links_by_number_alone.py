import dataclasses
from datetime import UTC, datetime

from django.db import migrations, transaction
from django.db.models.functions import Lower

from invoices.rules import identity

BATCH = 500
SYSTEM = "The system"
BECAUSE = {
    identity.Why.NUMBER_ALONE: "Only the number agrees",
    identity.Why.SHARED_EMAIL: "Only the number agrees, and an e-mail address that others have too",
    identity.Why.NOT_ACTIVE: "Only the number agrees, and the contact is archived",
    identity.Why.OTHER_NUMBER: "The numbers do not agree",
    identity.Why.OTHER_LEARNER: "The contact was made for another learner",
    identity.Why.OTHER_PORTAL: "The contact was made for a learner of another portal",
}


def hold_against_the_rule(apps, schema_editor):
    ContactLink = apps.get_model("invoices", "ContactLink")
    last = 0
    while True:
        with transaction.atomic():
            links = list(
                ContactLink.objects.filter(source="NUMBER", evidence="", id__gt=last)
                .select_related("learner", "organisation")
                .order_by("id")[:BATCH]
            )
            if not links:
                return
            last = links[-1].id
            _examine(apps, links)


def _examine(apps, links):
    ContactLink = apps.get_model("invoices", "ContactLink")
    contacts = _contacts(apps, links)
    held = _held(apps, links)
    ended = []
    for link in links:
        contact = contacts.get((link.organisation_id, link.contact_xero_id))
        verdict = _verdict(apps, link, contact, held)
        if verdict.is_linked:
            ContactLink.objects.filter(id=link.id).update(evidence=verdict.why.value)
        else:
            ended.append((link, verdict.why))
    _end(apps, ended)


def _contacts(apps, links):
    Contact = apps.get_model("invoices", "Contact")
    rows = Contact.objects.filter(
        organisation_id__in={link.organisation_id for link in links},
        xero_id__in={link.contact_xero_id for link in links},
    )
    return {(row.organisation_id, row.xero_id): row for row in rows.defer("digest")}


def _held(apps, links):
    """Return {contact: whom it was made for}, in this portal or in another."""
    ContactLink = apps.get_model("invoices", "ContactLink")
    held = {}
    rows = ContactLink.objects.filter(
        organisation__tenant_id__in={link.organisation.tenant_id for link in links},
        contact_xero_id__in={link.contact_xero_id for link in links},
        source="PUSHED",
    )
    for contact_id, learner_id, portal_id in rows.values_list(
        "contact_xero_id", "learner_id", "organisation__portal_id"
    ):
        held.setdefault(contact_id, set()).add((learner_id, portal_id))
    return held


def _verdict(apps, link, contact, held):
    if contact is None:
        return identity.Verdict(identity.Answer.UNRELATED, identity.Why.OTHER_NUMBER)
    pair = identity.Pair(_learner(link.learner), _contact(contact), holder=_holder(link, held))
    verdict = identity.assess(pair)
    if verdict.why is identity.Why.EMAIL:
        shared = _is_shared(apps, link)
        verdict = identity.assess(dataclasses.replace(pair, email_is_shared=shared))
    return verdict


def _holder(link, held):
    portal_id = link.organisation.portal_id
    others = held.get(link.contact_xero_id, set()) - {(link.learner_id, portal_id)}
    if not others:
        return identity.Holder.NOBODY
    if all(portal == portal_id for _, portal in others):
        return identity.Holder.ANOTHER_LEARNER
    return identity.Holder.ANOTHER_PORTAL


def _learner(learner):
    return identity.LearnerFacts(
        number=learner.number,
        given_name=learner.given_name,
        family_name=learner.family_name,
        email=learner.email,
    )


def _contact(contact):
    raw = contact.raw if isinstance(contact.raw, dict) else {}
    return identity.ContactFacts(
        number=contact.contact_number,
        name=contact.name,
        first_name=_text(raw.get("FirstName")),
        last_name=_text(raw.get("LastName")),
        email=contact.email,
        is_active=contact.status == "ACTIVE",
    )


def _text(value):
    return value if isinstance(value, str) else ""


def _is_shared(apps, link):
    """Return whether somebody else has the address; asked only where nothing else agrees."""
    Learner = apps.get_model("lrm", "Learner")
    Contact = apps.get_model("invoices", "Contact")
    address = link.learner.email.strip().lower()
    learners = Learner.objects.alias(address=Lower("email")).filter(
        portal_id=link.organisation.portal_id, address=address
    )
    contacts = Contact.objects.alias(address=Lower("email")).filter(
        organisation_id=link.organisation_id, status="ACTIVE", address=address
    )
    others = learners.exclude(id=link.learner_id).exists()
    return others or contacts.exclude(xero_id=link.contact_xero_id).exists()


def _end(apps, ended):
    ContactLink = apps.get_model("invoices", "ContactLink")
    ContactLinkChange = apps.get_model("invoices", "ContactLinkChange")
    now = datetime.now(UTC)
    ContactLink.objects.filter(id__in=[link.id for link, _ in ended]).delete()
    ContactLinkChange.objects.bulk_create(
        ContactLinkChange(
            learner_id=link.learner_id,
            organisation_id=link.organisation_id,
            contact_xero_id=link.contact_xero_id,
            at=now,
            change="ENDED",
            source="NUMBER",
            evidence=why.value,
            why=BECAUSE[why],
            by_name=SYSTEM,
        )
        for link, why in ended
    )


class Migration(migrations.Migration):
    """Until now an equal number alone linked a learner and a contact, for ever. What the rule of
    identity does not uphold ends, with its line in the history.

    Not atomic: a batch is a transaction, so that nobody waits long. Running it twice changes
    nothing.
    """

    atomic = False

    dependencies = [("invoices", "0002_identity_of_contacts")]

    operations = [migrations.RunPython(hold_against_the_rule, migrations.RunPython.noop)]
