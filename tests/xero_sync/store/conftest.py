"""An organisation that is connected, and somebody who saves learners."""

import pytest

from connected_apps.models import Organisation
from lrm.models import Portal, User
from tests.support import builders, document_builders


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


@pytest.fixture
def staff(portal: Portal) -> User:
    return builders.make_user(portal)
