"""Where other pages, notices and mails lead on the contacts page."""

from urllib.parse import urlencode

from django.urls import reverse


def of_nobodys_documents(*, text: str = "") -> str:
    """Return the address of the contacts with documents but no learner.

    :param text: what to search for there, such as a contact's name.
    """
    fields = {"tab": "no-learner"} | ({"q": text} if text else {})
    return f"{reverse('xero_contacts')}?{urlencode(fields)}"


def of_questions() -> str:
    """Return the address of the questions that wait for an answer."""
    return f"{reverse('xero_contacts')}?tab=questions"
