"""What every schedule is about: an organisation with a document, and a person of accounts."""

import pytest
from django.test import Client

from connected_apps.models import Organisation
from lrm.models import Portal, User
from tests.support import builders as people
from tests.support import document_builders


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation that is reported on, with one document."""
    organisation = document_builders.make_organisation(portal)
    document_builders.make_document(organisation, number="INV-1")
    return organisation


@pytest.fixture
def maker(portal: Portal) -> User:
    """A person of accounts."""
    return people.make_user(portal, accounts=True, first_name="Ari", last_name="Grevillea")


@pytest.fixture
def client(maker: User) -> Client:
    """The same, signed in."""
    return people.client_of(maker)
