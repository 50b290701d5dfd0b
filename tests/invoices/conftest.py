"""Fixtures of the pages' tests."""

import pytest
from django.test import Client

from connected_apps.models import Organisation
from lrm.models import Learner, Portal
from tests.support import builders as people
from tests.support import document_builders


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation whose documents the portal shows."""
    return document_builders.make_organisation(portal)


@pytest.fixture
def learner(portal: Portal) -> Learner:
    """A learner of the portal."""
    return people.make_learner(portal, given_name="Mirra", family_name="Example")


@pytest.fixture
def client(portal: Portal) -> Client:
    """A signed-in LRM user of the portal."""
    return people.client_of(people.make_user(portal))
